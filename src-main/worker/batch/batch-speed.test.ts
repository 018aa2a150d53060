import { beforeEach, expect, test } from 'vitest';
import { BatchSpeed } from './batch-speed';

let now = 0;
let speed: BatchSpeed;
beforeEach(() => {
  now = 5_000;
  speed = new BatchSpeed(() => now);
});

const nothing = { notesPerMinute: null, secondsLeft: null };

/** One record each so many milliseconds. */
function work(records: number, everyMs: number, chars: number): void {
  for (let i = 0; i < records; i += 1) {
    now += everyMs;
    speed.done(chars);
  }
}

test('nothing is said before anything is known', () => {
  expect(speed.of(100, 0)).toEqual(nothing);
  speed.begin();
  expect(speed.of(100, 0)).toEqual(nothing);
  now += 1_000;
  expect(speed.of(100, 0)).toEqual(nothing);
});

test('a steady batch: records a minute, and the time left by how long they are', () => {
  speed.begin();
  work(10, 2_000, 50);
  speed.begin();
  expect(speed.of(1_000, 0)).toEqual({ notesPerMinute: 30, secondsLeft: 40 });
});

test('what is older than three minutes says nothing of now', () => {
  speed.begin();
  work(100, 10_000, 100);
  work(180, 1_000, 100);
  expect(speed.of(600, 0).secondsLeft).toBeCloseTo(6, 0);
  expect(speed.of(600, 0).notesPerMinute).toBeCloseTo(60, 0);
});

test('a pause has no speed, and what was before it does not count afterwards', () => {
  speed.begin();
  work(10, 1_000, 50);
  speed.pause();
  expect(speed.of(1_000, 0)).toEqual(nothing);
  now += 60_000;
  speed.begin();
  now += 100;
  expect(speed.of(1_000, 0)).toEqual(nothing);
  work(4, 5_000, 50);
  expect(speed.of(1_000, 0).notesPerMinute).toBeCloseTo(12, 0);
});

test('more records than are remembered change no speed', () => {
  speed.begin();
  work(5_000, 10, 20);
  const { notesPerMinute, secondsLeft } = speed.of(20_000, 0);
  expect(notesPerMinute).toBeCloseTo(6_000, -1);
  expect(secondsLeft).toBeCloseTo(10, 1);
});

test('texts of no length leave the time unknown', () => {
  speed.begin();
  work(3, 1_000, 0);
  expect(speed.of(10, 0)).toEqual({ notesPerMinute: 60, secondsLeft: null });
});

test('where nobody knows how long the texts are, the time left is told by their number', () => {
  speed.begin();
  work(10, 2_000, 50);
  expect(speed.of(null, 6)).toEqual({ notesPerMinute: 30, secondsLeft: 12 });
});
