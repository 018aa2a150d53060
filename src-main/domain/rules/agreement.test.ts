import { describe, expect, it } from 'vitest';
import type { Decision } from '../contract/review';
import {
  f1Of,
  kappaOf,
  labelCounts,
  labelCountsOf,
  pairCounts,
  relaxedPairCounts,
  sampleOf,
  sumOfLabels,
  sumOfPairs,
} from './agreement';

const item = (type: string, start: number, end: number, decision: Decision = 'accepted') => ({
  decision,
  fact: {
    ...{ id: `${type}${start}`, kind: 'mention' as const, type, text: 'x'.repeat(end - start) },
    ...{ start, end, evidence: [], attributes: {}, confidence: null },
  },
});

describe('F1 between two reviews', () => {
  // In both: A 0-2. Only in the first: A 4-6 (the second has it as B). Only in the second: B 4-6, B 8-9.
  const first = [item('A', 0, 2), item('A', 4, 6), item('A', 8, 9, 'rejected')];
  const second = [item('A', 0, 2), item('B', 4, 6), item('B', 8, 9)];

  it('is twice what both have, by all that either has: 2·1 / (2·1 + 1 + 2) = 0.4', () => {
    expect(pairCounts(first, second)).toEqual({ both: 1, onlyFirst: 1, onlySecond: 2 });
    expect(f1Of(pairCounts(first, second))).toBeCloseTo(0.4, 12);
    expect(f1Of(pairCounts(second, first))).toBeCloseTo(0.4, 12);
  });

  it('is 1 for the same and unknown where nothing is marked', () => {
    expect(f1Of(pairCounts(first, first))).toBe(1);
    expect(f1Of(pairCounts([], []))).toBeNull();
  });

  it('of several records is of their sums: (1 + 2, 1, 2) gives 6 / 9', () => {
    const same = [item('A', 0, 1), item('B', 2, 3)];
    const sum = sumOfPairs([pairCounts(first, second), pairCounts(same, same)]);
    expect(f1Of(sum)).toBeCloseTo(6 / 9, 12);
  });

  it('relaxed: one character in common is enough, for one partner only', () => {
    const a = [item('A', 0, 3), item('A', 10, 14)];
    const b = [item('A', 2, 5), item('A', 11, 12), item('A', 12, 13), item('B', 0, 3)];
    expect(relaxedPairCounts(a, b)).toEqual({ both: 2, onlyFirst: 0, onlySecond: 2 });
    expect(pairCounts(a, b).both).toBe(0);
    const between = [item('A', 1, 3)];
    expect(relaxedPairCounts([item('A', 0, 2), item('A', 2, 4)], between)).toEqual({
      ...{ both: 1, onlyFirst: 1, onlySecond: 0 },
    });
    // Touching is not sharing; the same pair is taken before a near one.
    expect(relaxedPairCounts([item('A', 0, 2)], [item('A', 2, 4)]).both).toBe(0);
    const nested = [item('A', 0, 4), item('A', 1, 2)];
    expect(relaxedPairCounts(nested, [item('A', 1, 2)])).toEqual({
      ...{ both: 1, onlyFirst: 1, onlySecond: 0 },
    });
  });

  it('of a field the value counts too: another place with the same value is near, not the same', () => {
    const field = (start: number, value: number) => ({
      decision: 'accepted' as const,
      fact: { ...item('体温', start, start + 2).fact, kind: 'field' as const, value },
    });
    expect(pairCounts([field(0, 37)], [field(0, 38)]).both).toBe(0);
    expect(pairCounts([field(0, 37)], [field(0, 37)]).both).toBe(1);
    expect(relaxedPairCounts([field(0, 37)], [field(8, 37)]).both).toBe(1);
    expect(relaxedPairCounts([field(0, 37)], [field(8, 38)]).both).toBe(0);
  });
});

describe('kappa over characters', () => {
  it('by hand: ten characters, eight alike, 0.58 by chance: (0.8 - 0.58) / 0.42', () => {
    const counts = labelCounts([item('A', 0, 3)], [item('A', 0, 2), item('A', 4, 5)], 10);
    // First: 3 A, 7 none. Second: 3 A, 7 none. By chance: (9 + 49) / 100 = 0.58. Alike: 2 + 6 = 8.
    expect(kappaOf(counts)).toBeCloseTo(0.22 / 0.42, 12);
  });

  it('is 1 for the same, 0 for what chance gives, below 0 for less', () => {
    const a = [item('A', 0, 5)];
    expect(kappaOf(labelCounts(a, a, 10))).toBe(1);
    // Independent: half and half, a quarter each way.
    const half = labelCounts([item('A', 0, 4)], [item('A', 2, 6)], 8);
    expect(kappaOf(half)).toBeCloseTo(0, 12);
    expect(kappaOf(labelCounts([item('A', 0, 4)], [item('A', 4, 8)], 8))).toBeCloseTo(-1, 12);
  });

  it('is unknown where both leave everything unmarked, or there is nothing', () => {
    expect(kappaOf(labelCounts([], [], 10))).toBeNull();
    expect(kappaOf(labelCounts([], [], 0))).toBeNull();
  });

  it('a mention inside another says the type of its characters', () => {
    const nested = [item('A', 0, 4), item('B', 1, 2)];
    const counts = labelCounts(nested, nested, 4);
    expect(counts.get('A')?.get('A')).toBe(3);
    expect(counts.get('B')?.get('B')).toBe(1);
  });

  it('of one type is of that type against everything else', () => {
    const a = [item('A', 0, 3), item('B', 5, 7)];
    const b = [item('A', 0, 2), item('A', 4, 5), item('B', 5, 7)];
    const counts = labelCounts(a, b, 10);
    expect(kappaOf(labelCountsOf('A', counts))).toBeCloseTo(0.22 / 0.42, 12);
    expect(kappaOf(labelCountsOf('B', counts))).toBe(1);
  });

  it('of several records is of their sums', () => {
    const one = labelCounts([item('A', 0, 3)], [item('A', 0, 2), item('A', 4, 5)], 10);
    // Twice the same table has the same kappa.
    expect(kappaOf(sumOfLabels([one, one]))).toBeCloseTo(0.22 / 0.42, 12);
  });
});

describe('a sample', () => {
  const ids = Array.from({ length: 200 }, (_, at) => `record-${at}`);

  it('is the same for the same seed, whatever the order of the records', () => {
    expect(sampleOf([...ids].reverse(), 20, 's')).toEqual(sampleOf(ids, 20, 's'));
    expect(sampleOf(ids, 20, 's')).toHaveLength(20);
    expect(sampleOf(ids, 20, 't')).not.toEqual(sampleOf(ids, 20, 's'));
  });

  it('is never more than there is', () => {
    expect(sampleOf(ids, 1, 's')).toHaveLength(1);
    expect(sampleOf(ids, 0, 's')).toHaveLength(0);
    expect(new Set(sampleOf(ids, 500, 's')).size).toBe(200);
    expect(sampleOf([], 50, 's')).toEqual([]);
  });

  it('takes every record about as often as any other', () => {
    const counts = new Map(ids.map((id) => [id, 0]));
    for (let seed = 0; seed < 400; seed += 1) {
      for (const id of sampleOf(ids, 20, String(seed))) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    // 40 expected of each, with a standard deviation of 6.
    expect(Math.min(...counts.values())).toBeGreaterThan(40 - 6 * 5);
    expect(Math.max(...counts.values())).toBeLessThan(40 + 6 * 5);
  });
});
