import { expect, test } from 'vitest';
import { inOrder } from './in-order';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i += 1) yield await Promise.resolve(i);
}

test('results come in the order of the inputs, however long each takes; so many at once', async () => {
  const taken: number[] = [];
  let [running, most] = [0, 0];
  await inOrder(numbers(40), 3, {
    signal: new AbortController().signal,
    work: async (i) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, (i * 7) % 11));
      running -= 1;
      return i * 2;
    },
    take: (result) => {
      taken.push(result);
      return Promise.resolve();
    },
  });
  expect(taken).toEqual(Array.from({ length: 40 }, (_, i) => i * 2));
  expect(most).toBe(3);
});

test('after a failure nothing more is begun, and what came before it was handed on', async () => {
  const [begun, taken]: [number[], number[]] = [[], []];
  const running = inOrder(numbers(1000), 2, {
    signal: new AbortController().signal,
    work: (i) => {
      begun.push(i);
      return i === 5 ? Promise.reject(new Error('five')) : Promise.resolve(i);
    },
    take: (result) => {
      taken.push(result);
      return Promise.resolve();
    },
  });
  await expect(running).rejects.toThrow('five');
  expect(taken).toEqual([0, 1, 2, 3, 4]);
  expect(begun.length).toBeLessThan(20);
});
