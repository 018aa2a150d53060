/**
 * Restoring from a person's view: a chosen folder, a passphrase or the recovery words of the backup,
 * and data that may lie in the way. Nothing in the way is deleted: it is moved aside.
 *
 * The backup is restored whole beside the data folder first, then what is there moves aside, then it
 * moves in; ended in between, `finishRestore` goes on at the next start.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ChosenBackup } from '../domain/contract/backup';
import { AppError } from '../domain/contract/errors';
import { backupFolderPrefix, partSuffix, restoreBackup } from './backup';
import { readManifest, type SignedManifest } from './backup-manifest';
import { readProblem, syncFolder, systemCode, writeProblem } from './files';
import { wipeAccess, type Access } from './keyring/access';
import { Keyring } from './keyring/keyring';

/** Who may have the data key out of a backup's keyring. */
export type RestoreProof =
  { readonly userId: string; readonly passphrase: string } | { readonly words: string };

/** Beside the data folder: restored whole, not yet moved in. */
const restoredSuffix = '.restored';
const asideInfix = '.set-aside-';

/**
 * What a chosen folder holds: a backup, or backups, of which the newest is taken. Nothing is proved by
 * it before `restore`.
 *
 * @throws AppError `BACKUP_NOT_FOUND`, `BACKUP_INCOMPLETE`, `STORE_NEWER`, `STORE_READ_FAILED`
 */
export async function examineBackup(chosen: string): Promise<ChosenBackup> {
  const folder = await backupIn(chosen);
  const manifest = await readManifest(folder);
  const keyring = await openKeyring(folder);
  return {
    folder,
    createdAt: manifest.createdAt,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    users: keyring.users
      .filter(({ roles, waitsForAccess }) => roles.includes('doctor') && !waitsForAccess)
      .map(({ id, name, title, roles }) => ({ id, name, title, roles })),
  };
}

/**
 * Restores a backup to where the data lies. What is there already is moved aside, once the backup was
 * verified and copied whole.
 *
 * @param now milliseconds since the epoch, for the name of what is moved aside
 * @returns how many records there are now, with those in the bin
 * @throws AppError `PASSPHRASE_WRONG`, `RECOVERY_WORDS_INVALID`, `RECOVERY_WRONG`, `FORBIDDEN_ROLE`
 *   for who has no data key, and those of `restoreBackup`; then the data is as it was
 */
export async function restore(
  folder: string,
  dataDir: string,
  proof: RestoreProof,
  now = Date.now(),
): Promise<{ readonly records: number }> {
  const manifest = await readManifest(folder);
  const access = await openAccess(await openKeyring(folder), proof);
  const beside = `${dataDir}${restoredSuffix}`;
  try {
    await rm(beside, { recursive: true, force: true }).catch((error: unknown) => {
      throw writeProblem(error);
    });
    const { records } = await restoreBackup(folder, beside, dataKeyFor(manifest, access));
    await moveIn(dataDir, now);
    return { records };
  } finally {
    wipeAccess(access);
  }
}

/**
 * Finishes a restoring that was ended in the middle, before anything of the data is opened.
 *
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`
 */
export async function finishRestore(dataDir: string): Promise<void> {
  const beside = `${dataDir}${restoredSuffix}`;
  if (!(await exists(beside))) return;
  try {
    // The data still lies in its place: the person saw no end of it, and will choose again.
    if (await exists(dataDir)) await rm(beside, { recursive: true, force: true });
    else await rename(beside, dataDir);
    await syncFolder(dirname(dataDir));
  } catch (error) {
    throw writeProblem(error);
  }
}

/** Everything that restorings left beside a data folder, as paths. @throws AppError `STORE_READ_FAILED` */
export async function setAsideOf(dataDir: string): Promise<string[]> {
  const name = basename(dataDir);
  const names = await readdir(dirname(dataDir)).catch((error: unknown) => {
    throw readProblem(error);
  });
  return names
    .filter((each) => each.startsWith(`${name}${asideInfix}`) || each === name + restoredSuffix)
    .map((each) => join(dirname(dataDir), each));
}

async function moveIn(dataDir: string, now: number): Promise<void> {
  const date = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  try {
    if (await exists(dataDir)) {
      let aside = `${dataDir}${asideInfix}${date}`;
      for (let copy = 2; await exists(aside); copy += 1)
        aside = `${dataDir}${asideInfix}${date}-${copy}`;
      await rename(dataDir, aside);
    }
    await rename(`${dataDir}${restoredSuffix}`, dataDir);
    await syncFolder(dirname(dataDir));
  } catch (error) {
    throw error instanceof AppError ? error : writeProblem(error);
  }
}

/** The folder itself, or the newest backup in it. */
async function backupIn(chosen: string): Promise<string> {
  if (isBackupName(basename(chosen))) return chosen;
  const names = await readdir(chosen).catch((error: unknown) => {
    throw readProblem(error);
  });
  if (names.includes('manifest.json')) return chosen;
  const newest = names.filter(isBackupName).sort().at(-1);
  if (newest === undefined) throw new AppError('BACKUP_NOT_FOUND');
  return join(chosen, newest);
}

const isBackupName = (name: string): boolean =>
  name.startsWith(backupFolderPrefix) && !name.endsWith(partSuffix);

/** The backup's own keyring; what is wrong with it is wrong with the backup. */
async function openKeyring(folder: string): Promise<Keyring> {
  const keyring = await Keyring.open(folder).catch((error: unknown) => {
    throw ofBackup(error);
  });
  if (!keyring) throw new AppError('BACKUP_INCOMPLETE');
  return keyring;
}

async function openAccess(keyring: Keyring, proof: RestoreProof): Promise<Access> {
  try {
    if ('words' in proof) return keyring.recover(proof.words);
    const { access } = await keyring.signIn(proof.userId, proof.passphrase);
    if (!access || access.dataKeys.length === 0) {
      if (access) wipeAccess(access);
      throw new AppError('FORBIDDEN_ROLE');
    }
    return access;
  } catch (error) {
    throw ofBackup(error);
  }
}

/** The data key that the manifest names; a backup of another vault names one that is not there. */
function dataKeyFor({ keyId }: SignedManifest, { dataKeys }: Access) {
  const held = dataKeys.find(({ id }) => id === keyId);
  if (!held) throw new AppError('BACKUP_TAMPERED');
  return { keyId, key: held.bytes };
}

function ofBackup(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === 'KEYRING_DAMAGED') return new AppError('BACKUP_INCOMPLETE', { cause: error });
  if (error.code === 'KEYRING_TAMPERED') return new AppError('BACKUP_TAMPERED', { cause: error });
  return error;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw readProblem(error);
  }
}
