import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UsageMeter } from './usage-meter';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (milliseconds: number): unknown => vi.advanceTimersByTime(milliseconds);

it('before anything was evaluated there is no speed, also where all was held already', () => {
  const meter = new UsageMeter();
  meter.prompt(10, 10);
  expect(meter.speed).toEqual({ prefill: null, decode: null });
  expect(meter.usage).toMatchObject({ promptTokens: 10, reusedTokens: 10, prefillMs: 0 });
});

it('sequences that work at the same time share their time, and waiting is no time', () => {
  const meter = new UsageMeter();
  meter.prompt(30, 10);
  meter.begin('prefill');
  pass(100);
  meter.prompt(20, 0);
  meter.begin('prefill');
  pass(100);
  meter.end('prefill', 20, 0);
  pass(100);
  meter.end('prefill', 20, 0);
  pass(5_000);
  meter.begin('decode');
  pass(50);
  meter.end('decode', 10, 0);
  expect(meter.usage).toEqual({
    ...{ promptTokens: 50, reusedTokens: 10, restoredTokens: 0, decodedTokens: 10 },
    ...{ prefillMs: 300, decodeMs: 50 },
  });
  expect(meter.speed.prefill).toBeCloseTo(40 / 0.3);
  expect(meter.speed.decode).toBeCloseTo(10 / 0.05);
});

it('what is taken back was not decoded, and what is evaluated again counts for the speed alone', () => {
  const meter = new UsageMeter();
  meter.prompt(40, 0);
  meter.begin('prefill');
  pass(400);
  meter.end('prefill', 40, 0);
  meter.begin('decode');
  pass(100);
  meter.end('decode', 32, 0);
  meter.takenBack(20);
  meter.begin('prefill');
  pass(520);
  meter.end('prefill', 52, 52);
  expect(meter.usage).toMatchObject({ promptTokens: 40, restoredTokens: 52, decodedTokens: 12 });
  expect(meter.speed).toEqual({ prefill: 100, decode: 120 });
});
