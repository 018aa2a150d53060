import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GatheredTexts } from './gathered-texts.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('what comes within a moment is drawn at once, each piece in its own text', () => {
  const texts = new GatheredTexts(2);
  texts.add(0, '注意');
  texts.add(1, '多喝水。');
  texts.add(0, '休息。');
  expect(texts.drawn).toEqual(['', '']);
  vi.runOnlyPendingTimers();
  expect(texts.drawn).toEqual(['注意休息。', '多喝水。']);
  texts.add(1, '早睡。');
  vi.runOnlyPendingTimers();
  expect(texts.drawn).toEqual(['注意休息。', '多喝水。早睡。']);
});

it('what was gathered is not lost where the end comes first, and nothing is drawn after it', () => {
  const texts = new GatheredTexts(1);
  texts.add(0, '注意休息。');
  expect(texts.drawNow()).toEqual(['注意休息。']);
  expect(vi.getTimerCount()).toBe(0);
});

it('the texts at the end stand in the place of what was streamed, also later', () => {
  const texts = new GatheredTexts(2);
  texts.add(0, '注意');
  texts.replace(['注意休息。']);
  vi.runOnlyPendingTimers();
  expect(texts.drawn).toEqual(['注意休息。']);
});
