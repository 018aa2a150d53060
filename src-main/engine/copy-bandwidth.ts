/** How fast this machine moves memory, which decides how fast a model on a CPU writes. */

/** Larger than the caches of desktop processors; two of these are held for a tenth of a second. */
const blockBytes = 64 * 1024 * 1024;
const rounds = 3;

/**
 * Bytes a second that one thread copies, read and written together. Takes 128 MiB and about 0.1 s
 * (measured), in which the calling process does nothing else.
 */
export function measureCopyBandwidth(): number {
  const from = Buffer.alloc(blockBytes, 1);
  const to = Buffer.alloc(blockBytes, 2);
  const start = performance.now();
  for (let i = 0; i < rounds; i++) from.copy(to);
  const seconds = (performance.now() - start) / 1000;
  return (2 * rounds * blockBytes) / seconds;
}
