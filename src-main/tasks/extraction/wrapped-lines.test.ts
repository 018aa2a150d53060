import { expect, it } from 'vitest';
import { sourceText } from './source-text';
import { wrappedBreaks } from './wrapped-lines';

/** A line of a page that is 44 columns wide. */
const full = '患者因反复上腹部疼痛三个月伴恶心呕吐一周入院';
const breaks = (text: string, borders: readonly number[] = []): number[] => [
  ...wrappedBreaks(sourceText(text, 'nfkc-lower'), borders),
];

it('a full line that ends within words was broken by the page', () => {
  expect(breaks(`${full}\n检查提示胃癌`)).toEqual([full.length]);
  expect(breaks(`${full}\r\n检查提示胃癌`)).toEqual([full.length, full.length + 1]);
  // One character did not fit, and half-width ones take a column each.
  const narrow = `${full.slice(0, -3)}CT12`;
  expect(breaks(`${narrow}肝\n癌\n${full}`)).toEqual([narrow.length + 1]);
});

it.each([
  ['the end of a sentence', `${full.slice(0, -1)}。\n检查提示胃癌`],
  ['a short entry', '既往史无特殊\n个人史无特殊'],
  ['a line that is shorter than others', `${full.slice(0, -4)}\n检查\n${full}。`],
  ['an empty line', `${full}\n\n检查提示胃癌`],
  ['an entry with a number', `${full}\n2.检查提示胃癌`],
  ['the last line', `${full}\n`],
  ['nothing', ''],
])('%s is where a writer ended a line', (_, text) => {
  expect(breaks(text)).toEqual([]);
});

it('a text of nothing but line ends has none', () => {
  expect(breaks('\n'.repeat(500_000))).toEqual([]);
});

it('a section begins on a line of its own', () => {
  expect(breaks(`${full}\n检查提示胃癌`, [full.length + 1])).toEqual([]);
});
