import { describe, expect, it } from 'vitest';
import { countOf } from './reports';

const vitest = (passed: number, failed: number) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 1,
  numTodoTests: 1,
});
const playwright = (expected: number, unexpected: number, flaky = 0) => ({
  stats: { expected, unexpected, flaky, skipped: 2 },
});

const unittest = (passed: number, failed: number) => ({ passed, failed, skipped: 2 });

describe('the count of a step', () => {
  it('is what the runner reported', () => {
    expect(countOf('vitest', vitest(5, 2), 1)).toEqual({ passed: 5, failed: 2, skipped: 2 });
    expect(countOf('playwright', playwright(5, 1), 1)).toEqual({
      passed: 5,
      failed: 1,
      skipped: 2,
    });
    expect(countOf('unittest', unittest(5, 1), 1)).toEqual({ passed: 5, failed: 1, skipped: 2 });
  });

  it('is failed when the runner ended badly though no test failed', () => {
    expect(countOf('vitest', vitest(5, 0), 1).failed).toBe(1);
    expect(countOf('playwright', playwright(5, 0), 1).failed).toBe(1);
    expect(countOf('unittest', unittest(5, 0), 1).failed).toBe(1);
  });

  it('is failed when no test ran', () => {
    expect(countOf('vitest', vitest(0, 0), 0).failed).toBe(1);
    expect(countOf('playwright', playwright(0, 0), 0).failed).toBe(1);
    expect(countOf('unittest', unittest(0, 0), 0).failed).toBe(1);
  });

  it('is failed when there is no report to read', () => {
    expect(countOf('vitest', undefined, 0).failed).toBe(1);
    expect(countOf('unittest', undefined, 0).failed).toBe(1);
    expect(countOf('playwright', { stats: 'none' }, 0).failed).toBe(1);
  });

  it('counts a test that passed only at its second try as failed', () => {
    expect(countOf('playwright', playwright(5, 0, 1), 0).failed).toBe(1);
  });
});
