import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExtractionEvent } from '../domain/contract/extraction';
import { activitySchema, hostMethods, type ModelState } from '../domain/contract/host-port';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled, RpcClient, serve, type Port } from '../domain/contract/rpc';
import { builtInPlan } from '../library/built-in-plan';
import { verifyModel } from '../library/verify';
import { ModelService } from './model-service';
import { ModelSlots } from './model-slots';

const path = join(import.meta.dirname, '..', '..', 'models', 'default.gguf');
const note =
  '患者3年前因右上腹疼痛就诊，查腹部CT示胆囊结石，行腹腔镜胆囊切除术，口服硝苯地平控释片。';

const states: ModelState[] = [];
const ports: MessagePort[] = [];
const slots = new ModelSlots((state) => states.push(state));
const service = new ModelService(slots);
let card: ModelCard;

beforeAll(async () => {
  ({ card } = await verifyModel(path));
  await slots.load({ slot: 'built-in', path, card, plan: { ...builtInPlan(card), threads: 1 } });
});
afterAll(async () => {
  for (const port of ports) port.close();
  await slots.unload('built-in');
});

function adapt(port: MessagePort): Port {
  ports.push(port);
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

/** A window's connection to the host. */
function connect(): { client: RpcClient<typeof hostMethods>; close(): void } {
  const { port1, port2 } = new MessageChannel();
  serve(adapt(port1), hostMethods, service.handlers);
  return { client: new RpcClient(adapt(port2), hostMethods), close: () => port2.close() };
}

it('loading is reported from 0 to ready, with the model, its device and what it serves', () => {
  expect(states[0]).toMatchObject({ phase: 'loading', slot: 'built-in', progress: 0 });
  expect(states.at(-1)).toMatchObject({
    phase: 'ready',
    device: { kind: 'cpu' },
    model: {
      sha256: card.sha256,
      standing: 'release',
      strategy: 'marked-copy',
      contextSize: 512,
      about: {
        description: card.description,
        source: card.source,
        licence: card.licence,
        parameters: card.shape.parameters,
        scores: card.scores,
        limits: card.limits,
      },
    },
  });
});

it('windows at once: each gets its own facts, and the one that waits is told so', async () => {
  const texts = Array.from({ length: 5 }, (_, i) =>
    (i % 2 === 0 ? note : '否认高血压、糖尿病史，行头颅CT检查。').repeat(4),
  );
  const windows = texts.map(() => connect());
  const events: ExtractionEvent[][] = texts.map(() => []);
  const results = await Promise.all(
    texts.map((text, i) =>
      windows[i]?.client.call(
        'extraction.run',
        { text, schema: 'ccks2019' },
        { onEvent: (event) => events[i]?.push(event) },
      ),
    ),
  );
  results.forEach((result, i) => {
    expect(result?.status).toBe('completed');
    expect(result?.facts.length).toBeGreaterThan(3);
    for (const fact of result?.facts ?? []) {
      expect(texts[i]?.slice(fact.start ?? 0, fact.end ?? 0)).toBe(fact.text);
    }
    const streamed = events[i]?.flatMap((event) => (event.kind === 'fact' ? [event.fact.id] : []));
    expect(new Set(streamed)).toEqual(new Set(result?.facts.map(({ id }) => id)));
  });
  // The model has four sequences.
  expect(events.map(([first]) => first?.kind)).toEqual([...Array(4).fill('started'), 'queued']);
  expect(events[4]?.[0]).toEqual({ kind: 'queued', ahead: 4 });
});

it('a run says what it cost, and the service what is going on', async () => {
  const { client } = connect();
  const speeds: unknown[] = [];
  const { usage } = await client.call(
    'extraction.run',
    { text: note.repeat(20), schema: 'ccks2019' },
    { onEvent: (event) => event.kind === 'progress' && speeds.push(event.speed) },
  );
  const { promptTokens = 0, reusedTokens = 0, decodedTokens = 0 } = usage ?? {};
  // The window is read once, and copied with its marks.
  expect(decodedTokens).toBeGreaterThan(promptTokens * 0.9);
  expect(reusedTokens).toBeLessThan(promptTokens);
  expect(usage?.restoredTokens).toBe(0);
  expect(speeds.at(-1)).toEqual({ prefill: expect.any(Number), decode: expect.any(Number) });

  const { activity } = service;
  expect(activitySchema.parse(activity)).toEqual(activity);
  expect(activity.models).toMatchObject([
    { sha256: card.sha256, running: 0, waiting: 0, isBatchPaused: false, speed: speeds.at(-1) },
  ]);
  expect(activity.models[0]?.prefixHitRate).toBeGreaterThan(0);
});

it('batch runs make way for a run that somebody waits for, and give the same facts', async () => {
  const texts = Array.from({ length: 6 }, (_, i) => `${i}年前${note}`.repeat(5));
  const batch = (text: string, emit?: (event: ExtractionEvent) => void) =>
    connect().client.call(
      'extraction.run',
      { text, schema: 'ccks2019', priority: 'batch' },
      { ...(emit ? { onEvent: emit } : {}) },
    );
  const alone = [];
  for (const text of texts) alone.push((await batch(text)).facts);
  let paused = 0;
  let ended = 0;
  const urgent: Promise<unknown>[] = [];
  const ask = (): void => {
    if (urgent.length >= 8) return;
    urgent.push(
      connect()
        .client.call(
          'extraction.run',
          { text: note, schema: 'ccks2019' },
          {
            onEvent: () => {
              if (service.activity.models[0]?.isBatchPaused) paused++;
            },
          },
        )
        .then((result) => {
          expect(ended).toBeLessThan(texts.length);
          return result;
        }),
    );
  };
  const together = await Promise.all(
    texts.map((text) =>
      batch(text, (event) => event.kind === 'fact' && ask()).then(({ facts }) => {
        ended++;
        return facts;
      }),
    ),
  );
  await Promise.all(urgent);
  expect(urgent).toHaveLength(8);
  expect(paused).toBeGreaterThan(0);
  const places = (facts: typeof together): unknown =>
    facts.map((record) => record.map(({ id, attributes }) => [id, attributes]));
  expect(places(together)).toEqual(places(alone));
});

it('a cancelled run ends as cancelled and the next one in line is served', async () => {
  const { client } = connect();
  const stop = new AbortController();
  const long = client.call(
    'extraction.run',
    { text: note.repeat(500), schema: 'ccks2019' },
    { signal: stop.signal, onEvent: (event) => event.kind === 'fact' && stop.abort() },
  );
  const next = client.call('extraction.run', { text: note, schema: 'ccks2019' });
  await expect(long).rejects.toBeInstanceOf(Cancelled);
  expect((await next).status).toBe('completed');
});

it('a run that is cancelled while it waits ends at once', async () => {
  const { client } = connect();
  const stopFirst = new AbortController();
  const first = Array.from({ length: 4 }, () =>
    client.call(
      'extraction.run',
      { text: note.repeat(2000), schema: 'ccks2019' },
      { signal: stopFirst.signal },
    ),
  );
  const stop = new AbortController();
  const kinds: string[] = [];
  const waiting = client.call(
    'extraction.run',
    { text: note, schema: 'ccks2019' },
    {
      signal: stop.signal,
      onEvent: ({ kind }) => {
        kinds.push(kind);
        stop.abort();
      },
    },
  );
  await expect(waiting).rejects.toBeInstanceOf(Cancelled);
  expect(kinds).toEqual(['queued']);
  expect(service.activity.models).toMatchObject([{ running: 4, waiting: 0 }]);
  const ended = Promise.allSettled(first);
  stopFirst.abort();
  for (const run of await ended) {
    expect(run).toMatchObject({ status: 'rejected', reason: expect.any(Cancelled) });
  }
});

it('a window that goes away frees the model for the others', async () => {
  const gone = connect();
  const lost = gone.client.call('extraction.run', { text: note.repeat(2000), schema: 'ccks2019' });
  lost.catch(() => undefined);
  const { client } = connect();
  const next = client.call('extraction.run', { text: note, schema: 'ccks2019' });
  gone.close();
  expect((await next).status).toBe('completed');
});

it('without a loaded model a request is a typed error', async () => {
  const empty = new ModelService(new ModelSlots(() => undefined));
  const { port1, port2 } = new MessageChannel();
  serve(adapt(port1), hostMethods, empty.handlers);
  const client = new RpcClient(adapt(port2), hostMethods);
  await expect(
    client.call('extraction.run', { text: note, schema: 'ccks2019' }),
  ).rejects.toMatchObject({
    code: 'MODEL_NOT_READY',
  });
});
