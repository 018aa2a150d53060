/** Writing large files piece by piece. */
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';

/** @param from bytes from the file's beginning. Defaults to where the last write ended */
export async function writeAll(file: FileHandle, bytes: Uint8Array, from?: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const place = from === undefined ? null : from + at;
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, place);
    at += bytesWritten;
  }
}

/** What a system says of a file that it does not write: `DISK_FULL` or `OUTPUT_UNWRITABLE`; else as it was. */
export function writeProblem(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('DISK_FULL', { cause: error });
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new AppError('OUTPUT_UNWRITABLE', { params: { detail: code }, cause: error });
  }
  return error;
}
