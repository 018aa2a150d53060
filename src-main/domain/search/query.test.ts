import { expect, it } from 'vitest';
import { markedParts, matchOf, snippetOf, termsOf } from './query';

it('words are separated by any blank, folded, and asked once', () => {
  expect(termsOf('  高血壓　ＣＴ ct\n头痛 ')).toEqual(['高血压', 'ct', '头痛']);
  for (const nothing of ['', ' ', '\u3000\n', '\u200b']) expect(termsOf(nothing)).toEqual([]);
  expect(termsOf('头痛\ud800')).toEqual(['头痛\ufffd']);
});

it('all words have to be there, each in the title or in the text, and the place is in the original', () => {
  const text = '患者，男。既往高血壓病史，ＣＴ未见異常。';
  const match = matchOf('入院记录', text, termsOf('高血压 ct 入院'));
  expect(match && text.slice(match.start, match.end)).toBe('高血壓');
  expect(matchOf('入院记录', text, termsOf('入院'))).toBeNull();
  expect(matchOf('入院记录', text, termsOf('高血压 糖尿病'))).toBeUndefined();
  // A word is not put together of title and text.
  expect(matchOf('入', '院', termsOf('入院'))).toBeUndefined();
});

it('the surroundings are those of the original text, with every word marked, and cut no character in two', () => {
  const text = `${'😀'.repeat(40)}高血压，服药。高血壓控制好${'𠮷'.repeat(80)}`;
  const match = matchOf('', text, termsOf('高血压'));
  if (!match) throw new Error('no match');
  const parts = snippetOf(text, match, termsOf('高血压 服药'));
  expect(text).toContain(parts.map((part) => part.text).join(''));
  expect(parts.filter((part) => part.found).map((part) => part.text)).toEqual([
    '高血压',
    '服药',
    '高血壓',
  ]);
  expect(parts.every((part) => !/\p{Surrogate}/u.test(part.text))).toBe(true);
});

it('marks that overlap are drawn once, and the parts are the text', () => {
  const parts = markedParts('头痛头痛三天', ['头痛', '痛头', '三']);
  expect(parts.map((part) => part.text).join('')).toBe('头痛头痛三天');
  expect(
    parts
      .filter((part) => part.found)
      .map((part) => part.text)
      .join(''),
  ).toBe('头痛头痛三');
});
