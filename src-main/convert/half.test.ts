import { expect, it } from 'vitest';
import { halfBits, toHalfBytes } from './half';

/** The definition, written the plain way. */
function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

it('every half survives the way through a float', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = valueOf(bits);
    if (Number.isNaN(value)) expect(valueOf(halfBits(value))).toBeNaN();
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
