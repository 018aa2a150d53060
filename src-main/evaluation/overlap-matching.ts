/** The largest one-to-one matching of spans that overlap. */

interface Interval {
  readonly start: number;
  /** Exclusive, after `start`. */
  readonly end: number;
}

/**
 * How many pairs, one of each list and none used twice, can be made of spans that share a character.
 *
 * Greedy, and still the most possible, nested spans included: take the spans of one list by their
 * end, and give each the free partner that ends first. A span [s, e) and a partner [p, q) overlap if
 * p < e and s < q. All that p < e allows now it allows for every later span too, whose e is not
 * smaller; so of two possible partners the one with the greater q can serve all that the other can,
 * and is kept for later. (By start instead, [0, 10) would take [2, 3) from a nested [2, 3).)
 */
export function mostOverlapping(
  annotated: readonly Interval[],
  found: readonly Interval[],
): number {
  const spans = [...annotated].sort((a, b) => a.end - b.end);
  const partners = [...found].sort((a, b) => a.end - b.end);
  const longest = partners.reduce((length, { start, end }) => Math.max(length, end - start), 0);
  const taken = new Uint8Array(partners.length);
  let pairs = 0;
  for (const { start, end } of spans) {
    // A partner that begins before `end` ends before `end + longest`, so the search is short.
    for (let i = firstEndingAfter(partners, start); i < partners.length; i++) {
      const partner = partners[i] as Interval;
      if (partner.end >= end + longest) break;
      if (taken[i] || partner.start >= end) continue;
      taken[i] = 1;
      pairs++;
      break;
    }
  }
  return pairs;
}

/** Index of the first interval that ends after a place, in a list sorted by ends. */
function firstEndingAfter(sorted: readonly Interval[], place: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Interval).end > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
