/** Room on a disk, asked before gigabytes are written. */
import { statfs } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';

/** Room that a file system needs besides the file itself. */
const spareBytes = 64 * 1024 * 1024;

/**
 * Bytes that this user may still write where the folder lies.
 * @throws AppError `OUTPUT_UNWRITABLE` where there is no such folder
 */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const found = await statfs(folder);
    return found.bavail * found.bsize;
  } catch (error) {
    throw new AppError('OUTPUT_UNWRITABLE', { params: { path: folder }, cause: error });
  }
}

/** @throws AppError `DISK_SPACE` (needed, free: bytes), `OUTPUT_UNWRITABLE` */
export async function demandSpace(
  folder: string,
  bytes: number,
  free: (folder: string) => Promise<number> = freeBytes,
): Promise<void> {
  const needed = bytes + spareBytes;
  const there = await free(folder);
  if (there < needed) throw new AppError('DISK_SPACE', { params: { needed, free: there } });
}
