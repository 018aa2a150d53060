import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { PackedNames } from './packed-names';

/** Of every way to pack, and near each border between two of them. */
const odd = [
  '',
  'a',
  'ab',
  'AB',
  'abc',
  '00',
  '0',
  'ab ',
  '00000000-0000-4000-8000-000000000000',
  '00000000-0000-4000-8000-00000000000A',
  '00000000x0000-4000-8000-000000000000',
  '0000000-00000-4000-8000-000000000000',
  '0'.repeat(36),
  '0'.repeat(32),
  '\0'.repeat(17),
  'é',
  '病历-7',
  '𠮷'.repeat(64),
  'x'.repeat(5000),
];

test('names of every kind come back as they were, under numbers in the order in which they came', () => {
  const names = new PackedNames();
  expect(odd.map((name) => names.numberOf(name))).toEqual(odd.map(() => -1));
  expect(odd.map((name) => names.add(name))).toEqual([...odd.keys()]);
  expect(odd.map((name) => names.add(name))).toEqual([...odd.keys()]);
  expect(odd.map((name) => names.numberOf(name))).toEqual([...odd.keys()]);
  expect([...names]).toEqual(odd);
  expect(names.size).toBe(odd.length);
  expect(() => names.nameOf(odd.length)).toThrow(RangeError);
  expect(() => names.add('x'.repeat(6000))).toThrow(RangeError);
});

test('thousands of identifiers stay apart, and none is taken for one that is not there', () => {
  const names = new PackedNames();
  const known = Array.from({ length: 20_000 }, (_, at) =>
    at % 2 === 0 ? randomUUID() : randomBytes(at % 3 === 0 ? 32 : 8).toString('hex'),
  );
  expect(known.map((name) => names.add(name))).toEqual([...known.keys()]);
  expect(known.map((name) => names.numberOf(name))).toEqual([...known.keys()]);
  expect([...names]).toEqual(known);
  const others = Array.from({ length: 1000 }, () => randomUUID());
  expect(others.filter((name) => names.has(name))).toEqual([]);
});
