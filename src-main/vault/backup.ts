/**
 * Backup of a vault into a folder, and its restoring on this or another machine. Everything in it is
 * sealed as it is in the vault. A backup holds its own copy of the keys of records: what is deleted for
 * good later can still be read from it, by whoever has the data key.
 *
 * The boxes of batches are left out on purpose: what a batch has finished is in the journal, nothing
 * there points to a box, and a box that is destroyed when its batch ends must not live on in a copy. A
 * batch that was under way is begun anew on the restored workstation.
 *
 * Both write beside and rename when everything was read back: a folder with a backup's name is whole,
 * and a data folder is restored or untouched.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import { deriveVaultKeys, importRootKey } from '../domain/sealing/vault-keys';
import {
  readFully,
  readProblem,
  syncFolder,
  systemCode,
  writeFully,
  writeProblem,
  type VaultFile,
} from './files';
import {
  backupFileNameSchema,
  encodeManifest,
  isTrueManifest,
  manifestName,
  readManifest,
  type BackupFile,
  type Manifest,
} from './backup-manifest';
import { journalFileName, type JournalHead } from './journal';
import { Chain } from './journal-chain';
import { scanJournal } from './journal-scan';
import { decodeKeysHeader, recordKeysFileName } from './record-keys-format';
import type { DataKeyBytes, Vault, VaultSnapshot } from './vault';

/** Copied at once, bytes. */
const pieceBytes = 1024 * 1024;
/** Longest file that is taken along beside the vault's own. */
const maxExtraBytes = 16 * 1024 * 1024;
export const backupFolderPrefix = 'chimed-backup-';
/** Of a folder that is not whole yet. */
export const partSuffix = '.part';

export interface BackupOrder {
  /** An existing folder, e.g. on another disk. */
  readonly destination: string;
  /** Taken along, e.g. the file of users; names as `backupFileNameSchema`, 16 MB each. */
  readonly extraFiles?: readonly { readonly name: string; readonly path: string }[];
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: number;
}

export interface BackupReport {
  /** Path of the folder that was made. */
  readonly folder: string;
  readonly bytes: number;
  readonly createdAt: number;
  /** Where the journal stood. */
  readonly head: JournalHead;
}

/**
 * Makes a backup and reads all of it back.
 *
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`; `BACKUP_NOT_VERIFIED` when
 *   what was written reads otherwise; then no backup is left
 */
export function backUp(vault: Vault, order: BackupOrder): Promise<BackupReport> {
  return vault.onSnapshot(async (snapshot) => {
    const createdAt = order.now ?? Date.now();
    const { folder, part } = await newFolder(order.destination, createdAt);
    try {
      const files = await copyAll(snapshot, part, order.extraFiles ?? []);
      const { head, journalId } = snapshot;
      const { keyId, manifest: key } = vault.keys;
      const manifest: Manifest = { format: 1, createdAt, keyId, journalId, head, files };
      await writeFile(join(part, manifestName), [encodeManifest(manifest, key)]);
      await verify(part, vault.keys).catch((cause: unknown) => {
        throw new AppError('BACKUP_NOT_VERIFIED', { cause });
      });
      try {
        await syncFolder(part);
        await rename(part, folder);
        await syncFolder(order.destination);
      } catch (error) {
        throw writeProblem(error);
      }
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      return { folder, bytes, createdAt, head };
    } catch (error) {
      // The first error is the one to report; a leftover is removed by the next backup.
      await rm(part, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * Which data key a backup needs, 16 hexadecimal digits. Nothing is proved by that.
 *
 * @throws AppError as `readManifest`
 */
export async function backupKeyId(folder: string): Promise<string> {
  return (await readManifest(folder)).keyId;
}

/**
 * Restores a backup into a data folder that is empty or not there. Everything is checked before, and
 * again as it was copied; the folder then appears in one step.
 *
 * @throws AppError `RESTORE_NOT_EMPTY`; `BACKUP_INCOMPLETE` when something is missing or short;
 *   `BACKUP_TAMPERED` when something was changed, or the backup is another vault's; `STORE_NEWER`;
 *   `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`
 */
export async function restoreBackup(
  folder: string,
  dataDir: string,
  dataKey: DataKeyBytes,
): Promise<Manifest & { readonly records: number }> {
  const keys = await deriveVaultKeys(await importRootKey(dataKey.key), dataKey.keyId);
  if (!(await isEmpty(dataDir))) throw new AppError('RESTORE_NOT_EMPTY');
  const { manifest, records } = await verify(folder, keys);
  const beside = `${dataDir}.restoring`;
  try {
    await rm(beside, { recursive: true, force: true });
    await mkdir(beside, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeProblem(error);
  }
  try {
    for (const { name, bytes, sha256 } of manifest.files) {
      const source = await openToRead(join(folder, name));
      try {
        const copied = await writeFile(join(beside, name), piecesOf(source, bytes));
        // Someone may change the backup while it is being read.
        if (copied.sha256 !== sha256) throw new AppError('BACKUP_TAMPERED');
      } finally {
        await source.close();
      }
    }
    try {
      await syncFolder(beside);
      await rmdir(dataDir).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
      await rename(beside, dataDir);
      await syncFolder(dirname(dataDir));
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOTEMPTY' || code === 'EEXIST') throw new AppError('RESTORE_NOT_EMPTY');
      throw writeProblem(error);
    }
  } catch (error) {
    await rm(beside, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
  return { ...manifest, records };
}

type CheckingKeys = Pick<Vault['keys'], 'keyId' | 'chain' | 'manifest'>;

/** Holds a backup against its manifest, and the journal in it against its chain. */
async function verify(
  folder: string,
  keys: CheckingKeys,
): Promise<{ manifest: Manifest; records: number }> {
  const signed = await readManifest(folder);
  if (signed.keyId !== keys.keyId || !isTrueManifest(signed, keys.manifest)) {
    throw new AppError('BACKUP_TAMPERED');
  }
  const names = signed.files.map(({ name }) => name);
  if (!names.includes(journalFileName) || !names.includes(recordKeysFileName)) {
    throw new AppError('BACKUP_INCOMPLETE');
  }
  let records = 0;
  for (const { name, bytes, sha256 } of signed.files) {
    const file = await openToRead(join(folder, name));
    try {
      const { size } = await file.stat();
      if (size < bytes) throw new AppError('BACKUP_INCOMPLETE');
      if (size > bytes) throw new AppError('BACKUP_TAMPERED');
      const hash = createHash('sha256');
      for await (const piece of piecesOf(file, bytes)) hash.update(piece);
      if (hash.digest('hex') !== sha256) throw new AppError('BACKUP_TAMPERED');
      if (name === journalFileName) records = await checkJournal(file, keys, signed.head);
      if (name === recordKeysFileName) await checkKeys(file, keys.keyId);
    } finally {
      await file.close();
    }
  }
  return { manifest: signed, records };
}

/** @returns how many records can be read of it */
async function checkJournal(
  file: VaultFile,
  keys: CheckingKeys,
  head: JournalHead,
): Promise<number> {
  const scan = await scanJournal(file, { dataKeyId: keys.keyId, chain: new Chain(keys.chain) });
  const same =
    scan.index.lastSeq === head.seq && Buffer.from(scan.mac).toString('hex') === head.mac;
  if (!same || scan.tornBytes > 0) throw new AppError('BACKUP_TAMPERED');
  return [...scan.index.idsOf('record')].length;
}

async function checkKeys(file: VaultFile, keyId: string): Promise<void> {
  const header = new Uint8Array(256);
  await readFully(file, header, 0);
  if (decodeKeysHeader(header) !== keyId) throw new AppError('BACKUP_TAMPERED');
}

async function copyAll(
  { journalFile, journalBytes, keys }: VaultSnapshot,
  part: string,
  extraFiles: NonNullable<BackupOrder['extraFiles']>,
): Promise<BackupFile[]> {
  const files: BackupFile[] = [];
  const add = async (name: string, pieces: Pieces): Promise<void> => {
    files.push({ name, ...(await writeFile(join(part, name), pieces)) });
  };
  await add(journalFileName, piecesOf(journalFile, journalBytes));
  await add(recordKeysFileName, [keys]);
  for (const { name, path } of extraFiles) {
    const taken = [manifestName, ...files.map((file) => file.name)];
    if (!backupFileNameSchema.safeParse(name).success || taken.includes(name)) {
      throw new AppError('BAD_REQUEST');
    }
    const source = await open(path, 'r').catch((error: unknown) => {
      throw readProblem(error);
    });
    try {
      const { size } = await source.stat();
      if (size > maxExtraBytes) throw new AppError('FILE_TOO_LARGE');
      await add(name, piecesOf(source, size));
    } finally {
      await source.close();
    }
  }
  return files;
}

/** A fresh folder to write into, and the name that it gets at the end. */
async function newFolder(
  destination: string,
  createdAt: number,
): Promise<{ folder: string; part: string }> {
  const date = new Date(createdAt)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/[-:]/g, '');
  try {
    const names = new Set(await readdir(destination));
    // What an interrupted backup left.
    for (const name of names) {
      if (!name.startsWith(backupFolderPrefix) || !name.endsWith(partSuffix)) continue;
      await rm(join(destination, name), { recursive: true, force: true });
    }
    let name = `${backupFolderPrefix}${date}`;
    for (let copy = 2; names.has(name); copy += 1) name = `${backupFolderPrefix}${date}-${copy}`;
    const folder = join(destination, name);
    const part = `${folder}${partSuffix}`;
    await mkdir(part, { mode: 0o700 });
    return { folder, part };
  } catch (error) {
    throw writeProblem(error);
  }
}

type Pieces = AsyncIterable<Uint8Array> | readonly Uint8Array[];

/** @returns how long the file became, once it is on the disk */
async function writeFile(path: string, pieces: Pieces): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const piece of pieces) {
        await writeFully(file, piece, bytes);
        hash.update(piece);
        bytes += piece.byteLength;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof AppError ? error : writeProblem(error);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The first `length` bytes of a file. @throws AppError `STORE_READ_FAILED` */
async function* piecesOf(
  file: Pick<VaultFile, 'read'>,
  length: number,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += pieceBytes) {
    const piece = new Uint8Array(Math.min(pieceBytes, length - at));
    const got = await readFully(file, piece, at).catch((error: unknown) => {
      throw readProblem(error);
    });
    if (got !== piece.byteLength) throw new AppError('STORE_READ_FAILED');
    yield piece;
  }
}

async function openToRead(path: string): Promise<VaultFile> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new AppError('BACKUP_INCOMPLETE');
    throw readProblem(error);
  }
}

async function isEmpty(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw readProblem(error);
  }
}
