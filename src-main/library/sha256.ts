/** The SHA-256 of a file, read as a stream, because a model is larger than memory may be. */
import { createHash } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { openRegular } from './open-regular';
import type { Pausing } from './pausing';

const pieceBytes = 4 * 1024 * 1024;

export interface HashOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pausing?: Pausing | undefined;
  /** Bytes read, and in all. */
  onProgress?(done: number, total: number): void;
}

/**
 * @returns 64 hexadecimal digits
 * @throws AppError `MODEL_MISSING`, `FILE_UNREADABLE`
 * @throws Cancelled
 */
export async function sha256OfFile(path: string, options: HashOptions = {}): Promise<string> {
  try {
    const { file, size } = await openRegular(path);
    try {
      const hash = createHash('sha256');
      const piece = Buffer.alloc(Math.max(1, Math.min(pieceBytes, size)));
      let done = 0;
      for (;;) {
        await options.pausing?.passed();
        if (options.signal?.aborted) throw new Cancelled();
        const { bytesRead } = await file.read(piece, 0, piece.length, done);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(piece.subarray(0, bytesRead));
        done += bytesRead;
        options.onProgress?.(done, size);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readProblem(error, 'MODEL_MISSING');
  }
}

/** A failed system call as an error with a code; anything else as it is. */
export function readProblem(error: unknown, whenMissing: AppError['code']): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof AppError || typeof code !== 'string') return error;
  const missing = code === 'ENOENT' || code === 'ENOTDIR';
  return new AppError(missing ? whenMissing : 'FILE_UNREADABLE', { cause: error });
}
