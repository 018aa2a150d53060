/** The checksums of a checkpoint's files, by several threads: one alone is slower than a good disk. */
import { stat } from 'node:fs/promises';
import type { StartHashThread } from './hash-in-thread';

export interface SourceHashes {
  /** SHA-256 of each file, in order; rejects as those of `HashThread`. */
  readonly hashes: Promise<readonly string[]>;
  stop(): Promise<void>;
}

/**
 * @param files paths
 * @param threads at most
 * @param onProgress hears the bytes read, of all files
 */
export async function hashSources(
  start: StartHashThread,
  files: readonly string[],
  threads: number,
  onProgress: (done: number) => void,
): Promise<SourceHashes> {
  const shares = await shared(files, threads);
  const done = shares.map(() => 0);
  const working = shares.map((paths, i) =>
    start(paths, {
      onProgress: (bytes) => {
        done[i] = bytes;
        onProgress(done.reduce((sum, one) => sum + one, 0));
      },
    }),
  );
  const hashes = Promise.all(working.map((thread) => thread.hashes)).then((found) => {
    const of = new Map(shares.flatMap((paths, i) => paths.map((path, j) => [path, found[i]?.[j]])));
    return files.map((path) => of.get(path) as string);
  });
  hashes.catch(() => undefined);
  return {
    hashes,
    stop: async () => {
      await Promise.all(working.map((thread) => thread.stop()));
    },
  };
}

/** The largest first, each to who has least so far. */
async function shared(files: readonly string[], threads: number): Promise<string[][]> {
  const sized = await Promise.all(
    files.map(async (path) => ({ path, size: (await stat(path)).size })),
  );
  sized.sort((a, b) => b.size - a.size);
  const shares = Array.from({ length: Math.min(threads, files.length) }, () => ({
    paths: [] as string[],
    size: 0,
  }));
  for (const { path, size } of sized) {
    const least = shares.reduce((a, b) => (b.size < a.size ? b : a));
    least.paths.push(path);
    least.size += size;
  }
  return shares.map(({ paths }) => paths);
}
