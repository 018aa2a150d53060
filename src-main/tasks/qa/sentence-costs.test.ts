import { expect, it } from 'vitest';
import { HostileModel } from '../extraction/hostile-model.fixture';
import { sentenceCosts } from './sentence-costs';

it('the same text in other sentences costs what those cost, and is counted once while they are the same', () => {
  const model = new HostileModel(1);
  const text = '主诉头痛三天既往体健';
  const cutAt = (at: number) => [
    { start: 0, end: at, section: null },
    { start: at, end: text.length, section: null },
  ];
  const [early, late] = [cutAt(2), cutAt(8)];
  const costs = sentenceCosts(model, text, early);
  expect(costs[0]).toBeLessThan(costs[1] as number);
  expect(sentenceCosts(model, text, cutAt(2))).toBe(costs);
  expect(sentenceCosts(model, text, late)).toEqual([...costs].reverse());
});
