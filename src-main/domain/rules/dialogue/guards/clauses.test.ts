import { describe, expect, it } from 'vitest';
import { clausesOf } from './clauses';

const wordsOf = (text: string) =>
  clausesOf(text).map(({ start, end, sentence }) => [text.slice(start, end), sentence]);

describe('the clauses of a text', () => {
  it('end at marks, and know which sentence they are a part of', () => {
    expect(wordsOf('您好,这是肺炎。不用怕!\n多喝水')).toEqual([
      ['您好', 0],
      ['这是肺炎', 0],
      ['不用怕', 1],
      ['多喝水', 3],
    ]);
  });

  it('a decimal point ends nothing', () => {
    expect(wordsOf('血糖7.2,偏高.复查')).toEqual([
      ['血糖7.2', 0],
      ['偏高', 0],
      ['复查', 1],
    ]);
  });

  it('a stretch without marks is read in parts that leave nothing out', () => {
    const text = '好'.repeat(1000);
    const clauses = clausesOf(text);
    expect(clauses.length).toBeGreaterThan(5);
    expect(
      wordsOf(text)
        .map(([words]) => words)
        .join(''),
    ).toBe(text);
  });
});
