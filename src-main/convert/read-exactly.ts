import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';

/**
 * Reads `length` bytes at `position`.
 * @param take gives the memory, which begins where numbers may. Defaults to memory of its own
 * @throws AppError `CHECKPOINT_INCOMPLETE` where the file ends before
 */
export async function readExactly(
  file: FileHandle,
  position: number,
  length: number,
  take: (length: number) => Buffer = (count) => Buffer.allocUnsafeSlow(count),
): Promise<Buffer> {
  const bytes = take(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new AppError('CHECKPOINT_INCOMPLETE');
    at += bytesRead;
  }
  return bytes;
}
