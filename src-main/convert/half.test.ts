import { expect, it } from 'vitest';
import { halfBits, halfValue, toHalfBytes } from './half';

it('reads what the standard says: normal, subnormal, the largest, infinity', () => {
  expect([0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x83ff].map(halfValue)).toEqual([
    1,
    -2,
    1365 / 4096,
    65504,
    2 ** -24,
    -1023 * 2 ** -24,
  ]);
  expect([0x7c00, 0xfc00].map(halfValue)).toEqual([Infinity, -Infinity]);
  expect(halfValue(0x7e00)).toBeNaN();
});

it('every half survives the way through a float', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfValue(bits);
    if (Number.isNaN(value)) expect(halfValue(halfBits(value))).toBeNaN();
    else expect(halfBits(value)).toBe(bits);
  }
});

it('rounds to the nearest half, ties to even, and overflows to infinity', () => {
  expect(halfBits(1 + 1 / 2048)).toBe(0x3c00);
  expect(halfBits(1 + 3 / 2048)).toBe(0x3c02);
  expect(halfBits(2047 / 1024 + 1 / 2048)).toBe(0x4000);
  expect(halfBits(65520)).toBe(0x7c00);
  expect(halfBits(2 ** -25)).toBe(0);
  expect(halfBits(-(2 ** -24))).toBe(0x8001);
});

it('writes little-endian', () => {
  expect([...toHalfBytes(Float32Array.of(1, -2))]).toEqual([0, 0x3c, 0, 0xc0]);
});
