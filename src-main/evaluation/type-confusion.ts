/** What was taken for what. */
import type { Confusion } from '../domain/contract/evaluation';
import type { Span } from './span-scores';

export class ConfusionCounter {
  readonly #types: readonly string[];
  readonly #matrix: number[][];
  readonly #missed: number[];
  readonly #spurious: number[];

  /** @param types all that is scored; spans of other types are left out */
  constructor(types: readonly string[]) {
    this.#types = types;
    this.#matrix = types.map(() => types.map(() => 0));
    this.#missed = types.map(() => 0);
    this.#spurious = types.map(() => 0);
  }

  /**
   * Adds a record. Pairs are made in the order of how well they fit: the same span and type, the same
   * type, the same span, then any that share a character; of equals the longest shared stretch first.
   */
  add(annotated: readonly Span[], found: readonly Span[]): void {
    const wanted = this.#scored(annotated);
    const given = this.#scored(found);
    const pairs = overlapping(wanted, given);
    pairs.sort((a, b) => b.fit - a.fit || b.shared - a.shared);
    const paired = { wanted: new Set<number>(), given: new Set<number>() };
    for (const pair of pairs) {
      if (paired.wanted.has(pair.wanted) || paired.given.has(pair.given)) continue;
      paired.wanted.add(pair.wanted);
      paired.given.add(pair.given);
      const row = this.#matrix[this.#place(wanted[pair.wanted] as Span)] as number[];
      const column = this.#place(given[pair.given] as Span);
      row[column] = (row[column] as number) + 1;
    }
    this.#rest(wanted, paired.wanted, this.#missed);
    this.#rest(given, paired.given, this.#spurious);
  }

  confusion(): Confusion {
    return {
      types: [...this.#types],
      matrix: this.#matrix.map((row) => [...row]),
      missed: [...this.#missed],
      spurious: [...this.#spurious],
    };
  }

  /** Each once, by start. */
  #scored(spans: readonly Span[]): Span[] {
    const known = spans.filter(({ type }) => this.#types.includes(type));
    const once = new Map(known.map((span) => [`${span.type} ${span.start} ${span.end}`, span]));
    return [...once.values()].sort((a, b) => a.start - b.start || a.end - b.end);
  }

  #place({ type }: Span): number {
    return this.#types.indexOf(type);
  }

  #rest(spans: readonly Span[], paired: ReadonlySet<number>, counts: number[]): void {
    spans.forEach((span, at) => {
      if (paired.has(at)) return;
      const place = this.#place(span);
      counts[place] = (counts[place] as number) + 1;
    });
  }
}

interface Pair {
  readonly wanted: number;
  readonly given: number;
  readonly fit: number;
  readonly shared: number;
}

/** Both sorted by start; the sweep keeps open only what has not ended, so long records stay quick. */
function overlapping(wanted: readonly Span[], given: readonly Span[]): Pair[] {
  const pairs: Pair[] = [];
  let open: number[] = [];
  let next = 0;
  wanted.forEach((span, at) => {
    while (next < given.length && (given[next] as Span).start < span.end) open.push(next++);
    // A later span may begin before this one ends, but never before it begins.
    open = open.filter((other) => (given[other] as Span).end > span.start);
    for (const other of open) {
      const candidate = given[other] as Span;
      const shared = Math.min(span.end, candidate.end) - Math.max(span.start, candidate.start);
      if (shared <= 0) continue;
      const sameType = candidate.type === span.type;
      const sameSpan = candidate.start === span.start && candidate.end === span.end;
      pairs.push({
        wanted: at,
        given: other,
        fit: (sameType ? 2 : 0) + (sameSpan ? 1 : 0),
        shared,
      });
    }
  });
  return pairs;
}
