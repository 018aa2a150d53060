import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { AppError } from './errors';
import { Cancelled, method, RpcClient, serve, type Handlers, type Port } from './rpc';

const table = {
  echo: method({ params: z.object({ text: z.string() }), result: z.string() }),
  count: method({ params: z.object({ to: z.int() }), result: z.int(), event: z.int() }),
  forever: method({ params: z.undefined(), result: z.undefined() }),
  fails: method({ params: z.enum(['typed', 'untyped']), result: z.undefined() }),
  lies: method({ params: z.undefined(), result: z.int() }),
};

const open: MessagePort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

/** A real port of Node, adapted. */
function adapt(port: MessagePort): Port {
  open.push(port);
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

function pair(internal: string[] = []) {
  const { port1, port2 } = new MessageChannel();
  let aborted = 0;
  const handlers: Handlers<typeof table> = {
    echo: ({ text }) => Promise.resolve(text),
    count: async ({ to }, { emit }) => {
      for (let i = 1; i <= to; i++) emit(i);
      return Promise.resolve(to);
    },
    forever: (_nothing, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted++;
          reject(new Cancelled());
        });
      }),
    fails: (how) =>
      Promise.reject(
        how === 'typed'
          ? new AppError('DISK_FULL', { params: { free: 0 } })
          : new Error('患者张某 clinical words'),
      ),
    lies: () => Promise.resolve('not a number' as never),
  };
  const server = serve(adapt(port1), table, handlers, {
    onInternalError: (_error, incident) => internal.push(incident),
  });
  const raw = port2;
  const client = new RpcClient(adapt(port2), table, 'HOST_DIED');
  return { client, server, raw, other: port1, aborted: () => aborted };
}

describe('a request ends in exactly one of result, typed error, cancelled', () => {
  it('result, after its events in order', async () => {
    const { client } = pair();
    const events: number[] = [];
    const result = await client.call(
      'count',
      { to: 3 },
      { onEvent: (event) => events.push(event) },
    );
    expect(result).toBe(3);
    expect(events).toEqual([1, 2, 3]);
  });

  it('a typed error keeps its code and numbers', async () => {
    const { client } = pair();
    await expect(client.call('fails', 'typed')).rejects.toMatchObject({
      code: 'DISK_FULL',
      params: { free: 0 },
    });
  });

  it('an untyped error crosses as INTERNAL, without its words', async () => {
    const internal: string[] = [];
    const { client, raw } = pair(internal);
    const seen: unknown[] = [];
    raw.on('message', (message) => seen.push(message));
    await expect(client.call('fails', 'untyped')).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(internal).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toContain('患者');
  });

  it('cancelled, when its signal is aborted', async () => {
    const { client, aborted } = pair();
    const stop = new AbortController();
    const running = client.call('forever', undefined, { signal: stop.signal });
    setTimeout(() => stop.abort(), 10);
    await expect(running).rejects.toBeInstanceOf(Cancelled);
    expect(aborted()).toBe(1);
  });

  it('cancelled at once, when its signal was aborted before', async () => {
    const { client } = pair();
    await expect(
      client.call('forever', undefined, { signal: AbortSignal.abort() }),
    ).rejects.toBeInstanceOf(Cancelled);
  });

  it('an error of the given code, when the other side goes away', async () => {
    const { client, other } = pair();
    const running = client.call('forever', undefined);
    other.close();
    await expect(running).rejects.toMatchObject({ code: 'HOST_DIED' });
    await expect(client.call('echo', { text: 'a' })).rejects.toMatchObject({ code: 'HOST_DIED' });
  });
});

describe('what crosses is checked', () => {
  it('wrong params, an unknown method and a wrong result are typed errors', async () => {
    const { client } = pair();
    await expect(client.call('echo', { text: 1 as never })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    await expect(client.call('lies', undefined)).rejects.toMatchObject({ code: 'BAD_REPLY' });
    const stray = { ...table, other: method({ params: z.undefined(), result: z.undefined() }) };
    const { port1, port2 } = new MessageChannel();
    serve(adapt(port1), table, {} as Handlers<typeof table>);
    const strayClient = new RpcClient(adapt(port2), stray);
    await expect(strayClient.call('other', undefined)).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD',
    });
    await expect(strayClient.call('echo', { text: 'a' })).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD',
    });
  });

  it('names of Object.prototype are not methods', async () => {
    const { raw } = pair();
    const answers: { problem?: { code: string } }[] = [];
    raw.on('message', (message: (typeof answers)[number]) => answers.push(message));
    for (const name of ['constructor', 'toString', '__proto__']) {
      raw.postMessage({ type: 'request', id: name, method: name, params: undefined });
    }
    await expect.poll(() => answers.length).toBe(3);
    expect(answers.every(({ problem }) => problem?.code === 'UNKNOWN_METHOD')).toBe(true);
  });

  it('garbage on the port is ignored and the next request is served', async () => {
    const { client, raw } = pair();
    for (const garbage of [null, 7, 'x', {}, { type: 'request' }, { type: 'cancel', id: 'none' }]) {
      raw.postMessage(garbage);
    }
    expect(await client.call('echo', { text: '头痛' })).toBe('头痛');
  });
});

it('a closed port cancels everything that was asked over it', async () => {
  const { client, raw, aborted } = pair();
  const running = client.call('forever', undefined).catch(() => 'ended');
  await client.call('echo', { text: 'the request above has arrived' });
  raw.close();
  await running;
  await expect.poll(aborted).toBe(1);
});

it('the same id twice is refused while the first is running', async () => {
  const { raw } = pair();
  const answers: { type: string; id: string; problem?: { code: string } }[] = [];
  raw.on('message', (message: (typeof answers)[number]) => answers.push(message));
  raw.postMessage({ type: 'request', id: 'same', method: 'forever', params: undefined });
  raw.postMessage({ type: 'request', id: 'same', method: 'forever', params: undefined });
  await expect.poll(() => answers.length).toBe(1);
  expect(answers[0]?.problem?.code).toBe('BAD_REQUEST');
});
