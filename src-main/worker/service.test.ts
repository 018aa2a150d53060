import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WorkerState } from '../domain/contract/ipc';
import type { StoredReview } from '../domain/contract/review';
import { RpcClient } from '../domain/contract/rpc';
import {
  committedPayloadSchema,
  committedTopic,
  workerMethods,
  type WorkerMethods,
} from '../domain/contract/worker-port';
import { confirmationBytes, contentSha256 } from '../domain/review/confirmation';
import { startReview } from '../domain/review/review';
import { mention, run, text as reviewed } from '../domain/review/review.fixture';
import { formatOfName } from '../documents/file-format';
import { listFiles } from '../documents/list-files';
import { previewTable } from '../documents/preview-table';
import { readDocument, readOneRecord } from '../documents/read-document';
import { writeChosenFile, writeChosenStream } from '../documents/write-chosen-file';
import { journalFileName } from '../vault/journal';
import { publicHexOf } from '../vault/keyring/boxes';
import { fromWorkerSchema, type FromWorker } from './control';
import type { ParentPort, ProcessPort } from '../domain/contract/process-port';
import { WorkerService } from './service';

const source = { kind: 'paste' as const, notices: [] };

let dir = '';
const cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-service-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(dir, { recursive: true, force: true });
});

/** A real port of Node in the shape of Electron's: data comes inside an event, and only once started. */
function shapedLikeElectrons(port: MessagePort): ProcessPort {
  const onMessage: ((data: unknown) => void)[] = [];
  return {
    postMessage: (message) => port.postMessage(message),
    on: (event: 'message' | 'close', listener: (event: { data: unknown }) => void) =>
      event === 'message'
        ? onMessage.push((data) => listener({ data }))
        : port.on('close', () => listener({ data: undefined })),
    // Attaching a listener starts a port of Node by itself.
    start: () => {
      for (const listener of onMessage) port.on('message', listener);
    },
    close: () => port.close(),
  };
}

type Answer = Extract<FromWorker, { type: 'answer' }>;
interface Started {
  readonly states: WorkerState[];
  readonly answers: Answer[];
  /** What main is told of files. */
  readonly told: FromWorker[];
  readonly send: (data: unknown, ports?: ProcessPort[]) => void;
  readonly connect: () => RpcClient<WorkerMethods>;
}

function start(): Started {
  const states: WorkerState[] = [];
  const answers: Answer[] = [];
  const told: FromWorker[] = [];
  let send: Started['send'] = () => undefined;
  const parent: ParentPort = {
    postMessage: (raw) => {
      const message = fromWorkerSchema.parse(raw);
      if (message.type === 'state') states.push(message.state);
      else if (message.type === 'answer') answers.push(message);
      else if (message.type !== 'act' && message.type !== 'batches') told.push(message);
    },
    on: (_event, listener) => {
      send = (data, ports = []) => listener({ data, ports });
    },
  };
  const service = new WorkerService(parent, {
    readFile: readOneRecord,
    writeFile: writeChosenFile,
    documents: {
      list: listFiles,
      read: readDocument,
      preview: previewTable,
      formatOf: formatOfName,
    },
    writeStream: writeChosenStream,
    labelsDir: join(import.meta.dirname, '..', '..', 'resources', 'labels'),
    onInternalError: () => undefined,
  });
  cleanups.push(() => service.close());
  const connect = (): RpcClient<WorkerMethods> => {
    const { port1, port2 } = new MessageChannel();
    send({ type: 'connect' }, [shapedLikeElectrons(port1)]);
    const client = new RpcClient(
      {
        post: (message) => port2.postMessage(message),
        onMessage: (listener) => void port2.on('message', listener),
        onClose: (listener) => void port2.on('close', listener),
        close: () => port2.close(),
      },
      workerMethods,
    );
    cleanups.push(() => client.close({ code: 'PORT_CLOSED' }));
    return client;
  };
  return { states, answers, told, send, connect };
}

const init = (): { type: 'init'; dataDir: string; keyId: string; key: Uint8Array } => ({
  type: 'init',
  dataDir: dir,
  keyId: '0011223344556677',
  key: new Uint8Array(32).fill(7),
});

/** A busy machine is no failure. */
const patience = { timeout: 20_000 };

test('a window saves and reads records; every window hears of every commit, in order', async () => {
  const { states, send, connect } = start();
  const one = connect();
  const two = connect();
  const heard: number[] = [];
  two.on(committedTopic, (payload) => {
    heard.push(...committedPayloadSchema.parse(payload).rows.map((row) => row.seq));
  });
  // Asked before the store is open: it waits, it is not refused.
  const early = one.call('records.create', { title: 'a', text: '头痛', source });
  const batches = one.call('batch.list', {});
  send(init());
  const { recordId } = await early;
  expect(await batches).toEqual({ batches: [] });
  await one.call('records.rename', { recordId, title: 'b' });
  await two.call('records.delete', { recordId });
  await two.call('records.restore', { recordId });
  const read = await one.call('journal.read', { after: 0, limit: 100 });
  // The third and the fifth are signatures, which no window keeps.
  expect(read.rows.map((row) => row.seq)).toEqual([1, 2, 4, 6, 7]);
  await vi.waitFor(() => expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7]), patience);
  expect(states).toEqual([{ phase: 'starting' }, { phase: 'ready' }]);
  expect(
    await one.call('documents.decode', { bytes: new TextEncoder().encode('血压') }),
  ).toMatchObject({ text: '血压' });
});

test('a window that went away is forgotten, and the others go on', async () => {
  const { send, connect } = start();
  send(init());
  const one = connect();
  const two = connect();
  await one.call('journal.read', { after: 0, limit: 1 });
  one.close({ code: 'PORT_CLOSED' });
  await expect(one.call('journal.read', { after: 0, limit: 1 })).rejects.toMatchObject({
    code: 'PORT_CLOSED',
  });
  await two.call('records.create', { title: 'a', text: '头痛', source });
});

test('the key is wiped after its import', async () => {
  const { states, send } = start();
  const message = init();
  send(message);
  await vi.waitFor(() => expect(states.at(-1)?.phase).toBe('ready'), patience);
  expect(message.key.every((byte) => byte === 0)).toBe(true);
});

test('a store that cannot be opened is told to main, and every request answers with its code', async () => {
  await writeFile(join(dir, journalFileName), 'not a journal');
  const { states, send, connect } = start();
  const before = connect().call('journal.read', { after: 0, limit: 1 });
  send(init());
  await expect(before).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  await expect(
    connect().call('records.create', { title: 'a', text: '头痛', source }),
  ).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  expect(states.at(-1)).toMatchObject({ phase: 'failed', problem: { code: 'STORE_CORRUPT' } });
  // What needs no store still works.
  await connect().call('documents.decode', { bytes: new Uint8Array([0x41]) });
});

test('a second worker on the same folder says that it is locked', async () => {
  const first = start();
  first.send(init());
  await vi.waitFor(() => expect(first.states.at(-1)?.phase).toBe('ready'), patience);
  const second = start();
  second.send(init());
  await vi.waitFor(() =>
    expect(second.states.at(-1)).toEqual({ phase: 'failed', problem: { code: 'STORE_LOCKED' } }),
  );
});

test('a message that is none of ours, and a second init, change nothing', async () => {
  const { states, send, connect } = start();
  send(init());
  await vi.waitFor(() => expect(states).toHaveLength(2), patience);
  for (const message of [init(), null, 'connect', { type: 'connect' }, { type: 'other' }])
    send(message);
  await connect().call('records.create', { title: 'a', text: '头痛', source });
  expect(states).toHaveLength(2);
});

test('a wrong first message is a failure that is told, not a worker that waits for ever', async () => {
  const { states, send, connect } = start();
  send({ ...init(), key: 'a string' });
  await vi.waitFor(() =>
    expect(states.at(-1)).toEqual({ phase: 'failed', problem: { code: 'BAD_REQUEST' } }),
  );
  await expect(connect().call('journal.read', { after: 0, limit: 1 })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
});

test('main asks where the journal stands, and whether it stood there; under a new key it still does', async () => {
  const { answers, send, connect } = start();
  const ask = async (id: string, question: unknown): Promise<Answer> => {
    send({ type: 'ask', id, question });
    await vi.waitFor(() => expect(answers.some((each) => each.id === id)).toBe(true), patience);
    return answers.find((each) => each.id === id) as Answer;
  };
  send(init());
  const window = connect();
  const { recordId } = await window.call('records.create', { title: 'a', text: '头痛', source });
  const first = await ask('1', { kind: 'head' });
  expect(first.head).toMatchObject({ seq: 3 });
  await window.call('records.rename', { recordId, title: 'b' });
  await window.call('records.shred', { recordId });
  expect(await ask('2', { kind: 'holds', head: first.head })).toMatchObject({ holds: true });
  const other = { seq: 3, mac: '00'.repeat(32) };
  expect(await ask('3', { kind: 'holds', head: other })).toMatchObject({ holds: false });

  const compacting = await ask('4', { kind: 'compact' });
  // So little is not worth it.
  expect(compacting).toMatchObject({ saved: null });
  const before = compacting.head;
  const key = new Uint8Array(32).fill(8);
  const rotated = await ask('5', { kind: 'rotate', keyId: '8899aabbccddeeff', key });
  expect(rotated.head?.seq).toBe(before?.seq);
  expect(key.every((byte) => byte === 0)).toBe(true);
  expect(await ask('6', { kind: 'holds', head: before })).toMatchObject({ holds: true });
  const failed = await ask('7', { kind: 'backup', destination: join(dir, 'none'), extraFiles: [] });
  expect(failed).toMatchObject({ head: null, problem: { code: 'STORE_WRITE_FAILED' } });
  const { backup } = await ask('8', { kind: 'backup', destination: dir, extraFiles: [] });
  expect(backup).toMatchObject({ head: { seq: before?.seq } });
  await window.call('records.create', { title: 'c', text: '头痛', source });
});

describe('a file at a place that a person chose', () => {
  const id = '5f2b8a52-6c1e-4d0e-9a3b-0d4c1f7e9b11';

  async function announced(path: string): Promise<Started> {
    const started = start();
    started.send({ ...init(), dataDir: join(dir, 'data') });
    // Else the folder is removed while the store is still being opened in it.
    await vi.waitFor(() => expect(started.states.at(-1)?.phase).toBe('ready'), patience);
    started.send({
      type: 'ticket',
      id,
      path,
      format: 'txt',
      deidentified: false,
      dictionary: false,
    });
    await vi.waitFor(() => expect(started.told).toEqual([{ type: 'granted', id }]), patience);
    return started;
  }

  beforeEach(() => mkdir(join(dir, 'data')));

  test('is written once for its ticket, and main is told when it is there', async () => {
    const path = join(dir, 'out.txt');
    const { told, connect } = await announced(path);
    const window = connect();
    expect(await window.call('files.write', { ticket: id, text: '头痛' })).toEqual({ bytes: 6 });
    expect(await readFile(path, 'utf-8')).toBe('头痛');
    await expect(window.call('files.write', { ticket: id, text: '头晕' })).rejects.toMatchObject({
      code: 'SAVE_EXPIRED',
    });
    expect(await readFile(path, 'utf-8')).toBe('头痛');
    expect(told.slice(1)).toEqual([{ type: 'written', id }]);
  });

  test('without a ticket, and for a ticket that nobody gave, nothing is written', async () => {
    const { told, connect } = await announced(join(dir, 'out.txt'));
    const other = '00000000-0000-4000-8000-000000000000';
    await expect(connect().call('files.write', { ticket: other, text: 'x' })).rejects.toMatchObject(
      { code: 'SAVE_EXPIRED' },
    );
    expect(told).toHaveLength(1);
  });

  test("the program's own folder is refused, and main is not told of a file", async () => {
    const { told, connect } = await announced(join(dir, 'data', journalFileName));
    const window = connect();
    await window.call('records.create', { title: 'a', text: '头痛', source });
    await expect(window.call('files.write', { ticket: id, text: 'x' })).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
    expect((await window.call('journal.read', { after: 0, limit: 9 })).rows).toHaveLength(2);
    expect(told).toHaveLength(1);
  });
});

test('what a confirmation is told to hold is counted in the review that is stored, whatever a window says', async () => {
  const { told, send, connect } = start();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  send({ ...init(), userId: 'doctor-1', signPublic: publicHexOf(publicKey) });
  const client = connect();
  const { recordId } = await client.call('records.create', { title: 'a', text: reviewed, source });
  const textSha256 = createHash('sha256').update(reviewed).digest('hex');
  const subject = { recordId, textSha256, role: 'primary' as const };
  const facts = ['高血压', '糖尿病'].map((each) => mention(each));
  const fresh = startReview(subject, run('run-1', facts), { at: 50, by: 'doctor-1' });
  const decide = (how: 'single' | 'bulk'): StoredReview => ({
    ...fresh,
    items: fresh.items.map((item, at) => ({
      ...item,
      decision: at === 0 ? 'accepted' : 'rejected',
      review: at === 0 ? how : 'single',
      ...{ at: 50, by: 'doctor-1' },
    })),
  });
  const said = { by: 'doctor-1', name: '王', title: '', at: 60 };
  const review = decide('bulk');
  const content = { ...said, contentSha256: await contentSha256(review) };
  const bytes = confirmationBytes(recordId, content);
  const confirmation = { ...content, signature: sign(null, bytes, privateKey).toString('hex') };
  const confirmed = { ...review, confirmation, facts: 99, bulk: false };
  const confirmations = (): FromWorker[] => told.filter(({ type }) => type === 'confirmed');
  // Signed was another content than this one: nothing is confirmed, and nothing is told.
  const other = { ...decide('single'), confirmation, facts: 99, bulk: false };
  const refused = client.call('reviews.save', { review: other, base: 0 });
  await expect(refused).rejects.toMatchObject({ code: 'CONFIRMATION_INVALID' });
  expect(confirmations()).toEqual([]);
  const message = { review: confirmed, base: 0, facts: 99, bulk: false };
  await client.call('reviews.save', message);
  const schema = { id: review.schema, version: 1 };
  const act = { kind: 'confirmed', recordId, confirmation, schema, facts: 1, bulk: true };
  expect(confirmations()).toEqual([{ type: 'confirmed', act }]);
});
