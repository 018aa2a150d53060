import { describe, expect, it } from 'vitest';
import { callCost } from './call-cost';

const chimed = { parameters: 13e9, isOnGpu: false, weightBytes: 7.4e9, heldBytes: 0.8e6 };

describe('a token more in a call', () => {
  it('costs more the more is held, and never as much as a call of its own', () => {
    const costs = [0, 600, 4000, 1e9].map((held) => callCost(chimed, held));
    expect(costs).toEqual([...costs].sort((a, b) => a - b));
    expect(new Set(costs).size).toBe(4);
    expect(Math.max(...costs)).toBeLessThan(1);
  });

  it('costs next to nothing on a card, however much is held', () => {
    expect(callCost({ ...chimed, isOnGpu: true }, 4000)).toBeLessThan(callCost(chimed, 0));
  });

  it('costs most of a call where the model is very small', () => {
    const miniature = { ...chimed, parameters: 1e6, weightBytes: 1.4e6, heldBytes: 512 };
    expect(callCost(miniature, 600)).toBeGreaterThan(0.5);
    expect(callCost(chimed, 600)).toBeLessThan(0.5);
  });
});
