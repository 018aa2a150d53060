import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import { problemOf } from '@domain/contract/errors';
import type { JournalRow, RecordHead } from '@domain/contract/record';
import { RpcClient, serve, type Handlers, type RpcServer } from '@domain/contract/rpc';
import { committedTopic, workerMethods, type WorkerMethods } from '@domain/contract/worker-port';
import { unwrapRecordKey, wrapRecordKey } from '@domain/sealing/record-key';
import { keyIdOfSealed, newKeyId, sealJson, type DataKey } from '@domain/sealing/row';
import { deriveReadingKeys, deriveVaultKeys, importRootKey } from '@domain/sealing/vault-keys';
import { openDatabase, projectedRow, type ChimedDatabase } from './database';
import { domPort } from './dom-port';
import { Integrity } from './integrity';
import { Projection, type ProjectionEvent } from './projection';
import { RecordKeyCache } from './record-keys';
import { Repository } from './repository';
import { workerRows } from './row-source';

const keyId = '0011223344556677';
const root = await importRootKey(new Uint8Array(32).fill(5));
const keys = await deriveVaultKeys(root, keyId);
const held = await deriveReadingKeys(root, keyId);
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
  textId: 'x',
  textSha256: 'x',
  chars: 1,
  source: { kind: 'paste', notices: [] },
});

interface FakeKey {
  readonly keyId: string;
  readonly key: DataKey;
  readonly wrapped: Uint8Array<ArrayBuffer>;
}

/** A journal in memory behind the real port and the real method table. */
class FakeWorker {
  readonly rows: JournalRow[] = [];
  readonly keys = new Map<string, FakeKey>();
  /** Last row number; rows of deleted records are gone, as from a real journal's answers. */
  lastSeq = 0;
  reads = 0;
  keyRequests = 0;
  readonly #servers: RpcServer[] = [];
  constructor(readonly journalId = 'journal-a') {}

  async commit(id: string, title: string, notify = true): Promise<JournalRow> {
    const own = this.keys.get(id) ?? (await this.#newKey(id));
    const version = this.rows.filter((row) => row.id === id).length + 1;
    const address = { table: 'record' as const, id, version };
    const sealed = await sealJson(own.key, own.keyId, address, head(title));
    return this.#add({ ...address, sealed }, notify);
  }

  /** Deletes a record for good. */
  async shred(id: string, notify = true): Promise<string> {
    const own = this.keys.get(id);
    if (!own) throw new Error('no such record');
    this.keys.delete(id);
    const kept = this.rows.filter(({ sealed }) => keyIdOfSealed(sealed) !== own.keyId);
    this.rows.splice(0, this.rows.length, ...kept);
    const address = { table: 'deletion' as const, id: own.keyId, version: 1 };
    const said = { recordId: id, at: 1, by: null };
    this.#add({ ...address, sealed: await sealJson(keys.row, keyId, address, said) }, notify);
    return own.keyId;
  }

  notify(rows: JournalRow[]): void {
    for (const server of this.#servers)
      server.notify(committedTopic, { journalId: this.journalId, rows });
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
      const rows = this.rows.filter(({ seq }) => seq > after).slice(0, limit);
      const upTo = rows.length < limit ? this.lastSeq : (rows.at(-1)?.seq ?? after);
      return { journalId: this.journalId, lastSeq: this.lastSeq, upTo, rows };
    };
    handlers['keys.get'] = async ({ keyIds }) => {
      this.keyRequests += 1;
      const known = new Map([...this.keys.values()].map((each) => [each.keyId, each.wrapped]));
      return { keys: keyIds.map((each) => ({ keyId: each, wrapped: known.get(each) ?? null })) };
    };
    handlers['rows.ids'] = async ({ table }) => ({
      ids: [...new Set(this.rows.filter((row) => row.table === table).map((row) => row.id))],
      lastSeq: this.lastSeq,
    });
    handlers['rows.get'] = async ({ addresses }) => ({
      rows: addresses.flatMap(({ table, id }) => this.#newest(table, id) ?? []),
    });
    handlers['rows.check'] = async ({ claims }) => {
      const outdated = [];
      for (const claim of claims) {
        const row = this.#newest(claim.table, claim.id);
        if (row?.seq !== claim.seq || (await sha256(row.sealed)) !== claim.sha256)
          outdated.push(claim);
      }
      return { outdated, lastSeq: this.lastSeq };
    };
    this.#servers.push(serve(domPort(port1), workerMethods, handlers));
    const client = new RpcClient(domPort(port2), workerMethods, 'WORKER_DIED');
    open.push(() => client.close({ code: 'PORT_CLOSED' }));
    return client;
  }

  #add(row: Omit<JournalRow, 'seq'>, notify: boolean): JournalRow {
    const added = { ...row, seq: ++this.lastSeq };
    this.rows.push(added);
    if (notify) this.notify([added]);
    return added;
  }

  #newest(table: string, id: string): JournalRow | undefined {
    return this.rows.findLast((row) => row.table === table && row.id === id);
  }

  async #newKey(id: string): Promise<FakeKey> {
    const own = newKeyId();
    const name = { keyId: own, dataKeyId: keyId };
    const raw = crypto.getRandomValues(new Uint8Array(32));
    const wrapped = await wrapRecordKey(keys.wrapping, name, raw);
    const key = await unwrapRecordKey(keys.wrapping, name, wrapped);
    const made = { keyId: own, key, wrapped };
    this.keys.set(id, made);
    return made;
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A page's reading side on a database, and what it says of what it found. */
function reading(database: ChimedDatabase, worker: FakeWorker) {
  const client = worker.connect();
  const source = workerRows(async () => client);
  const found = { restored: [] as JournalRow[], foreign: [] as string[], told: [] as number[] };
  const integrity = new Integrity(database, source, {
    onRestored: (rows) => found.restored.push(...rows),
    onForeign: (ids) => found.foreign.push(...ids),
    onFirst: (count) => found.told.push(count),
    // A check behind may outlive its test, and then its port is closed.
    onError: (error) => {
      if (problemOf(error).code !== 'PORT_CLOSED') throw error;
    },
  });
  const cache = new RecordKeyCache(held, source);
  const repository = new Repository(database, cache, integrity);
  return { repository, integrity, cache, found };
}

function freshDatabase(): Promise<ChimedDatabase> {
  return openDatabase(`test-${databases++}`);
}

async function titles(database: ChimedDatabase, worker: FakeWorker): Promise<string[]> {
  const all: string[] = [];
  for await (const { values, unreadable } of reading(database, worker).repository.heads()) {
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
    expect(await titles(rebuilt, worker)).toHaveLength(1203);
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
    await until(async () => (await titles(database, worker)).includes('renamed'));
    expect(await titles(database, worker)).toEqual(['other', 'renamed']);
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
    expect(await titles(database, worker)).toEqual(['missed', 'told']);
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
    await until(async () => (await titles(database, worker)).includes('last'));
    expect(await titles(database, worker)).toEqual(['last', 'new']);
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
    expect(await titles(database, other)).toEqual(['restored']);
    expect(events.map(({ kind }) => kind)).toEqual(['reset', 'rows']);
  });

  it('starts over when it is further on than the journal', async () => {
    const worker = new FakeWorker();
    for (const id of ['a', 'b', 'c']) await worker.commit(id, id, false);
    const database = await freshDatabase();
    await watched(database).attach(worker);
    worker.rows.length = 1;
    worker.lastSeq = 1;
    await watched(database).attach(worker);
    expect(await titles(database, worker)).toEqual(['a']);
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
    expect(await titles(database, worker)).toEqual(['b', 'new']);
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
    for await (const batch of reading(database, worker).repository.heads()) {
      expect(batch.values.map(({ value }) => value.title)).toEqual(['good']);
      expect(batch.unreadable).toEqual([{ code: 'SEAL_INVALID' }]);
    }
  });

  it('removes what was deleted for good, in whatever order it learns of it', async () => {
    const worker = new FakeWorker();
    const database = await freshDatabase();
    const { attach, events, until } = watched(database);
    await worker.commit('a', 'gone', false);
    await worker.commit('b', 'kept', false);
    await attach(worker);
    const first = await worker.shred('a');
    await until(() => events.some(({ kind }) => kind === 'removed'));
    expect(events.at(-1)).toEqual({ kind: 'removed', recordIds: ['a'], keyIds: [first] });
    expect(await titles(database, worker)).toEqual(['kept']);

    // While no window was open: the rows are not even told of.
    await worker.commit('c', 'short', false);
    await worker.commit('c', 'short again', false);
    await worker.shred('c', false);
    await worker.commit('d', 'last', false);
    await attach(worker);
    expect(await titles(database, worker)).toEqual(['kept', 'last']);
    expect((await database.meta.get('projection'))?.projectedSeq).toBe(7);
    expect(
      await database.rows
        .where('table')
        .equals('deletion')
        .count()
        .catch(() => 0),
    ).toBe(0);
    // It goes on from there without reading again.
    const { reads } = worker;
    await worker.commit('e', 'next');
    await until(async () => (await database.rows.count()) === 3);
    expect(worker.reads).toBe(reads);
  });
});

describe('the database against the journal', () => {
  async function projected(ids: readonly string[]) {
    const worker = new FakeWorker();
    for (const id of ids) {
      await worker.commit(id, `old ${id}`, false);
      await worker.commit(id, `new ${id}`, false);
    }
    const database = await freshDatabase();
    await watched(database).attach(worker);
    return { worker, database, ...reading(database, worker) };
  }
  async function read(repository: Repository): Promise<string[]> {
    const all: string[] = [];
    for await (const { values } of repository.heads())
      all.push(...values.map(({ value }) => value.title));
    return all.sort();
  }

  it('an edited row is shown as the journal has it, and told once', async () => {
    const { database, repository, integrity, found } = await projected(['a', 'b', 'c']);
    for (const id of ['a', 'b']) {
      const row = await database.rows.get(['record', id]);
      if (!row) throw new Error('no row');
      row.sealed[40] = (row.sealed[40] ?? 0) ^ 1;
      await database.rows.put(row);
    }
    expect(await read(repository)).toEqual(['new a', 'new b', 'new c']);
    await integrity.settled();
    expect(found.told).toEqual([2]);
    expect(integrity.restored).toBe(2);
    expect(await read(repository)).toEqual(['new a', 'new b', 'new c']);
    await integrity.settled();
    expect(integrity.restored).toBe(2);
  });

  it('a row put back to its older version is found behind the list and put right', async () => {
    const { worker, database, repository, integrity, found } = await projected(['a', 'b']);
    const old = worker.rows.find((row) => row.id === 'a' && row.version === 1);
    if (!old) throw new Error('no row');
    await database.rows.put(projectedRow(old));
    await read(repository);
    await integrity.settled();
    expect(found.restored.map(({ id, version }) => [id, version])).toEqual([['a', 2]]);
    expect(found.told).toEqual([1]);
    expect(await read(repository)).toEqual(['new a', 'new b']);
  });

  it('rows that changed places do not open, and are put right', async () => {
    const { database, repository, integrity } = await projected(['a', 'b']);
    const [a, b] = await database.rows.bulkGet([
      ['record', 'a'],
      ['record', 'b'],
    ]);
    if (!a || !b) throw new Error('two rows');
    await database.rows.bulkPut([
      { ...a, sealed: b.sealed },
      { ...b, sealed: a.sealed },
    ]);
    expect(await read(repository)).toEqual(['new a', 'new b']);
    expect(integrity.restored).toBe(2);
  });

  it('a row that was never in the journal is taken out', async () => {
    const { database, repository, integrity, found } = await projected(['a']);
    const row = await database.rows.get(['record', 'a']);
    if (!row) throw new Error('no row');
    await database.rows.put({ ...row, id: 'forged' });
    await read(repository);
    await integrity.settled();
    expect(await database.rows.count()).toBe(1);
    expect(found.told).toEqual([1]);
  });

  it('a row that was taken out is brought back', async () => {
    const { database, repository, integrity, found } = await projected(['a', 'b']);
    await database.rows.delete(['record', 'a']);
    expect(await read(repository)).toEqual(['new b']);
    await integrity.settled();
    expect(found.restored.map(({ id, version }) => [id, version])).toEqual([['a', 2]]);
    expect(found.told).toEqual([1]);
    expect(await read(repository)).toEqual(['new a', 'new b']);
    await integrity.settled();
    expect(integrity.restored).toBe(1);
  });

  it('a change that is merely on its way is no sign of tampering', async () => {
    const { worker, repository, integrity, found } = await projected(['a', 'b']);
    await worker.commit('a', 'newest', false);
    await worker.shred('b', false);
    await read(repository);
    await integrity.settled();
    expect(integrity.restored).toBe(0);
    expect(found).toEqual({ restored: [], foreign: [], told: [] });
  });

  it('a text that was edited, or taken out, is read from the journal before it is shown', async () => {
    const { worker, database } = await projected(['a']);
    const own = worker.keys.get('a');
    if (!own) throw new Error('no key');
    const address = { table: 'text' as const, id: 'text-a', version: 1 };
    const sealed = await sealJson(own.key, own.keyId, address, { text: '头痛三天' });
    worker.rows.push({ ...address, seq: ++worker.lastSeq, sealed });
    await watched(database).attach(worker);
    const { repository, integrity } = reading(database, worker);
    expect(await repository.text('text-a')).toBe('头痛三天');
    const row = await database.rows.get(['text', 'text-a']);
    if (!row) throw new Error('no row');
    row.sealed[30] = (row.sealed[30] ?? 0) ^ 1;
    await database.rows.put(row);
    expect(await repository.text('text-a')).toBe('头痛三天');
    await database.rows.delete(['text', 'text-a']);
    expect(await repository.text('text-a')).toBe('头痛三天');
    expect(integrity.restored).toBe(2);
    await expect(repository.text('never')).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
  });

  it('records are read in the order in which they came, the newest first; a rename moves none', async () => {
    const worker = new FakeWorker();
    const names = Array.from({ length: 1_500 }, (_, at) => `r${String(at).padStart(4, '0')}`);
    for (const name of names) await worker.commit(name, name, false);
    const database = await freshDatabase();
    const projection = watched(database);
    await projection.attach(worker);
    // In a page of its own, so that the place is known from the database alone.
    await worker.commit('r0003', 'renamed', false);
    await projection.attach(worker);
    const { repository, integrity } = reading(database, worker);
    const ids: string[] = [];
    for await (const { values } of repository.heads()) ids.push(...values.map(({ id }) => id));
    expect(ids).toEqual(names.toReversed());
    await integrity.settled();
    expect(integrity.restored).toBe(0);
  });

  it('a record whose number was changed so that it would not be read is put right', async () => {
    for (const born of [0, -1, 1e15, Number.NaN, 'x', undefined]) {
      const { database, repository, integrity, found } = await projected(['a', 'b']);
      const row = await database.rows.get(['record', 'a']);
      await database.rows.put({ ...row, born } as never);
      const shown = await read(repository);
      await integrity.settled();
      const restored = found.restored.map(({ id }) => id);
      expect([...shown, ...restored.map((id) => `new ${id}`)].sort()).toEqual(['new a', 'new b']);
      expect(await read(repository)).toEqual(['new a', 'new b']);
    }
  });

  it('signatures stay with the worker', async () => {
    const worker = new FakeWorker();
    await worker.commit('a', 'a', false);
    const [row] = worker.rows;
    if (!row) throw new Error('no row');
    worker.rows.push({ ...row, table: 'signature', seq: ++worker.lastSeq });
    const database = await freshDatabase();
    await watched(database).attach(worker);
    expect((await database.rows.toArray()).map(({ table }) => table)).toEqual(['record']);
    expect((await database.meta.get('projection'))?.projectedSeq).toBe(2);
  });

  it('keys are fetched in batches, once, and a lost one closes its own record only', async () => {
    const worker = new FakeWorker();
    for (let at = 0; at < 450; at += 1) await worker.commit(`r${at}`, `t${at}`, false);
    const database = await freshDatabase();
    await watched(database).attach(worker);
    const { repository, integrity } = reading(database, worker);
    expect(await read(repository)).toHaveLength(450);
    // A screen first, then 410 in batches of 200.
    expect(worker.keyRequests).toBe(4);
    expect(await read(repository)).toHaveLength(450);
    expect(worker.keyRequests).toBe(4);
    await integrity.settled();

    worker.keys.delete('r7');
    const fresh = reading(database, worker);
    const unreadable = [];
    for await (const batch of fresh.repository.heads()) unreadable.push(...batch.unreadable);
    expect(unreadable).toEqual([{ code: 'RECORD_KEY_LOST' }]);
  });
});
