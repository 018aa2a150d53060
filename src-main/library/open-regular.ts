/** Opening what a person or a folder names as a file. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';

/**
 * A regular file, open for reading.
 *
 * @returns with its length in bytes
 * @throws AppError `FILE_UNREADABLE` for a folder, pipe or device, which has no length to check; what the
 *   system says
 */
export async function openRegular(path: string): Promise<{ file: FileHandle; size: number }> {
  // Opening a pipe would wait for a writer, and nothing could end that.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const info = await file.stat();
    if (info.isFile()) return { file, size: info.size };
    throw new AppError('FILE_UNREADABLE');
  } catch (error) {
    await file.close();
    throw error;
  }
}
