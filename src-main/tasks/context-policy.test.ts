import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../e2e/fixtures/seeded-random';
import { planContext, type ContextPart } from './context-policy';

const parts = (name: string, ...tokens: number[]): ContextPart[] =>
  tokens.map((count, i) => ({ id: `${name}${i}`, tokens: count }));

describe('what goes into the context', () => {
  it('is everything, where everything fits', () => {
    expect(
      planContext({
        fixed: parts('f', 10, 20),
        exchanges: parts('x', 5),
        optional: parts('o', 5),
        capacity: 50,
        reserve: 10,
      }),
    ).toEqual({ kept: ['f0', 'f1', 'x0', 'o0'], dropped: [], used: 40, free: 0 });
  });

  it('the oldest exchanges go first, and none is kept before one that went', () => {
    const plan = planContext({
      fixed: parts('f', 10),
      exchanges: parts('x', 1, 30, 5, 5),
      capacity: 30,
      reserve: 5,
    });
    expect(plan.kept).toEqual(['f0', 'x2', 'x3']);
    expect(plan.dropped).toEqual([
      { id: 'x0', tokens: 1, why: 'older-exchange' },
      { id: 'x1', tokens: 30, why: 'older-exchange' },
    ]);
  });

  it('optional parts are taken by rank, and a smaller one may go in where a larger one cannot', () => {
    const plan = planContext({
      fixed: [],
      optional: parts('o', 20, 15, 9),
      capacity: 30,
      reserve: 0,
    });
    expect(plan.kept).toEqual(['o0', 'o2']);
    expect(plan.dropped).toEqual([{ id: 'o1', tokens: 15, why: 'less-useful' }]);
  });

  it('what must be there is refused as a whole, with the number of tokens too many', () => {
    expect(() => planContext({ fixed: parts('f', 90, 20), capacity: 100, reserve: 16 })).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_EXCEEDED',
        params: { needed: 126, capacity: 100, over: 26 },
      }),
    );
  });

  it('never overruns, keeps all that is fixed, and accounts for every part once', () => {
    const random = new SeededRandom(4);
    const some = (name: string): ContextPart[] =>
      parts(name, ...Array.from({ length: random.bits() % 6 }, () => random.bits() % 40));
    for (let round = 0; round < 2_000; round++) {
      const [fixed, exchanges, optional] = [some('f'), some('x'), some('o')];
      const [capacity, reserve] = [random.bits() % 200, random.bits() % 30];
      const must = fixed.reduce((total, { tokens }) => total + tokens, 0) + reserve;
      const plan = (): ReturnType<typeof planContext> =>
        planContext({ fixed, exchanges, optional, capacity, reserve });
      if (must > capacity) {
        expect(plan).toThrow('CONTEXT_EXCEEDED');
        continue;
      }
      const { kept, dropped, used, free } = plan();
      expect(used + reserve + free).toBe(capacity);
      expect(free).toBeGreaterThanOrEqual(0);
      expect(kept.slice(0, fixed.length)).toEqual(fixed.map(({ id }) => id));
      expect([...kept, ...dropped.map(({ id }) => id)].sort()).toEqual(
        [...fixed, ...exchanges, ...optional].map(({ id }) => id).sort(),
      );
      // Nothing that was dropped as less useful would still have fitted.
      for (const part of dropped) {
        if (part.why === 'less-useful') expect(part.tokens).toBeGreaterThan(free);
      }
    }
  });
});
