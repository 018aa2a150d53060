import { describe, expect, it } from 'vitest';
import type { Fact } from '@domain/contract/fact';
import { isWellFormed } from '@domain/text/well-formed';
import { blockAt, factsByBlock, isPlaced, segmentBlock, splitBlocks } from './segments';

let nextId = 0;
function fact(start: number | null, end: number | null, type = '药物'): Fact {
  nextId += 1;
  const id = `f${nextId}`;
  return {
    id,
    kind: 'mention',
    type,
    text: '',
    start,
    end,
    evidence: [],
    attributes: {},
    confidence: 1,
  };
}
const whole = (text: string) => ({ start: 0, end: text.length });
const shape = (text: string, facts: Fact[]) =>
  segmentBlock(text, whole(text), facts.filter(isPlaced)).map(({ start, end, facts: over }) => [
    text.slice(start, end),
    ...over.map((layer) => (layer.first ? layer.fact.id : `${layer.fact.id}+`)),
  ]);

describe('segments', () => {
  it('cover the text without gaps, with and without facts', () => {
    const text = '口服二甲双胍治疗';
    const drug = fact(2, 6);
    expect(shape(text, [])).toEqual([[text]]);
    expect(shape(text, [drug])).toEqual([['口服'], ['二甲双胍', drug.id], ['治疗']]);
    expect(segmentBlock('', { start: 0, end: 0 }, [])).toEqual([]);
  });

  it('a fact inside another is drawn inside it, the wider one outside', () => {
    const inner = fact(2, 4);
    const outer = fact(0, 5);
    expect(shape('急性阑尾炎', [inner, outer])).toEqual([
      ['急性', outer.id],
      ['阑尾', `${outer.id}+`, inner.id],
      ['炎', `${outer.id}+`],
    ]);
  });

  it('of two facts with the same start the wider one is outside', () => {
    const inner = fact(0, 2);
    const outer = fact(0, 5);
    expect(shape('急性阑尾炎', [inner, outer])[0]).toEqual(['急性', outer.id, inner.id]);
  });

  it('facts that cross each other both keep all of their characters', () => {
    const left = fact(0, 3);
    const right = fact(2, 5);
    const cut = shape('一二三四五', [left, right]);
    const lettersOf = (id: string) =>
      cut
        .filter(([, ...ids]) => ids.some((other) => other?.replace('+', '') === id))
        .map(([letters]) => letters)
        .join('');
    expect(lettersOf(left.id)).toBe('一二三');
    expect(lettersOf(right.id)).toBe('三四五');
  });

  it('two facts on the same characters are both drawn', () => {
    const one = fact(0, 2, '手术');
    const two = fact(0, 2, '药物');
    expect(shape('置换', [one, two])).toEqual([['置换', one.id, two.id]]);
  });

  it('never cut a surrogate pair in two', () => {
    const text = 'a𠮷b';
    for (const { start, end } of segmentBlock(text, whole(text), [fact(2, 4)].filter(isPlaced))) {
      expect(isWellFormed(text.slice(start, end))).toBe(true);
    }
  });

  it('facts without a place, or of no length, draw nothing', () => {
    expect(shape('文', [fact(null, null), fact(0, 0)])).toEqual([['文']]);
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

  it('a fact over a border is in both blocks and drawn as one', () => {
    const blocks = [
      { start: 0, end: 4 },
      { start: 4, end: 8 },
    ];
    const over = [fact(2, 6)].filter(isPlaced);
    const lists = factsByBlock(blocks, over);
    expect(lists).toEqual([over, over]);
    const firsts = blocks.flatMap((block, at) =>
      segmentBlock('01234567', block, lists[at] ?? []).flatMap(({ facts }) =>
        facts.map(({ first }) => first),
      ),
    );
    expect(firsts).toEqual([true, false]);
  });

  it('a new fact leaves the lists of other blocks as they are', () => {
    const blocks = [
      { start: 0, end: 4 },
      { start: 4, end: 8 },
    ];
    const one = fact(0, 1);
    const before = factsByBlock(blocks, [one]);
    const after = factsByBlock(blocks, [one, fact(5, 6)], before);
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
