import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns';

test('jobs of one name never overlap, also after one that failed; other names go on', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const job =
    (name: string, fails = false) =>
    async (): Promise<string> => {
      log.push(`${name} begins`);
      await sleep(5);
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const outcomes = await Promise.allSettled([
    turns.take('x', job('x1', true)),
    turns.take('x', job('x2')),
    turns.take('y', job('y1')),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  const ofX = log.filter((line) => line.startsWith('x'));
  expect(ofX).toEqual(['x1 begins', 'x1 ends', 'x2 begins', 'x2 ends']);
  expect(log.indexOf('y1 begins')).toBeLessThan(log.indexOf('x1 ends'));
  expect(await turns.take('x', job('x3'))).toBe('x3');
});
