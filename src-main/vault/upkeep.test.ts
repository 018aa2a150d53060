import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Upkeep } from './upkeep';

const hour = 3_600_000;
let steps: string[] = [];
let upkeep: Upkeep | null = null;
/** Ends the backup that is under way. */
let endBackup = (): void => undefined;
let slowBackup = false;

beforeEach(() => {
  vi.useFakeTimers();
  steps = [];
  slowBackup = false;
  upkeep = new Upkeep({
    everyMs: hour,
    backUpIfDue: async () => {
      steps.push('backup');
      if (slowBackup) await new Promise<void>((resolve) => (endBackup = resolve));
      steps.push('backed up');
    },
    compactIfWorth: async () => {
      steps.push('compact');
      await Promise.resolve();
      steps.push('compacted');
    },
  });
});
afterEach(() => {
  upkeep?.stop();
  vi.useRealTimers();
});
const whole = ['backup', 'backed up', 'compact', 'compacted'];

test('it looks every hour, for a backup first, and no more once it is stopped', async () => {
  upkeep?.start();
  upkeep?.start();
  await vi.advanceTimersByTimeAsync(hour - 1);
  expect(steps).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(steps).toEqual(whole);
  await vi.advanceTimersByTimeAsync(hour);
  expect(steps).toEqual([...whole, ...whole]);
  upkeep?.stop();
  await vi.advanceTimersByTimeAsync(10 * hour);
  expect(steps).toEqual([...whole, ...whole]);
});

test('nothing is compacted while a backup is written, however often it is time to look', async () => {
  slowBackup = true;
  upkeep?.start();
  await vi.advanceTimersByTimeAsync(5 * hour);
  expect(steps).toEqual(['backup']);
  // Somebody signs in meanwhile: that look follows the one under way.
  const asked = upkeep?.look();
  await vi.advanceTimersByTimeAsync(0);
  expect(steps).toEqual(['backup']);
  slowBackup = false;
  endBackup();
  await asked;
  expect(steps).toEqual([...whole, ...whole]);
});

test('a look that failed keeps none of the later ones back', async () => {
  const failing = new Upkeep({
    everyMs: hour,
    backUpIfDue: async () => {
      steps.push('backup');
      if (steps.length === 1) throw new Error('no place');
    },
    compactIfWorth: async () => void steps.push('compact'),
  });
  await expect(failing.look()).rejects.toThrow('no place');
  await failing.look();
  expect(steps).toEqual(['backup', 'backup', 'compact']);
});
