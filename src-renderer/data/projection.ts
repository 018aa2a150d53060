/**
 * Keeps IndexedDB equal to the journal.
 *
 * On every new worker it reads the journal from where it stands, then follows the commit notices.
 * Work is done one piece after the other, so a page of old rows and a notice never interleave.
 */
import Dexie from 'dexie';
import type { JournalRow } from '@domain/contract/record';
import type { RpcClient } from '@domain/contract/rpc';
import {
  committedPayloadSchema,
  committedTopic,
  type WorkerMethods,
} from '@domain/contract/worker-port';
import type { ChimedDatabase, ProjectionMeta } from './database';

/** Rows asked for at once: large enough for 10,000 records in a few turns, small enough to stream. */
const pageRows = 500;

export type ProjectionEvent =
  | { readonly kind: 'rows'; readonly rows: readonly JournalRow[] }
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
    if (fresh.length > 0) await this.#apply(journalId, fresh);
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
      if (page.rows.length === 0) return;
      await this.#apply(page.journalId, page.rows);
      meta = await this.#loadMeta();
      if (meta.projectedSeq >= page.lastSeq) return;
    }
  }

  /** One transaction, nothing awaited in it but Dexie: rows arrive sealed. */
  async #apply(journalId: string, rows: readonly JournalRow[]): Promise<void> {
    const newest = new Map<string, JournalRow>();
    let lastSeq = 0;
    for (const row of rows) {
      newest.set(`${row.table}/${row.id}`, row);
      lastSeq = Math.max(lastSeq, row.seq);
    }
    const { rows: table, meta } = this.#database;
    await this.#database.transaction('rw', table, meta, async () => {
      const stored = await meta.get('projection');
      // Another window projects the same journal and may be further on: never put an old version
      // over a newer one.
      const ahead = stored?.journalId === journalId && stored.projectedSeq > lastSeq;
      const candidates = [...newest.values()];
      const existing = ahead
        ? await table.bulkGet(candidates.map((row) => [row.table, row.id]))
        : [];
      await table.bulkPut(candidates.filter((row, index) => (existing[index]?.seq ?? 0) < row.seq));
      await meta.put({
        key: 'projection',
        journalId,
        projectedSeq: ahead ? stored.projectedSeq : lastSeq,
      });
    });
    this.#meta = { journalId, projectedSeq: lastSeq };
    this.#emit({ kind: 'rows', rows: [...newest.values()] });
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

/** The range of all rows of one table under the `[table+id]` key. */
export function tableRange(table: string): { from: [string, unknown]; to: [string, unknown] } {
  return { from: [table, Dexie.minKey], to: [table, Dexie.maxKey] };
}
