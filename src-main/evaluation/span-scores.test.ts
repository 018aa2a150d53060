import { describe, expect, it } from 'vitest';
import { mostOverlapping } from './overlap-matching';
import { SpanScorer, type Span } from './span-scores';

const types = ['疾病和诊断', '药物', '手术'] as const;
const [disease, drug, operation] = types;

function span(type: string, start: number, end: number): Span {
  return { type, start, end };
}

function scored(...records: readonly (readonly [annotated: Span[], found: Span[]])[]) {
  const scorer = new SpanScorer(types);
  for (const [annotated, found] of records) scorer.add(annotated, found);
  return { strict: scorer.strict(), relaxed: scorer.relaxed() };
}

describe('scores computed by hand', () => {
  it('strict: 2 of 3 found are right, 2 of 4 annotated are found', () => {
    const { strict } = scored([
      [span(disease, 0, 3), span(disease, 5, 8), span(drug, 10, 12), span(drug, 20, 22)],
      [span(disease, 0, 3), span(disease, 5, 9), span(drug, 10, 12)],
    ]);
    // Disease: 1 right of 2 found, of 2 annotated. Drug: 1 right of 1 found, of 2 annotated.
    expect(strict.types[disease]).toEqual({
      precision: 1 / 2,
      recall: 1 / 2,
      f1: 1 / 2,
      support: 2,
    });
    expect(strict.types[drug]).toEqual({ precision: 1, recall: 1 / 2, f1: 2 / 3, support: 2 });
    // P = 2/3, R = 2/4, F1 = 2PR / (P + R) = (2/3) / (7/6) = 4/7.
    expect(strict.micro).toEqual({ precision: 2 / 3, recall: 1 / 2, f1: 4 / 7 });
  });

  it('relaxed: one shared character is enough, touching ends are not', () => {
    const { strict, relaxed } = scored([
      [span(disease, 0, 3), span(disease, 5, 8), span(disease, 10, 12)],
      // Shares character 2; shares none (8 is exclusive); lies inside.
      [span(disease, 2, 5), span(disease, 8, 10), span(disease, 11, 12)],
    ]);
    expect(strict.micro).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(relaxed.micro).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
  });

  it('the right words under another type are one miss and one false find, also relaxed', () => {
    const { strict, relaxed } = scored([[span(drug, 4, 8)], [span(operation, 4, 8)]]);
    for (const { micro, types: each } of [strict, relaxed]) {
      expect(micro).toEqual({ precision: 0, recall: 0, f1: 0 });
      expect(each[drug]).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
      expect(each[operation]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
    }
  });

  it('a span given twice counts once, on either side', () => {
    const { strict, relaxed } = scored([
      [span(disease, 0, 3), span(disease, 0, 3), span(disease, 5, 6)],
      [span(disease, 0, 3), span(disease, 0, 3)],
    ]);
    // 1 right of 1 found and of 2 annotated: F1 = 2 * 1 / (2 + 1).
    for (const { micro, types: each } of [strict, relaxed]) {
      expect(micro).toEqual({ precision: 1, recall: 1 / 2, f1: 2 / 3 });
      expect(each[disease]?.support).toBe(2);
    }
  });

  it('one long find is a partner for only one of the annotations that it covers', () => {
    const { relaxed } = scored([[span(drug, 0, 2), span(drug, 3, 5)], [span(drug, 0, 5)]]);
    expect(relaxed.micro).toEqual({ precision: 1, recall: 1 / 2, f1: 2 / 3 });
  });

  it('the same offsets in different records are different places', () => {
    const { strict, relaxed } = scored([[span(drug, 0, 2)], []], [[], [span(drug, 0, 2)]]);
    expect(strict.micro).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(relaxed.micro).toEqual({ precision: 0, recall: 0, f1: 0 });
  });

  it('micro sums over records before it divides', () => {
    const { strict } = scored(
      [[span(drug, 0, 2)], [span(drug, 0, 2)]],
      [
        [span(drug, 0, 1), span(drug, 2, 3), span(drug, 4, 5)],
        [span(drug, 6, 7), span(drug, 8, 9)],
      ],
    );
    // 1 right; 3 found, 4 annotated. (The mean over the two records would be 1/2.)
    expect(strict.micro).toEqual({ precision: 1 / 3, recall: 1 / 4, f1: 2 / 7 });
  });

  it('nothing annotated, nothing found, or neither: 0, not a division by zero', () => {
    const zero = { precision: 0, recall: 0, f1: 0 };
    for (const { strict, relaxed } of [
      scored(),
      scored([[], []]),
      scored([[span(drug, 0, 1)], []]),
      scored([[], [span(drug, 0, 1)]]),
    ]) {
      expect(strict.micro).toEqual(zero);
      expect(relaxed.micro).toEqual(zero);
      expect(Object.keys(strict.types)).toEqual([...types]);
      expect(strict.types[operation]).toEqual({ ...zero, support: 0 });
    }
  });

  it('spans of types that were not asked for are left out', () => {
    const { strict } = scored([
      [span(drug, 0, 2), span('症状', 3, 5)],
      [span(drug, 0, 2), span('人群', 3, 5)],
    ]);
    expect(strict.micro).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(Object.keys(strict.types)).not.toContain('症状');
  });
});

describe('matching of overlapping spans', () => {
  it('a nested annotation keeps its only partner, because the outer one has another', () => {
    const annotated = [span(drug, 0, 10), span(drug, 2, 3)];
    const found = [span(drug, 2, 3), span(drug, 8, 9)];
    expect(mostOverlapping(annotated, found)).toBe(2);
  });

  it('makes as many pairs as trying every way would, nested and crossing spans included', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % below;
    };
    const some = (): Span[] =>
      Array.from({ length: random(6) }, () => {
        const start = random(12);
        return span(drug, start, start + 1 + random(6));
      });
    const sizes = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      const [annotated, found] = [some(), some()];
      const most = byTryingAll(annotated, found);
      expect(mostOverlapping(annotated, found), JSON.stringify({ annotated, found })).toBe(most);
      sizes.add(most);
    }
    expect(sizes).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  });
});

function byTryingAll([first, ...rest]: Span[], found: readonly Span[]): number {
  if (!first) return 0;
  let best = byTryingAll(rest, found);
  found.forEach((partner, i) => {
    if (partner.start < first.end && first.start < partner.end) {
      best = Math.max(best, 1 + byTryingAll(rest, found.toSpliced(i, 1)));
    }
  });
  return best;
}
