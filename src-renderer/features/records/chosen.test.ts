import { describe, expect, it } from 'vitest';
import { ChosenRecords } from './chosen.svelte';

const list = (count: number) => Array.from({ length: count }, (_each, at) => ({ id: `r${at}` }));

describe('records that are chosen', () => {
  it('are marked one by one, and taken off again', () => {
    const chosen = new ChosenRecords();
    chosen.toggle('a');
    chosen.toggle('b');
    chosen.toggle('a');
    expect([chosen.count, chosen.ids, chosen.has('a')]).toEqual([1, ['b'], false]);
  });

  it('by Shift and arrows are a range from the cursor that grows and shrinks over its begin', () => {
    const chosen = new ChosenRecords();
    const items = list(9);
    chosen.toggle('r0');
    chosen.moved();
    for (const [cursor, to] of [
      [4, 5],
      [5, 6],
      [6, 5],
    ] as const)
      chosen.extend(items, { cursor, to, anew: true });
    expect(chosen.ids).toEqual(['r0', 'r4', 'r5']);
    for (const [cursor, to] of [
      [5, 4],
      [4, 3],
    ] as const)
      chosen.extend(items, { cursor, to, anew: true });
    expect(new Set(chosen.ids)).toEqual(new Set(['r0', 'r3', 'r4']));
  });

  it('by Shift and a click reach from what was marked last, and leave what was marked before', () => {
    const chosen = new ChosenRecords();
    const items = list(9);
    chosen.toggle('r3');
    chosen.toggle('r6');
    chosen.extend(items, { cursor: 6, to: 2 });
    expect(chosen.ids.sort()).toEqual(['r2', 'r3', 'r4', 'r5', 'r6']);
    chosen.extend(items, { cursor: 2, to: 7 });
    expect(chosen.ids.sort()).toEqual(['r3', 'r6', 'r7']);
  });

  it('are no more than those that are there; a range does not begin at one that went', () => {
    const chosen = new ChosenRecords();
    const items = list(4);
    chosen.all(items);
    chosen.keep((id) => id !== 'r1');
    expect(chosen.count).toBe(3);
    chosen.clear();
    expect(chosen.ids).toEqual([]);
    chosen.extend(items, { cursor: 2, to: 3 });
    expect(chosen.ids).toEqual(['r2', 'r3']);
  });
});
