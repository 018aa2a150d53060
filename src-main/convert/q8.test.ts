import { expect, it } from 'vitest';
import { halfBits } from './half';
import { toQ8Bytes } from './q8';

it('each block is its largest value by 127 as a half, and every value in steps of that', () => {
  const values = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? i - 16 : 0));
  const bytes = Buffer.from(toQ8Bytes(values));
  expect(bytes).toHaveLength(68);
  expect(bytes.readUInt16LE(0)).toBe(halfBits(16 / 127));
  // -16 is 127 steps; 8 is 63.5 steps, and halves go away from zero.
  expect(bytes.readInt8(2)).toBe(-127);
  expect(bytes.readInt8(2 + 24)).toBe(64);
  expect(bytes.readInt8(2 + 8)).toBe(-64);
  expect(bytes.readInt8(2 + 16)).toBe(0);
  expect(bytes.subarray(34).every((byte) => byte === 0)).toBe(true);
});

it('what is read back differs by at most half a step', () => {
  const values = Float32Array.from(
    { length: 320 },
    (_, i) => Math.sin(i * 12.9898) * (1 + (i >> 5)),
  );
  const bytes = Buffer.from(toQ8Bytes(values));
  values.forEach((value, i) => {
    const at = (i >> 5) * 34;
    const block = values.slice((i >> 5) * 32, (i >> 5) * 32 + 32);
    const step = Math.max(...block.map(Math.abs)) / 127;
    expect(Math.abs(bytes.readInt8(at + 2 + (i % 32)) * step - value)).toBeLessThanOrEqual(
      step * 0.501,
    );
  });
});

it('values that do not fill blocks are refused', () => {
  expect(() => toQ8Bytes(new Float32Array(33))).toThrow(RangeError);
});
