import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import type { JournalRow, RecordHead } from '@domain/contract/record';
import { RpcClient, serve, type Handlers, type RpcServer } from '@domain/contract/rpc';
import { committedTopic, workerMethods, type WorkerMethods } from '@domain/contract/worker-port';
import { importDataKey, sealJson } from '@domain/sealing/row';
import { openDatabase, type ChimedDatabase } from './database';
import { domPort } from './dom-port';
import { Projection, type ProjectionEvent } from './projection';
import { Repository } from './repository';

const keyId = '0011223344556677';
const key = await importDataKey(new Uint8Array(32).fill(5));
const open: (() => void)[] = [];
let databases = 0;

afterEach(() => {
  for (const close of open.splice(0)) close();
});

const head = (title: string, createdAt = 1): RecordHead => ({
  title,
  createdAt,
  updatedAt: createdAt,
  deletedAt: null,
  textSha256: 'x',
  chars: 1,
  source: { kind: 'paste', notices: [] },
});

/** A journal in memory behind the real port and the real method table. */
class FakeWorker {
  readonly rows: JournalRow[] = [];
  reads = 0;
  #server: RpcServer | undefined;
  constructor(readonly journalId = 'journal-a') {}

  async commit(id: string, title: string, notify = true): Promise<JournalRow> {
    const version = this.rows.filter((row) => row.id === id).length + 1;
    const sealed = await sealJson(key, keyId, { table: 'record', id, version }, head(title));
    const row: JournalRow = { seq: this.rows.length + 1, table: 'record', id, version, sealed };
    this.rows.push(row);
    if (notify) this.notify([row]);
    return row;
  }

  notify(rows: JournalRow[]): void {
    this.#server?.notify(committedTopic, { journalId: this.journalId, rows });
  }

  connect(): RpcClient<WorkerMethods> {
    const { port1, port2 } = new MessageChannel();
    const refuse = (): never => {
      throw new Error('not asked for here');
    };
    const handlers = Object.fromEntries(
      Object.keys(workerMethods).map((name) => [name, refuse]),
    ) as unknown as Handlers<WorkerMethods>;
    handlers['journal.read'] = async ({ after, limit }) => {
      this.reads += 1;
      return {
        journalId: this.journalId,
        lastSeq: this.rows.length,
        rows: this.rows.filter(({ seq }) => seq > after).slice(0, limit),
      };
    };
    this.#server = serve(domPort(port1), workerMethods, handlers);
    const client = new RpcClient(domPort(port2), workerMethods, 'WORKER_DIED');
    open.push(() => client.close({ code: 'PORT_CLOSED' }));
    return client;
  }
}

function freshDatabase(): Promise<ChimedDatabase> {
  return openDatabase(`test-${databases++}`);
}

async function titles(database: ChimedDatabase): Promise<string[]> {
  const all: string[] = [];
  for await (const { values, unreadable } of new Repository(database, { key, keyId }).heads()) {
    expect(unreadable).toEqual([]);
    all.push(...values.map(({ value }) => value.title));
  }
  return all.sort();
}

/** A projection whose changes can be waited for. */
function watched(database: ChimedDatabase) {
  const projection = new Projection(database);
  const events: ProjectionEvent[] = [];
  const errors: unknown[] = [];
  projection.onChange((event) => events.push(event));
  const until = async (done: () => boolean | Promise<boolean>) => {
    while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const attach = (worker: FakeWorker) =>
    projection.attach(worker.connect(), (error) => errors.push(error));
  return { attach, events, errors, until };
}

describe('the projection', () => {
  it('is rebuilt from the journal when IndexedDB was deleted, page by page', async () => {
    const worker = new FakeWorker();
    for (let index = 0; index < 1203; index++) await worker.commit(`r${index}`, `t${index}`, false);
    const database = await freshDatabase();
    await watched(database).attach(worker);
    expect(await database.rows.count()).toBe(1203);

    await database.delete();
    const rebuilt = await openDatabase(database.name);
    await watched(rebuilt).attach(worker);
    expect(await titles(rebuilt)).toHaveLength(1203);
    expect((await rebuilt.meta.get('projection'))?.projectedSeq).toBe(1203);
  });

  it('follows commits, and a new version of a row takes the place of the old one', async () => {
    const worker = new FakeWorker();
    const database = await freshDatabase();
    const { attach, until } = watched(database);
    await attach(worker);
    await worker.commit('a', 'first');
    await worker.commit('b', 'other');
    await worker.commit('a', 'renamed');
    await until(async () => (await titles(database)).includes('renamed'));
    expect(await titles(database)).toEqual(['other', 'renamed']);
    expect(worker.reads).toBe(1);
  });

  it('reads again what a missed notice left out', async () => {
    const worker = new FakeWorker();
    const database = await freshDatabase();
    const { attach, until } = watched(database);
    await attach(worker);
    await worker.commit('a', 'missed', false);
    await worker.commit('b', 'told');
    await until(async () => (await database.rows.count()) === 2);
    expect(await titles(database)).toEqual(['missed', 'told']);
    expect(worker.reads).toBe(2);
  });

  it('the same notice twice, or an old one, changes nothing', async () => {
    const worker = new FakeWorker();
    const database = await freshDatabase();
    const { attach, events, until } = watched(database);
    await attach(worker);
    const first = await worker.commit('a', 'old');
    const second = await worker.commit('a', 'new');
    worker.notify([second]);
    worker.notify([first]);
    await worker.commit('z', 'last');
    await until(async () => (await titles(database)).includes('last'));
    expect(await titles(database)).toEqual(['last', 'new']);
    expect(worker.reads).toBe(1);
    expect(events).toHaveLength(3);
  });

  it('starts over, and says so, when the journal is another one', async () => {
    const old = new FakeWorker('journal-a');
    await old.commit('a', 'old', false);
    const database = await freshDatabase();
    await watched(database).attach(old);

    const other = new FakeWorker('journal-b');
    await other.commit('b', 'restored', false);
    const { attach, events } = watched(database);
    await attach(other);
    expect(await titles(database)).toEqual(['restored']);
    expect(events.map(({ kind }) => kind)).toEqual(['reset', 'rows']);
  });

  it('starts over when it is further on than the journal', async () => {
    const worker = new FakeWorker();
    for (const id of ['a', 'b', 'c']) await worker.commit(id, id, false);
    const database = await freshDatabase();
    await watched(database).attach(worker);
    worker.rows.length = 1;
    await watched(database).attach(worker);
    expect(await titles(database)).toEqual(['a']);
  });

  it('goes on from where it stands with the worker that follows a dead one', async () => {
    const worker = new FakeWorker();
    const database = await freshDatabase();
    const { attach, events, until } = watched(database);
    await worker.commit('a', 'before', false);
    await attach(worker);
    await worker.commit('b', 'between', false);
    await attach(worker);
    await worker.commit('c', 'after');
    await until(async () => (await database.rows.count()) === 3);
    expect(events.map((event) => (event.kind === 'rows' ? event.rows.length : 0))).toEqual([
      1, 1, 1,
    ]);
  });

  it('two windows on one database never put an old version over a newer one', async () => {
    const database = await freshDatabase();
    const behind = new FakeWorker();
    const slow = watched(database);
    await slow.attach(behind);

    const worker = new FakeWorker();
    const old = await worker.commit('a', 'old', false);
    await worker.commit('a', 'new', false);
    await worker.commit('b', 'b', false);
    await watched(database).attach(worker);
    // The slow window only now gets what the other has long projected.
    behind.notify([old]);
    await slow.until(() => slow.events.length === 1);
    expect(await titles(database)).toEqual(['b', 'new']);
    expect((await database.meta.get('projection'))?.projectedSeq).toBe(3);
  });

  it('holds nothing readable', async () => {
    const worker = new FakeWorker();
    await worker.commit('a', '张三的病历', false);
    const database = await freshDatabase();
    await watched(database).attach(worker);
    for (const { sealed } of await database.rows.toArray()) {
      expect(new TextDecoder().decode(sealed)).not.toContain('张三');
    }
  });

  it('a row that cannot be opened is counted and does not hide the others', async () => {
    const worker = new FakeWorker();
    await worker.commit('a', 'good', false);
    const broken = await worker.commit('b', 'broken', false);
    broken.sealed[broken.sealed.length - 1] = (broken.sealed.at(-1) ?? 0) ^ 1;
    const database = await freshDatabase();
    await watched(database).attach(worker);
    for await (const batch of new Repository(database, { key, keyId }).heads()) {
      expect(batch.values.map(({ value }) => value.title)).toEqual(['good']);
      expect(batch.unreadable).toEqual([{ code: 'SEAL_INVALID' }]);
    }
  });
});
