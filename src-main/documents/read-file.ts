/** Bytes of a file, as a whole or piece by piece. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';

const pieceBytes = 1024 * 1024;

/**
 * A regular file that is open for reading.
 * @throws AppError `FILE_UNREADABLE`; `UNSUPPORTED_FILE` for a folder, pipe or device, which has no size
 *   to check
 */
export async function openFile(path: string): Promise<{ file: FileHandle; bytes: number }> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe would wait for a writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = await file.stat();
    if (info.isFile()) return { file, bytes: info.size };
  } catch (cause) {
    await file?.close().catch(() => undefined);
    throw new AppError('FILE_UNREADABLE', { cause });
  }
  await file.close();
  throw new AppError('UNSUPPORTED_FILE');
}

/** @throws AppError `FILE_TOO_LARGE` before a byte is read */
export function checkSize(bytes: number, limit: number): void {
  if (bytes > limit) throw new AppError('FILE_TOO_LARGE', { params: { bytes, limit } });
}

/** Up to `bytes` from the file's beginning. */
export async function readStart(file: FileHandle, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let at = 0;
  while (at < bytes) {
    const { bytesRead } = await file.read(buffer, at, bytes - at, at).catch(unreadable);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return buffer.subarray(0, at);
}

/** All of it from its beginning, in pieces that are good until the next one is asked for. @throws Cancelled */
export async function* piecesOf(file: FileHandle, signal?: AbortSignal): AsyncGenerator<Buffer> {
  for (let at = 0; ;) {
    if (signal?.aborted) throw new Cancelled();
    const buffer = Buffer.allocUnsafeSlow(pieceBytes);
    const { bytesRead } = await file.read(buffer, 0, pieceBytes, at).catch(unreadable);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function unreadable(cause: unknown): never {
  throw new AppError('FILE_UNREADABLE', { cause });
}
