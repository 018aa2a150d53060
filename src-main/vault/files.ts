/**
 * The file operations that the vault's durability rests on, behind a small interface so that a test
 * can make a write fail half-way, which no real disk does on demand.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../domain/contract/errors';

/** An open file. A `FileHandle` of node:fs/promises is one. */
export interface VaultFile {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  /** May write less than asked; the caller goes on until all is written or it throws. */
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  stat(): Promise<{ size: number }>;
  close(): Promise<void>;
}

/** Opens an existing file for reading and writing. */
export type OpenVaultFile = (path: string) => Promise<VaultFile>;

export const openVaultFile: OpenVaultFile = (path) => open(path, 'r+');

/** The `code` of a system error, e.g. `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What a failed write means to a person: no space (they can make some), or anything else. */
export function writeProblem(cause: unknown): AppError {
  const code = systemCode(cause) ?? 'unknown';
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new AppError(full ? 'DISK_FULL' : 'STORE_WRITE_FAILED', {
    params: { system: code },
    cause,
  });
}

export function readProblem(cause: unknown): AppError {
  return new AppError('STORE_READ_FAILED', {
    params: { system: systemCode(cause) ?? 'unknown' },
    cause,
  });
}

/** Writes all bytes at `position`. @throws what the file's `write` throws, also after a part */
export async function writeFully(
  file: VaultFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(
      bytes,
      done,
      bytes.byteLength - done,
      position + done,
    );
    if (bytesWritten === 0) throw Object.assign(new Error('nothing written'), { code: 'EIO' });
    done += bytesWritten;
  }
}

/**
 * Reads up to `bytes.byteLength` bytes from `position`.
 *
 * @returns how many were read; less than asked only at the end of the file
 */
export async function readFully(
  file: Pick<VaultFile, 'read'>,
  bytes: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Makes a file appear whole or not at all, also after a power loss: written beside, synced, renamed,
 * and the folder synced. Readable by its owner only.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    // The mode above does not apply to a leftover of an interrupted attempt.
    await file.chmod(0o600);
    await writeFully(file, bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** Makes a new name in a folder survive a power loss. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
