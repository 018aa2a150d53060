import { describe, expect, it } from 'vitest';
import type { ConversationNode } from '@domain/contract/conversation';
import { leafUnder, mergedNodes, pathTo, waysOf } from './tree';

const node = (id: string, parent: string | null, at = 0): ConversationNode => ({
  ...{ id, parent, question: id, at, state: 'answered', asked: [] },
});
//  a ─ b ─ c
//  │   └ d ─ e
//  └ (a2)
const nodes = [
  node('a', null),
  node('b', 'a'),
  node('c', 'b'),
  node('d', 'b'),
  node('e', 'd'),
  node('a2', null),
];
const ids = (some: readonly ConversationNode[]) => some.map(({ id }) => id);

describe('a conversation', () => {
  it('shows one branch, from its first question to its last', () => {
    expect(ids(pathTo(nodes, 'e'))).toEqual(['a', 'b', 'd', 'e']);
    expect(ids(pathTo(nodes, 'c'))).toEqual(['a', 'b', 'c']);
    expect(pathTo(nodes, null)).toEqual([]);
    expect(pathTo(nodes, 'gone')).toEqual([]);
  });

  it('keeps every way in which a question was asked', () => {
    expect(ids(waysOf(nodes, node('d', 'b')))).toEqual(['c', 'd']);
    expect(ids(waysOf(nodes, node('a', null)))).toEqual(['a', 'a2']);
  });

  it('goes on where another way was left, by the newest one', () => {
    expect(leafUnder(nodes, 'a')).toBe('e');
    expect(leafUnder(nodes, 'c')).toBe('c');
  });

  it('that names itself as its own parent ends all the same', () => {
    const round = [node('x', 'y'), node('y', 'x')];
    expect(ids(pathTo(round, 'x'))).toEqual(['y', 'x']);
    expect(leafUnder(round, 'x')).toBe('y');
  });

  it('that two windows added to has what both added', () => {
    const mine = [node('a', null, 1), { ...node('b', 'a', 3), question: 'mine' }];
    const stored = [node('a', null, 1), node('b', 'a', 3), node('c', 'a', 2)];
    const merged = mergedNodes(stored, mine);
    expect(ids(merged)).toEqual(['a', 'c', 'b']);
    expect(merged.at(-1)?.question).toBe('mine');
  });
});
