/** What the audit log is told of batches. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Vault } from '../../vault/vault';
import { RecordStore } from '../store';
import { BatchService } from './batch-service';
import { documents, orderOf, resultOf, TestExtractor } from './batch.fixture';
import { ChosenFiles } from './chosen-files';
import { until } from './test-desk.fixture';

let dir = '';
let extractor: TestExtractor;
let vault: Vault | null = null;
let batches: BatchService;
let acts: string[] = [];

/** As at a sign-in. */
async function open(): Promise<void> {
  const opened = await Vault.open(dir, {
    keyId: '0011223344556677',
    key: new Uint8Array(32).fill(7),
  });
  vault = opened;
  acts = [];
  batches = new BatchService({
    ...{ documents, extractor, files: new ChosenFiles(documents) },
    ready: () => Promise.resolve(),
    onInternalError: (error) => expect.unreachable(String(error)),
    onAct: (act) => acts.push(act),
    onNews: () => undefined,
  });
  batches.open(opened, new RecordStore({ vault: opened, userId: 'user-1' }));
}

async function close(): Promise<void> {
  await batches.rest();
  await vault?.close();
  vault = null;
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-batch-service-'));
  extractor = new TestExtractor();
  await open();
});
afterEach(async () => {
  await close();
  await rm(dir, { recursive: true, force: true });
});

const quiet = { signal: new AbortController().signal, emit: () => undefined };
const phases = async (): Promise<string[]> =>
  (await batches.handlers['batch.list']({}, quiet)).batches.map(({ phase }) => phase);
const start = async (note: string): Promise<string> => {
  const source = { kind: 'notes' as const, notes: [note] };
  return (await batches.handlers['batch.start']({ ...orderOf(), source }, quiet)).batchId;
};

test('of a batch that was given up the end is told once, not again at each sign-in', async () => {
  extractor.change({ code: 'MODEL_NOT_READY' });
  const batchId = await start('患者甲。');
  await batches.handlers['batch.cancel']({ batchId }, quiet);
  await until(async () => (await phases())[0] === 'cancelled');
  await close();
  expect(acts.filter((act) => act === 'batch-ended')).toHaveLength(1);
  await open();
  expect(await phases()).toEqual(['cancelled']);
  await close();
  expect(acts).toEqual([]);
});

test('of one that ended right before a lock it is told too', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  extractor.answer = async (request) => {
    await held;
    return resultOf(request);
  };
  const batchId = await start('患者甲。');
  await until(() => extractor.inHand === 1);
  // All that was news is told with this; the next news are told a moment later.
  await batches.handlers['batch.move']({ batchId, items: [0], before: null }, quiet);
  release();
  await until(async () => (await phases())[0] === 'finished');
  await close();
  expect(acts.filter((act) => act === 'batch-ended')).toHaveLength(1);
});
