/**
 * Keeps IndexedDB equal to the journal.
 *
 * On every new worker it reads the journal from where it stands, then follows the commit notices.
 * Work is done one piece after the other, so a page of old rows and a notice never interleave.
 */
import type { JournalRow } from '@domain/contract/record';
import type { RpcClient } from '@domain/contract/rpc';
import {
  committedPayloadSchema,
  committedTopic,
  type WorkerMethods,
} from '@domain/contract/worker-port';
import { keyIdOfSealed } from '@domain/sealing/row';
import {
  isProjected,
  projectedRow,
  type ChimedDatabase,
  type ProjectedRow,
  type ProjectionMeta,
} from './database';

/** Rows asked for at once: large enough for 10,000 records in a few turns, small enough to stream. */
const pageRows = 500;

export type ProjectionEvent =
  | { readonly kind: 'rows'; readonly rows: readonly JournalRow[] }
  /** Deleted for good: their rows are out of the database, and their keys out of the vault. */
  | {
      readonly kind: 'removed';
      readonly recordIds: readonly string[];
      readonly keyIds: readonly string[];
    }
  /** Everything known so far is void; the rows follow. */
  | { readonly kind: 'reset' };

export class Projection {
  readonly #database: ChimedDatabase;
  readonly #listeners = new Set<(event: ProjectionEvent) => void>();
  #meta: { journalId: string; projectedSeq: number } | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #detach: (() => void) | undefined;

  constructor(database: ChimedDatabase) {
    this.#database = database;
  }

  /** Called after rows are in the database, in journal order. */
  onChange(listener: (event: ProjectionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads what is missing from this worker's journal and follows it from now on.
   *
   * @throws AppError of the worker; what IndexedDB throws when it cannot be written
   */
  attach(client: RpcClient<WorkerMethods>, onError: (error: unknown) => void): Promise<void> {
    this.#detach?.();
    // Listening before reading: a row committed in between is then seen twice, never missed.
    this.#detach = client.on(committedTopic, (payload) => {
      const parsed = committedPayloadSchema.safeParse(payload);
      if (!parsed.success) return;
      const { journalId, rows } = parsed.data;
      this.#enqueue(() => this.#follow(client, journalId, rows)).catch(onError);
    });
    return this.#enqueue(() => this.#readOn(client));
  }

  detach(): void {
    this.#detach?.();
    this.#detach = undefined;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #follow(
    client: RpcClient<WorkerMethods>,
    journalId: string,
    rows: readonly JournalRow[],
  ): Promise<void> {
    const meta = await this.#loadMeta();
    const fresh = rows.filter((row) => row.seq > meta.projectedSeq);
    const contiguous = fresh.every((row, index) => row.seq === meta.projectedSeq + 1 + index);
    if (journalId !== meta.journalId || !contiguous) {
      await this.#readOn(client);
      return;
    }
    const last = fresh.at(-1);
    if (last) await this.#apply(journalId, fresh, last.seq);
  }

  async #readOn(client: RpcClient<WorkerMethods>): Promise<void> {
    let meta = await this.#loadMeta();
    for (;;) {
      const page = await client.call('journal.read', {
        after: meta.projectedSeq,
        limit: pageRows,
      });
      const known = meta.projectedSeq > 0;
      if (known && (page.journalId !== meta.journalId || meta.projectedSeq > page.lastSeq)) {
        await this.#reset(page.journalId);
        meta = await this.#loadMeta();
        continue;
      }
      if (!known) this.#meta = { journalId: page.journalId, projectedSeq: 0 };
      // Rows that can no longer be read are left out of a page, and passed over here.
      if (page.upTo <= meta.projectedSeq) return;
      await this.#apply(page.journalId, page.rows, page.upTo);
      meta = await this.#loadMeta();
      if (meta.projectedSeq >= page.lastSeq) return;
    }
  }

  /** One transaction, nothing awaited in it but Dexie: rows arrive sealed. */
  async #apply(journalId: string, rows: readonly JournalRow[], upTo: number): Promise<void> {
    const newest = new Map<string, JournalRow>();
    const born = new Map<string, number>();
    // A deletion stands under the id of the key that was destroyed, and no row of that key follows it.
    const keyIds = rows.filter((row) => row.table === 'deletion').map((row) => row.id);
    const deleted = new Set(keyIds);
    for (const row of rows) {
      if (!isProjected(row.table) || deleted.has(keyIdOfSealed(row.sealed))) continue;
      const address = `${row.table}/${row.id}`;
      if (row.version === 1) born.set(address, row.seq);
      newest.set(address, row);
    }
    const recordIds: string[] = [];
    const { rows: table, meta } = this.#database;
    await this.#database.transaction('rw', table, meta, async () => {
      const known = await meta.get('projection');
      // Another window projects the same journal and may be further on: never put an old version
      // over a newer one.
      const ahead = known?.journalId === journalId && known.projectedSeq > upTo;
      const candidates = [...newest];
      const compared = candidates.filter(([address]) => ahead || !born.has(address));
      const stored = new Map<string, ProjectedRow>();
      for (const row of await table.bulkGet(compared.map(([, row]) => [row.table, row.id])))
        if (row) stored.set(`${row.table}/${row.id}`, row);
      await table.bulkPut(
        candidates
          .filter(([address, row]) => (stored.get(address)?.seq ?? 0) < row.seq)
          .map(([address, row]) =>
            projectedRow(row, born.get(address) ?? stored.get(address)?.born),
          ),
      );
      if (keyIds.length > 0) {
        const gone = await table.where('keyId').anyOf(keyIds).primaryKeys();
        recordIds.push(...gone.flatMap(([of, id]) => (of === 'record' ? [id] : [])));
        await table.bulkDelete(gone);
      }
      await meta.put({
        key: 'projection',
        journalId,
        projectedSeq: ahead ? known.projectedSeq : upTo,
      });
    });
    this.#meta = { journalId, projectedSeq: upTo };
    if (newest.size > 0) this.#emit({ kind: 'rows', rows: [...newest.values()] });
    if (keyIds.length > 0) this.#emit({ kind: 'removed', recordIds, keyIds });
  }

  async #reset(journalId: string): Promise<void> {
    const { rows, meta } = this.#database;
    await this.#database.transaction('rw', rows, meta, async () => {
      await rows.clear();
      await meta.put({ key: 'projection', journalId, projectedSeq: 0 });
    });
    this.#meta = { journalId, projectedSeq: 0 };
    this.#emit({ kind: 'reset' });
  }

  async #loadMeta(): Promise<{ journalId: string; projectedSeq: number }> {
    if (this.#meta) return this.#meta;
    const stored: ProjectionMeta | undefined = await this.#database.meta.get('projection');
    const meta = stored
      ? { journalId: stored.journalId, projectedSeq: stored.projectedSeq }
      : { journalId: '', projectedSeq: 0 };
    this.#meta = meta;
    return meta;
  }

  #emit(event: ProjectionEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
