import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../e2e/fixtures/seeded-random';
import type { Span } from './span-scores';
import { ConfusionCounter } from './type-confusion';

const span = (type: string, start: number, end: number): Span => ({ type, start, end });

function counted(annotated: Span[], found: Span[]) {
  const counter = new ConfusionCounter(['甲', '乙']);
  counter.add(annotated, found);
  return counter.confusion();
}

describe('confusion between types', () => {
  it('a span of another type is taken for it', () => {
    expect(counted([span('甲', 0, 3)], [span('乙', 0, 3)])).toEqual({
      types: ['甲', '乙'],
      matrix: [
        [0, 1],
        [0, 0],
      ],
      missed: [0, 0],
      spurious: [0, 0],
    });
  });

  it('of several partners the one of the same type is taken, though it shares less', () => {
    const { matrix, spurious } = counted([span('甲', 0, 4)], [span('乙', 0, 4), span('甲', 3, 5)]);
    expect(matrix).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(spurious).toEqual([0, 1]);
  });

  it('what touches without sharing a character is missed on one side and spurious on the other', () => {
    const { missed, spurious } = counted([span('甲', 0, 2)], [span('甲', 2, 4)]);
    expect({ missed, spurious }).toEqual({ missed: [1, 0], spurious: [1, 0] });
  });

  it('a long span that was annotated around later ones is still found', () => {
    const { matrix } = counted([span('甲', 0, 50), span('乙', 40, 45)], [span('乙', 41, 44)]);
    expect(matrix).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  it('each span is counted exactly once, whatever lies over what', () => {
    const seeded = new SeededRandom(11);
    const below = (most: number): number => seeded.bits() % most;
    for (let round = 0; round < 200; round++) {
      const some = (): Span[] =>
        Array.from({ length: below(12) }, () => {
          const start = below(30);
          return span(below(2) === 0 ? '甲' : '乙', start, start + 1 + below(9));
        });
      const annotated = some();
      const found = some();
      const distinct = (spans: Span[]): number =>
        new Set(spans.map((one) => JSON.stringify(one))).size;
      const { matrix, missed, spurious } = counted(annotated, found);
      const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
      const pairs = sum(matrix.flat());
      expect(pairs + sum(missed)).toBe(distinct(annotated));
      expect(pairs + sum(spurious)).toBe(distinct(found));
    }
  });
});
