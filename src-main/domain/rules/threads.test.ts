import { expect, it } from 'vitest';
import { threadsFor } from './threads';

it('never computes with more threads than there are cores', () => {
  expect(threadsFor(undefined, 2)).toBe(2);
  expect(threadsFor(13e9, 8)).toBe(8);
  expect(threadsFor(6e6, 2)).toBe(1);
  expect(threadsFor(6e6, 1)).toBe(1);
});
