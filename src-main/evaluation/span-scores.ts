/**
 * Precision, recall and F1 of typed spans, summed over records before they are divided (micro).
 *
 * Strict: type, start and end are the same, as CCKS-2019 counts it. Relaxed: the type is the same and
 * the spans share at least one character; each span counts for one partner only.
 */
import type { Score, SpanScores } from '../domain/contract/evaluation';
import { mostOverlapping } from './overlap-matching';

export interface Span {
  readonly type: string;
  /** Any unit, as long as annotated and found spans use the same; end exclusive. */
  readonly start: number;
  readonly end: number;
}

interface Counts {
  annotated: number;
  found: number;
  same: number;
  overlapping: number;
}

export class SpanScorer {
  readonly #counts: ReadonlyMap<string, Counts>;

  /** @param types all that is scored; spans of other types are left out */
  constructor(types: readonly string[]) {
    this.#counts = new Map(
      types.map((type) => [type, { annotated: 0, found: 0, same: 0, overlapping: 0 }]),
    );
  }

  /** Adds a record. A span that is given twice counts once. */
  add(annotated: readonly Span[], found: readonly Span[]): void {
    for (const [type, counts] of this.#counts) {
      const wanted = distinct(annotated, type);
      const given = distinct(found, type);
      counts.annotated += wanted.size;
      counts.found += given.size;
      for (const place of given.keys()) if (wanted.has(place)) counts.same++;
      counts.overlapping += mostOverlapping([...wanted.values()], [...given.values()]);
    }
  }

  strict(): SpanScores {
    return this.#scores(({ same }) => same);
  }

  relaxed(): SpanScores {
    return this.#scores(({ overlapping }) => overlapping);
  }

  #scores(right: (counts: Counts) => number): SpanScores {
    const all = [...this.#counts];
    const sum = (of: (counts: Counts) => number): number =>
      all.reduce((total, [, counts]) => total + of(counts), 0);
    return {
      micro: score(
        sum(right),
        sum(({ annotated }) => annotated),
        sum(({ found }) => found),
      ),
      types: Object.fromEntries(
        all.map(([type, counts]) => [
          type,
          {
            ...score(right(counts), counts.annotated, counts.found),
            support: counts.annotated,
          },
        ]),
      ),
    };
  }
}

function distinct(spans: readonly Span[], type: string): Map<string, Span> {
  return new Map(
    spans
      .filter((span) => span.type === type)
      .map((span) => [`${span.start}-${span.end}`, span] as const),
  );
}

function score(right: number, annotated: number, found: number): Score {
  return {
    precision: found === 0 ? 0 : right / found,
    recall: annotated === 0 ? 0 : right / annotated,
    f1: annotated + found === 0 ? 0 : (2 * right) / (annotated + found),
  };
}
