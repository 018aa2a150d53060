/** A small text file as a whole: JSON or csv that a command reads. */
import { isUtf8 } from 'node:buffer';
import { AppError } from '../domain/contract/errors';
import { checkSize, openFile, readStart } from './read-file';

/**
 * @param limit bytes, at most
 * @returns its text without a byte order mark; null where it is not UTF-8
 * @throws AppError `FILE_UNREADABLE`, also for a folder, pipe or device; `FILE_TOO_LARGE`
 */
export async function readUtf8(path: string, limit: number): Promise<string | null> {
  const { file, bytes } = await openFile(path).catch((cause: unknown) => {
    // Kinds of records are no help to whoever looks for a file of data.
    throw new AppError('FILE_UNREADABLE', { cause });
  });
  try {
    checkSize(bytes, limit);
    const content = await readStart(file, bytes);
    return isUtf8(content) ? content.toString('utf8').replace(/^\uFEFF/, '') : null;
  } finally {
    await file.close();
  }
}
