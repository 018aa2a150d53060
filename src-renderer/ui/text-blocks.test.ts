import { describe, expect, it } from 'vitest';
import { isWellFormed } from '@domain/text/well-formed';
import { blockAt, segmentBlock, spansByBlock, splitBlocks, type Span } from './text-blocks';

interface Marked extends Span {
  readonly id: string;
}

let nextId = 0;
function marked(start: number, end: number): Marked {
  nextId += 1;
  return { id: `s${nextId}`, start, end };
}
const whole = (text: string) => ({ start: 0, end: text.length });
const shape = (text: string, spans: Marked[]) =>
  segmentBlock(text, whole(text), spans).map(({ start, end, spans: over }) => [
    text.slice(start, end),
    ...over.map((layer) => (layer.first ? layer.span.id : `${layer.span.id}+`)),
  ]);

describe('segments', () => {
  it('cover the text without gaps, with and without spans', () => {
    const text = '口服二甲双胍治疗';
    const drug = marked(2, 6);
    expect(shape(text, [])).toEqual([[text]]);
    expect(shape(text, [drug])).toEqual([['口服'], ['二甲双胍', drug.id], ['治疗']]);
    expect(segmentBlock('', { start: 0, end: 0 }, [])).toEqual([]);
  });

  it('a span inside another is drawn inside it, the wider one outside', () => {
    const inner = marked(2, 4);
    const outer = marked(0, 5);
    expect(shape('急性阑尾炎', [inner, outer])).toEqual([
      ['急性', outer.id],
      ['阑尾', `${outer.id}+`, inner.id],
      ['炎', `${outer.id}+`],
    ]);
  });

  it('of two spans with the same start the wider one is outside', () => {
    const inner = marked(0, 2);
    const outer = marked(0, 5);
    expect(shape('急性阑尾炎', [inner, outer])[0]).toEqual(['急性', outer.id, inner.id]);
  });

  it('spans that cross each other both keep all of their characters', () => {
    const left = marked(0, 3);
    const right = marked(2, 5);
    const cut = shape('一二三四五', [left, right]);
    const lettersOf = (id: string) =>
      cut
        .filter(([, ...ids]) => ids.some((other) => other?.replace('+', '') === id))
        .map(([letters]) => letters)
        .join('');
    expect(lettersOf(left.id)).toBe('一二三');
    expect(lettersOf(right.id)).toBe('三四五');
  });

  it('two spans on the same characters are both drawn', () => {
    const one = marked(0, 2);
    const two = marked(0, 2);
    expect(shape('置换', [one, two])).toEqual([['置换', one.id, two.id]]);
  });

  it('never cut a surrogate pair in two', () => {
    const text = 'a𠮷b';
    for (const { start, end } of segmentBlock(text, whole(text), [marked(2, 4)])) {
      expect(isWellFormed(text.slice(start, end))).toBe(true);
    }
  });
});

describe('blocks', () => {
  const joined = (text: string, target?: number, limit?: number) =>
    splitBlocks(text, target, limit)
      .map(({ start, end }) => text.slice(start, end))
      .join('');

  it('hold the whole text, in order and once', () => {
    const text = '第一行\n\n第三行\r\n'.repeat(500) + '末行';
    expect(splitBlocks(text).length).toBeGreaterThan(1);
    expect(joined(text)).toBe(text);
    expect(splitBlocks('')).toEqual([]);
  });

  it('end at line ends where lines allow', () => {
    const text = '一二三四五\n'.repeat(100);
    for (const { end } of splitBlocks(text, 20, 100)) expect(text[end - 1]).toBe('\n');
  });

  it('a line without end is broken, but no character is', () => {
    const text = 'x' + '𠮷'.repeat(300);
    const blocks = splitBlocks(text, 20, 50);
    expect(blocks.length).toBeGreaterThan(5);
    for (const { start, end } of blocks) expect(isWellFormed(text.slice(start, end))).toBe(true);
    expect(joined(text, 20, 50)).toBe(text);
  });

  it('a span over a border is in both blocks and drawn as one', () => {
    const blocks = [
      { start: 0, end: 4 },
      { start: 4, end: 8 },
    ];
    const over = [marked(2, 6)];
    const lists = spansByBlock(blocks, over);
    expect(lists).toEqual([over, over]);
    const firsts = blocks.flatMap((block, at) =>
      segmentBlock('01234567', block, lists[at] ?? []).flatMap(({ spans }) =>
        spans.map(({ first }) => first),
      ),
    );
    expect(firsts).toEqual([true, false]);
  });

  it('a new span leaves the lists of other blocks as they are', () => {
    const blocks = [
      { start: 0, end: 4 },
      { start: 4, end: 8 },
    ];
    const one = marked(0, 1);
    const before = spansByBlock(blocks, [one]);
    const after = spansByBlock(blocks, [one, marked(5, 6)], before);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it('every offset is found in its block', () => {
    const blocks = splitBlocks('ab\n'.repeat(100), 9, 20);
    for (let offset = 0; offset < 300; offset++) {
      const block = blocks[blockAt(blocks, offset)];
      expect(block && block.start <= offset && offset < block.end).toBe(true);
    }
  });
});
