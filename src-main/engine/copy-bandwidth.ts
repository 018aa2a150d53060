/** How fast this machine moves memory, which decides how fast a model on a CPU writes. */

/** Larger than the caches of desktop processors; two of these are held for a tenth of a second. */
const blockBytes = 64 * 1024 * 1024;
const rounds = 3;

/**
 * Bytes a second that one thread copies, read and written together; the fastest of some rounds,
 * because other programs only slow it down. Takes 128 MiB and about 0.1 s
 * (measured), in which the calling process does nothing else.
 */
export function measureCopyBandwidth(): number {
  const from = Buffer.alloc(blockBytes, 1);
  const to = Buffer.alloc(blockBytes, 2);
  let fastest = Infinity;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    from.copy(to);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return (2 * blockBytes) / (fastest / 1000);
}
