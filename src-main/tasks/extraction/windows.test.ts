import { describe, expect, it } from 'vitest';
import { sourceText } from './source-text';
import { splitIntoWindows, type Window } from './windows';

function split(text: string, chars: number, sections: readonly number[] = []): Window[] {
  const limits = { chars, cost: Infinity, costOf: () => 1 };
  return splitIntoWindows(sourceText(text, 'nfkc-lower'), limits, sections);
}
const wordsOf = (text: string, windows: readonly Window[]): string[] => {
  const points = Array.from(text);
  return windows.map(({ start, end }) => points.slice(start, end).join(''));
};

describe('a window ends', () => {
  it('where a section begins, before any other border', () => {
    const text = '主诉头痛三天，既往高血压，无糖尿病。血糖高。';
    expect(wordsOf(text, split(text, 20, [7]))[0]).toBe('主诉头痛三天，');
  });

  it('with a line rather than a sentence, with a sentence rather than a clause', () => {
    const lines = '主诉：头痛三天。\n无发热。有咳嗽，咳痰多日不愈';
    expect(wordsOf(lines, split(lines, 16))[0]).toBe('主诉：头痛三天。\n');
    const sentences = '患者头痛三天，伴有发热。有咳嗽，咳痰多日不愈';
    expect(wordsOf(sentences, split(sentences, 16))[0]).toBe('患者头痛三天，伴有发热。');
    const clauses = '患者头痛三天伴有发热，有咳嗽咳痰多日不愈';
    expect(wordsOf(clauses, split(clauses, 16))[0]).toBe('患者头痛三天伴有发热，');
  });

  it('behind both halves of a line break of two characters', () => {
    const text = '主诉头痛三天\r\n无发热有咳嗽咳痰';
    expect(wordsOf(text, split(text, 10))[0]).toBe('主诉头痛三天\r\n');
  });

  it('never at a line end that the page made within a word', () => {
    const line = '患者因反复上腹部疼痛三个月，加重一周入院，胃镜检查提示慢性胃';
    const text = `${line}\n癌可能大，建议手术，病理待回报后决定下一步的治疗方案`;
    const [first] = wordsOf(text, split(text, line.length + 4));
    expect(first).not.toMatch(/慢性胃\n$/);
    expect(first?.endsWith('，')).toBe(true);
  });
});

describe('nothing is lost, and nothing is said twice', () => {
  const marks = ['患', '头', '𠮷', '。', '，', '\n', '\r\n', ' ', '9', 'a', '；'];
  // A seeded generator: the same texts each time.
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  const texts = Array.from({ length: 300 }, () =>
    Array.from({ length: random(200) }, () => marks[random(marks.length)]).join(''),
  );

  it.each([1, 7, 30, 500])('with windows of %i characters', (chars) => {
    for (const text of texts) {
      const points = Array.from(text);
      const windows = split(text, chars);
      const owners = points.map(
        (_, at) => windows.filter(({ from, to }) => from <= at && at < to).length,
      );
      points.forEach((char, at) => {
        if (char.trim() === '') expect(owners[at]).toBeLessThanOrEqual(1);
        else expect(owners[at]).toBe(1);
      });
      for (const { start, end, from, to } of windows) {
        expect(end - start).toBeLessThanOrEqual(chars);
        expect(start <= from && from < to && to <= end).toBe(true);
      }
    }
  });

  it('windows overlap only where there is no border, and then each mention is seen whole by its own', () => {
    const text = '头痛'.repeat(300);
    const windows = split(text, 200);
    expect(windows.length).toBeGreaterThan(3);
    for (const [at, window] of windows.slice(1).entries()) {
      const before = windows[at] as Window;
      expect(window.start).toBeLessThan(before.end);
      expect(window.from).toBe(before.to);
      // Room on both sides: what begins last in one, and what is read first in the other.
      expect(before.end - before.to).toBeGreaterThanOrEqual(20);
      expect(window.from - window.start).toBeGreaterThanOrEqual(20);
    }
    const borders = split('头痛三天，'.repeat(100), 200);
    for (const [at, window] of borders.slice(1).entries())
      expect(window.start).toBe(borders[at]?.end);
  });

  it('one character that costs more than a window may still gets one', () => {
    const limits = { chars: 10, cost: 2, costOf: (char: string) => (char === '痛' ? 5 : 1) };
    const windows = splitIntoWindows(sourceText('头痛头', 'none'), limits);
    expect(windows.map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
  });
});
