import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { AppError } from '../../domain/contract/errors';
import type { ExtractionRequest } from '../../domain/contract/extraction';
import { hostMethods } from '../../domain/contract/host-port';
import type { HostState } from '../../domain/contract/host-port';
import { serve, type Port } from '../../domain/contract/rpc';
import { HostNewsFeed } from '../../host/host-news';
import { modelSha256, resultOf } from './batch.fixture';
import { HostExtractor } from './extractor';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

const asPort = (port: MessagePort): Port => ({
  post: (message) => port.postMessage(message),
  onMessage: (listener) => void port.on('message', listener),
  onClose: (listener) => void port.on('close', listener),
  close: () => port.close(),
});

/** A host that answers, or never does; ended by closing its port. */
function hostFor(
  extractor: HostExtractor,
  answers: boolean,
  asked: ExtractionRequest[] = [],
): MessagePort {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serve(asPort(port1), hostMethods, {
    'extraction.run': (request) => {
      asked.push(request);
      return answers ? Promise.resolve(resultOf(request)) : new Promise(() => undefined);
    },
    'prompt.preview': () => Promise.reject(new AppError('BAD_REQUEST')),
    'qa.ask': () => Promise.reject(new AppError('BAD_REQUEST')),
    'qa.preview': () => Promise.reject(new AppError('BAD_REQUEST')),
    'dialogue.draft': () => Promise.reject(new AppError('BAD_REQUEST')),
    'dialogue.preview': () => Promise.reject(new AppError('BAD_REQUEST')),
  });
  extractor.adopt(asPort(port2));
  return port1;
}

const ready = (deaths: number) => ({ deaths, models: [{ sha256: modelSha256, sequences: 4 }] });
const ask = (extractor: HostExtractor): Promise<string> =>
  extractor.extract({ text: '患者甲。', schema: 'ccks2019' }, new AbortController().signal).then(
    ({ status }) => status,
    (error: unknown) => (error instanceof AppError ? error.code : 'other'),
  );

test('a model stands ready once its host has a port and has said so', async () => {
  const extractor = new HostExtractor();
  expect(extractor.standing(modelSha256)).toEqual({ problem: { code: 'HOST_UNAVAILABLE' } });
  hostFor(extractor, true);
  expect(extractor.standing(modelSha256)).toEqual({ problem: { code: 'MODEL_NOT_READY' } });
  extractor.hear(ready(0));
  expect(extractor.standing(modelSha256)).toEqual({ sequences: 4 });
  expect(await ask(extractor)).toBe('completed');
});

test('whatever it asks waits for whoever sits in front of the screen', async () => {
  const extractor = new HostExtractor();
  const asked: ExtractionRequest[] = [];
  hostFor(extractor, true, asked);
  extractor.hear(ready(0));
  await ask(extractor);
  expect(asked.map(({ priority }) => priority)).toEqual(['batch']);
});

test('a host that died is told from one that was ended on purpose', async () => {
  for (const [deaths, code] of [
    [1, 'HOST_DIED'],
    [0, 'HOST_UNAVAILABLE'],
  ] as const) {
    const extractor = new HostExtractor();
    extractor.hear(ready(0));
    const port = hostFor(extractor, false);
    const asked = ask(extractor);
    await new Promise((resolve) => setImmediate(resolve));
    port.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    extractor.hear({ deaths, models: [] });
    expect(await asked).toBe(code);
  }
});

test('main counts a death once, and an end on purpose never', () => {
  const feed = new HostNewsFeed();
  const state = (phase: HostState['process']['phase']): HostState => ({
    process:
      phase === 'restarting' || phase === 'failed'
        ? { phase, problem: { code: 'HOST_DIED' } }
        : { phase },
    models: [],
  });
  for (const phase of ['starting', 'ready', 'starting', 'ready'] as const) feed.take(state(phase));
  expect(feed.of(state('ready')).deaths).toBe(0);
  for (const phase of ['restarting', 'restarting', 'ready', 'failed'] as const) {
    feed.take(state(phase));
  }
  expect(feed.of(state('ready')).deaths).toBe(2);
});
