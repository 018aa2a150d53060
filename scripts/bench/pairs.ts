/** Ratios that survive a noisy machine: pairs measured in turn, the median and the spread of their ratios. */

export interface Ratio {
  readonly name: string;
  /** What `ratio` is compared with; `at least` or `at most`. */
  readonly target: { readonly sense: '>=' | '<='; readonly value: number };
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Medians of both sides, milliseconds. */
  readonly ours: number;
  readonly theirs: number;
}

/**
 * Measures `ours` and `theirs` in turn, `pairs` times, after one round that is not counted.
 * @param ratioOf from both times (milliseconds) to the number that is reported
 */
export async function measurePairs(
  name: string,
  target: Ratio['target'],
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  ratioOf: (ours: number, theirs: number) => number,
  pairs = 7,
): Promise<Ratio> {
  await ours();
  await theirs();
  const a: number[] = [];
  const b: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // The order alternates, so that a drift of the machine falls on both sides alike.
    if (i % 2 === 0) a.push(await ours());
    b.push(await theirs());
    if (i % 2 === 1) a.push(await ours());
  }
  const ratios = a.map((time, i) => ratioOf(time, b[i] as number)).sort((x, y) => x - y);
  return {
    name,
    target,
    median: median(ratios),
    min: ratios[0] as number,
    max: ratios.at(-1) as number,
    ours: median(a),
    theirs: median(b),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[sorted.length >> 1] as number;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function describeRatio(ratio: Ratio): string {
  const met =
    ratio.target.sense === '>='
      ? ratio.median >= ratio.target.value
      : ratio.median <= ratio.target.value;
  return (
    `${met ? 'met   ' : 'MISSED'} ${ratio.name}: ${ratio.median.toFixed(2)} ` +
    `(${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)}), wanted ${ratio.target.sense} ${ratio.target.value}; ` +
    `${ratio.ours.toFixed(0)} ms against ${ratio.theirs.toFixed(0)} ms`
  );
}
