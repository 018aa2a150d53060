/** Copies a model file and hashes it in the same reading. */
import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { demandSpace } from './free-space';
import { openRegular } from './open-regular';
import { readProblem, type HashOptions } from './sha256';
import { writeAll, writeProblem } from './write-file';

const pieceBytes = 4 * 1024 * 1024;

/**
 * `target` has its name only when it is whole and on the disk.
 * @returns the SHA-256 of the bytes that were copied
 * @throws AppError `MODEL_MISSING`, `FILE_UNREADABLE` (also of a disk that was pulled out),
 *   `MODEL_TRUNCATED` where the source ended early, `DISK_SPACE`, `DISK_FULL`, `OUTPUT_UNWRITABLE`
 * @throws Cancelled
 */
export async function copyModel(
  source: string,
  target: string,
  options: HashOptions = {},
): Promise<string> {
  const { file: from, size } = await openRegular(source).catch((error: unknown) => {
    throw readProblem(error, 'MODEL_MISSING');
  });
  const partial = `${target}.partial`;
  let to: FileHandle | undefined;
  try {
    await demandSpace(dirname(target), size);
    to = await open(partial, 'w').catch(refuseWrite);
    const sha256 = await pump(from, to, size, options);
    await to.sync();
    await to.close();
    to = undefined;
    await rename(partial, target);
    return sha256;
  } finally {
    await to?.close().catch(() => undefined);
    await from.close().catch(() => undefined);
    await rm(partial, { force: true }).catch(() => undefined);
  }
}

async function pump(
  from: FileHandle,
  to: FileHandle,
  size: number,
  { signal, pausing, onProgress }: HashOptions,
): Promise<string> {
  const hash = createHash('sha256');
  // One piece is written while the next one is read.
  const pieces = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)] as const;
  let writing: Promise<unknown> = Promise.resolve();
  for (let done = 0, turn = 0; done < size; turn ^= 1) {
    await pausing?.passed();
    if (signal?.aborted) throw new Cancelled();
    const piece = pieces[turn === 0 ? 0 : 1];
    const length = Math.min(piece.length, size - done);
    const { bytesRead } = await from.read(piece, 0, length, done).catch((error: unknown) => {
      throw readProblem(error, 'FILE_UNREADABLE');
    });
    if (bytesRead === 0) {
      throw new AppError('MODEL_TRUNCATED', { params: { bytes: done, needed: size } });
    }
    const bytes = piece.subarray(0, bytesRead);
    await writing;
    writing = writeAll(to, bytes).catch(refuseWrite);
    writing.catch(() => undefined);
    hash.update(bytes);
    done += bytesRead;
    onProgress?.(done, size);
  }
  await writing;
  return hash.digest('hex');
}

function refuseWrite(error: unknown): never {
  throw writeProblem(error);
}
