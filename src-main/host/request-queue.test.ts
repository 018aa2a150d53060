import { expect, it } from 'vitest';
import type { Priority } from '../domain/contract/usage';
import { RequestQueue } from './request-queue';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A queue whose requests last until they are told to end. */
function harness(parallel: number) {
  const queue = new RequestQueue(parallel);
  const log: string[] = [];
  const ask = (name: string, priority: Priority = 'interactive') => {
    const stop = new AbortController();
    let finish: (error?: Error) => void = () => undefined;
    const ended = queue.run({
      priority,
      signal: stop.signal,
      onQueued: (ahead) => log.push(`${name} waits behind ${ahead}`),
      work: () => {
        log.push(`${name} begins`);
        return new Promise<string>((resolve, reject) => {
          finish = (error) => (error ? reject(error) : resolve(name));
        });
      },
    });
    ended.catch(() => undefined);
    const end = async (error?: Error): Promise<void> => {
      finish(error);
      await settled();
    };
    return { ended, end, cancel: () => stop.abort() };
  };
  const taken = (): string[] => log.splice(0);
  return { queue, ask, taken };
}

it('as many run at once as there are sequences, the others in the order asked', async () => {
  const { queue, ask, taken } = harness(2);
  const [a, b] = [ask('a'), ask('b'), ask('c'), ask('d')];
  expect(taken()).toEqual(['a begins', 'b begins', 'c waits behind 2', 'd waits behind 3']);
  expect([queue.running, queue.waiting]).toEqual([2, 2]);
  await b.end();
  expect(taken()).toEqual(['c begins']);
  await a.end();
  expect(taken()).toEqual(['d begins']);
  expect(await a.ended).toBe('a');
});

it('an interactive request begins although batch requests hold all sequences', async () => {
  const { queue, ask, taken } = harness(1);
  const night = ask('night', 'batch');
  const next = ask('next', 'batch');
  expect(queue.isBatchPaused).toBe(false);
  const doctor = ask('doctor');
  expect(taken()).toEqual(['night begins', 'next waits behind 1', 'doctor begins']);
  expect([queue.isBatchPaused, queue.running, queue.waiting]).toEqual([true, 2, 1]);
  // Room for batch alone does not let one begin.
  await night.end();
  expect(taken()).toEqual([]);
  const last = ask('last', 'batch');
  expect(taken()).toEqual(['last waits behind 2']);
  await doctor.end();
  expect(taken()).toEqual(['next begins']);
  expect(queue.isBatchPaused).toBe(false);
  await next.end();
  await last.end();
  expect(taken()).toEqual(['last begins']);
});

it('interactive requests go before batch requests that asked earlier', async () => {
  const { ask, taken } = harness(1);
  const first = ask('first');
  ask('night', 'batch');
  const second = ask('second');
  taken();
  await first.end();
  expect(taken()).toEqual(['second begins']);
  await second.end();
  expect(taken()).toEqual(['night begins']);
});

it('a request that throws makes room for the next one', async () => {
  const { ask, taken } = harness(1);
  const broken = ask('broken');
  ask('next');
  taken();
  await broken.end(new Error('broken'));
  await expect(broken.ended).rejects.toThrow('broken');
  expect(taken()).toEqual(['next begins']);
});

it('a request that is cancelled while it waits ends at once, and holds nobody up', async () => {
  const { queue, ask, taken } = harness(1);
  const first = ask('first', 'batch');
  const doctor = ask('doctor');
  const gone = ask('gone');
  ask('night', 'batch');
  gone.cancel();
  await expect(gone.ended).rejects.toMatchObject({ name: 'Cancelled' });
  await doctor.end();
  await first.end();
  expect(taken()).toContain('night begins');
  expect([queue.running, queue.waiting]).toEqual([1, 0]);
  const never = ask('never');
  never.cancel();
  await never.end();
  const too = new AbortController();
  too.abort();
  const late = queue.run({
    priority: 'interactive',
    signal: too.signal,
    onQueued: () => undefined,
    work: () => Promise.resolve(),
  });
  await expect(late).rejects.toMatchObject({ name: 'Cancelled' });
  expect(queue.running).toBe(1);
});
