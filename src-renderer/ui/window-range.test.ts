import { describe, expect, it } from 'vitest';
import { scrollToShow, wholeUpTo, windowRange } from './window-range';

const options = { rowHeight: 40, scrollTop: 0, viewHeight: 400, overscan: 5 };

describe('a long list', () => {
  it('renders only what is near the view, and keeps its full height', () => {
    for (const scrollTop of [0, 1, 39_960, 199_999, 400_000 - 400, 9_999_999]) {
      const range = windowRange({ ...options, count: 10_000, scrollTop });
      expect(range.to - range.from).toBeLessThanOrEqual(400 / 40 + 1 + 2 * 5);
      expect(range.before + range.after + (range.to - range.from) * 40).toBe(400_000);
    }
  });

  it('renders every row that the view shows', () => {
    const range = windowRange({ ...options, count: 10_000, scrollTop: 4_010 });
    expect(range.from).toBeLessThanOrEqual(100);
    expect(range.to).toBeGreaterThanOrEqual(111);
  });

  it('shows its end after it became shorter than the scroll position', () => {
    const range = windowRange({ ...options, count: 400, scrollTop: 9_999_999 });
    expect(range.to).toBe(400);
  });

  it('is rendered whole up to the limit, also when empty', () => {
    expect(windowRange({ ...options, count: wholeUpTo })).toMatchObject({ from: 0, to: wholeUpTo });
    expect(windowRange({ ...options, count: 0 })).toEqual({ from: 0, to: 0, before: 0, after: 0 });
  });
});

describe('scrolling to a row', () => {
  it('moves no further than needed', () => {
    expect(scrollToShow(5, 40, 0, 400)).toBe(0);
    expect(scrollToShow(10, 40, 0, 400)).toBe(40);
    expect(scrollToShow(2, 40, 400, 400)).toBe(80);
  });
});
