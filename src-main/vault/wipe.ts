/**
 * Destroys everything that a workstation keeps of its vault. The files without which nothing can be
 * read, the keyring and the keys of records and batches, are overwritten first: should the rest be interrupted, or
 * a disk keep deleted files, sealed rows are all that is left. What a disk keeps of overwritten blocks
 * is beyond a program; `docs/security.md` says so.
 */
import { readdir, rm, stat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { batchFolderOf, overwriteBoxKeys } from './batch-box-files';
import { syncFolder, systemCode, writeFully, writeProblem } from './files';
import { keyFileName } from './key-file';
import { keyringFileName } from './keyring/keyring-file';
import { recordKeysFileName } from './record-keys-format';
import { setAsideOf } from './restore';

/** With their leftovers, e.g. `vault.json.new`. */
const secretFiles = [keyringFileName, recordKeysFileName, keyFileName];

/**
 * Destroys a data folder, and those that restoring moved aside. Nothing may have it open.
 *
 * @throws AppError `STORE_READ_FAILED`, `STORE_WRITE_FAILED`, `DISK_FULL`; asked again, it goes on
 */
export async function wipeVault(dataDir: string): Promise<void> {
  const folders = [dataDir, ...(await setAsideOf(dataDir))];
  try {
    for (const folder of folders) {
      await overwriteSecrets(folder);
      await overwriteBoxKeys(batchFolderOf(folder));
    }
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
    await syncFolder(dirname(dataDir));
  } catch (error) {
    throw writeProblem(error);
  }
}

async function overwriteSecrets(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    if (!secretFiles.some((secret) => name === secret || name.startsWith(`${secret}.`))) continue;
    const path = join(folder, name);
    if (!(await stat(path)).isFile()) continue;
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      await writeFully(file, new Uint8Array(size), 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
