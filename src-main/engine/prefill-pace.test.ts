import { describe, expect, it } from 'vitest';
import { PrefillPace } from './prefill-pace';

/** Pieces of a prompt on a machine that evaluates so many tokens a second. */
function pieces(tokensPerSecond: number, prompt: number): number[] {
  const pace = new PrefillPace();
  const all: number[] = [];
  for (let left = prompt; left > 0; left -= all.at(-1) as number) {
    all.push(Math.min(left, pace.piece));
    pace.record(all.at(-1) as number, ((all.at(-1) as number) / tokensPerSecond) * 1000);
  }
  return all;
}

describe('the pieces of a prompt', () => {
  it.each([
    { machine: 'a 13B on two cores', tokensPerSecond: 16, expected: [32, 32, 32, 4] },
    { machine: 'a 1B on two cores', tokensPerSecond: 80, expected: [32, 68] },
    { machine: 'a graphics card', tokensPerSecond: 2_000, expected: [32, 68] },
  ])('of 100 tokens on $machine', ({ tokensPerSecond, expected }) => {
    expect(pieces(tokensPerSecond, 100)).toEqual(expected);
  });

  it('are as large as fits into two seconds, and never larger than the engine computes at once', () => {
    expect(pieces(80, 500)).toEqual([32, 160, 160, 148]);
    expect(pieces(2_000, 1_500)).toEqual([32, 512, 512, 444]);
  });

  it('become small again where the machine becomes slow', () => {
    const pace = new PrefillPace();
    pace.record(32, 100);
    expect(pace.piece).toBe(512);
    pace.record(512, 100_000);
    expect(pace.piece).toBe(32);
  });

  it('do not follow the time of a short rest', () => {
    const pace = new PrefillPace();
    pace.record(64, 800);
    expect(pace.piece).toBe(160);
    pace.record(3, 400);
    expect(pace.piece).toBe(160);
  });

  it('of no measurable time are the largest', () => {
    const pace = new PrefillPace();
    pace.record(32, 0);
    expect(pace.piece).toBe(512);
  });
});
