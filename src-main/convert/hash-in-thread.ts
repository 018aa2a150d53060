/** Hashing in a thread of its own, so that who starts it can turn and write numbers meanwhile. */
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';

const fromThreadSchema = z.discriminatedUnion('type', [
  /** Bytes of all files so far. */
  z.object({ type: z.literal('progress'), done: z.number() }),
  /** Of the file with this index; a system's code, or `cut` where it ended before its length. */
  z.object({ type: z.literal('failed'), index: z.int(), detail: z.string() }),
  z.object({ type: z.literal('hashed'), hashes: z.array(z.string()) }),
]);

export interface HashThreadOptions {
  /** Whether `grow` says how far the one file may be read. Defaults to files that are whole. */
  readonly growing?: boolean;
  /** Bytes read, of all files. */
  onProgress?(done: number): void;
}

export interface HashThread {
  /**
   * SHA-256 of each file as 64 hexadecimal digits, in order; rejects with an AppError
   * `CHECKPOINT_INCOMPLETE` (file) for a file that is missing or ends early, `FILE_UNREADABLE` (file,
   * detail).
   */
  readonly hashes: Promise<readonly string[]>;
  /** The growing file has `length` bytes now, which is all of it when it is the `last`. */
  grow(length: number, last: boolean): void;
  /** Ends the thread, whatever it does. */
  stop(): Promise<void>;
}

export type StartHashThread = (paths: readonly string[], options?: HashThreadOptions) => HashThread;

/** @param entry path of `hash-thread`, built or as it is in the sources */
export function hashInThread(
  entry: string,
  paths: readonly string[],
  { growing = false, onProgress }: HashThreadOptions = {},
): HashThread {
  // This process's options may name loaders, of which the thread needs none.
  const thread = new Worker(entry, { workerData: { paths, growing }, execArgv: [] });
  const hashes = new Promise<readonly string[]>((resolve, reject) => {
    thread.on('message', (raw: unknown) => {
      const message = fromThreadSchema.parse(raw);
      if (message.type === 'progress') onProgress?.(message.done);
      else if (message.type === 'hashed') resolve(message.hashes);
      else reject(failure(basename(paths[message.index] ?? ''), message.detail));
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread ended before its files')));
  });
  // Whoever stops it early may not wait for them.
  hashes.catch(() => undefined);
  return {
    hashes,
    grow: (length, last) => thread.postMessage({ length, last }),
    stop: async () => {
      await thread.terminate();
    },
  };
}

function failure(file: string, detail: string): AppError {
  if (detail === 'cut' || detail === 'ENOENT') {
    return new AppError('CHECKPOINT_INCOMPLETE', { params: { file } });
  }
  return new AppError('FILE_UNREADABLE', { params: { file, detail } });
}
