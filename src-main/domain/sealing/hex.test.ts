import { expect, test } from 'vitest';
import { bytesOfHex, hexOf } from './hex';

test('agrees with the platform on every byte', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const digits = Buffer.from(bytes).toString('hex');
  expect(hexOf(bytes)).toBe(digits);
  expect(bytesOfHex(digits)).toEqual(bytes);
  expect(bytesOfHex('')).toEqual(new Uint8Array());
});
