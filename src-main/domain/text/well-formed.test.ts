import { expect, test } from 'vitest';
import { isWellFormed, toWellFormed } from './well-formed';

test.each([
  ['nothing', '', ''],
  ['plain Chinese', '患者头痛三天', '患者头痛三天'],
  ['a proper pair', '𠮷野家😀', '𠮷野家😀'],
  ['a high half alone', 'a\uD83Db', 'a\uFFFDb'],
  ['a low half alone', 'a\uDE00b', 'a\uFFFDb'],
  ['halves in the wrong order', '\uDE00\uD83D', '\uFFFD\uFFFD'],
  ['a high half before a pair', '\uD83D\uD83D\uDE00', '\uFFFD\u{1F600}'],
  ['a low half after a pair', '\uD83D\uDE00\uDE00', '\u{1F600}\uFFFD'],
  ['a high half at the end', '痛\uD800', '痛\uFFFD'],
])('%s', (_name, input, expected) => {
  expect(toWellFormed(input)).toBe(expected);
  expect(isWellFormed(input)).toBe(input === expected);
});

test('agrees with the platform on every pair of interesting code units', () => {
  const units = [0, 0x41, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];
  const platform = (text: string): string => Buffer.from(text, 'utf-8').toString('utf-8');
  for (const a of units)
    for (const b of units)
      for (const c of units) {
        const text = String.fromCharCode(a, b, c);
        expect(toWellFormed(text)).toBe(platform(text));
        expect(toWellFormed(text)).toHaveLength(3);
      }
});
