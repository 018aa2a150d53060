import { describe, expect, it } from 'vitest';
import { findSections } from '@domain/rules/sections';
import { areSameTexts, joinTexts, placeIn } from './asked-texts';
import { charsOf, joined, leftOut, leftOutLines } from '../../ui/left-out';

const textOf = (recordId: string, text: string) => ({
  ...{ recordId, textSha256: `sha-${recordId}`, chars: text.length, text },
  sections: findSections(text),
});
const records = [
  textOf('one', '主诉：头痛。\n既往史：青霉素过敏。'),
  textOf('two', '主诉：胸闷三天。\n过敏史：无。'),
];

describe('several records as one text', () => {
  const { text, sections, asked } = joinTexts(records);

  it('every word of it is found again in its own record', () => {
    for (const record of records) {
      for (const words of ['主诉', '过敏', record.text]) {
        const start = text.indexOf(words, text.indexOf(record.text));
        const place = placeIn(asked, { start, end: start + words.length });
        expect(place?.recordId).toBe(record.recordId);
        expect(record.text.slice(place?.start, place?.end)).toBe(words);
      }
    }
  });

  it('sections stand where their headings do', () => {
    expect(sections.length).toBe(records.flatMap((record) => record.sections).length);
    expect(sections.length).toBeGreaterThanOrEqual(4);
    for (const { name, start, end } of sections) expect(text.slice(start, end)).toContain(name);
  });

  it('what lies in two records lies in none', () => {
    const border = records[0]?.text.length ?? 0;
    expect(placeIn(asked, { start: border - 1, end: border + 3 })).toBeNull();
    expect(placeIn(asked, { start: text.length - 1, end: text.length + 1 })).toBeNull();
    expect(placeIn([], { start: 0, end: 1 })).toBeNull();
  });
});

it('places of one time are those of another only in the same texts in the same order', () => {
  const [one, two] = records.map((record) => joinTexts([record]).asked);
  const both = joinTexts(records).asked;
  expect(areSameTexts(both, [...(one ?? []), ...(two ?? [])])).toBe(true);
  expect(areSameTexts(both, [...both].reverse())).toBe(false);
  expect(areSameTexts(both, one ?? [])).toBe(false);
});

describe('what is left out of a text', () => {
  const text = '甲。 乙。\n\n丙。丁。';
  const used = [
    { start: 0, end: 2 },
    { start: 3, end: 5 },
    { start: 9, end: 11 },
  ];

  it('is every word that was not used, and no white space', () => {
    const words = leftOut(text, used).map(({ start, end }) => text.slice(start, end));
    expect(words).toEqual(['丙。']);
    expect(leftOut(text, []).map(({ start, end }) => text.slice(start, end))).toEqual([text]);
    expect(leftOut(text, [{ start: 0, end: text.length }])).toEqual([]);
  });

  it('is told line by line where somebody reads through it', () => {
    const record = '主诉：发热。\r\n过敏史：青霉素。 \n\n  查体：无。';
    const lines = leftOutLines(record, [{ start: 0, end: 6 }]);
    expect(lines.map(({ start, end }) => record.slice(start, end))).toEqual([
      '过敏史：青霉素。',
      '查体：无。',
    ]);
  });

  it('neighbours among the used are one', () => {
    expect(joined(text, used)).toEqual([
      { start: 0, end: 5 },
      { start: 9, end: 11 },
    ]);
    expect(charsOf(used)).toBe(6);
  });
});
