/** Reads of the projection: the only place where sealed rows become plaintext. */
import * as z from 'zod';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import {
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
  type StoredRun,
} from '@domain/contract/record';
import { openJson } from '@domain/sealing/row';
import type { ChimedDatabase } from './database';
import type { HeldKey } from './data-key';
import { tableRange } from './projection';

/** Rows decrypted at once: four times as fast as one by one, and it keeps memory flat. */
export const openBatchRows = 200;

/** What lists show of a run, without its facts. */
const runSummarySchema = storedRunSchema
  .pick({ id: true, recordId: true, startedAt: true, status: true })
  .extend({ facts: z.array(z.unknown()) })
  .transform(({ facts, ...rest }) => ({ ...rest, factCount: facts.length }));
export type RunSummary = z.output<typeof runSummarySchema>;

export interface Opened<T> {
  readonly values: readonly { readonly id: string; readonly value: T }[];
  /** Why each row that is there could not be opened. */
  readonly unreadable: readonly Problem[];
}

export class Repository {
  readonly #database: ChimedDatabase;
  readonly #held: HeldKey;

  constructor(database: ChimedDatabase, held: HeldKey) {
    this.#database = database;
    this.#held = held;
  }

  /** All record heads, in batches of the order in which they lie. */
  heads(): AsyncGenerator<Opened<RecordHead>> {
    return this.#scan('record', recordHeadSchema);
  }

  runSummaries(): AsyncGenerator<Opened<RunSummary>> {
    return this.#scan('run', runSummarySchema);
  }

  openHeads(rows: readonly JournalRow[]): Promise<Opened<RecordHead>> {
    return this.#openAll(rows, recordHeadSchema);
  }

  openRunSummaries(rows: readonly JournalRow[]): Promise<Opened<RunSummary>> {
    return this.#openAll(rows, runSummarySchema);
  }

  /** @throws AppError `RECORD_NOT_FOUND`, `SEAL_INVALID`, `STORE_CORRUPT`, `STORE_READ_FAILED` */
  async text(textSha256: string): Promise<string> {
    return (await this.#openOne('text', textSha256, recordTextSchema)).text;
  }

  /** @throws AppError as `text` */
  run(id: string): Promise<StoredRun> {
    return this.#openOne('run', id, storedRunSchema);
  }

  async *#scan<T>(table: 'record' | 'run', schema: z.ZodType<T>): AsyncGenerator<Opened<T>> {
    const { from, to } = tableRange(table);
    const keys = await readOrFail(() =>
      this.#database.rows.where('[table+id]').between(from, to).primaryKeys(),
    );
    for (let at = 0; at < keys.length; at += openBatchRows) {
      const rows = await readOrFail(() =>
        this.#database.rows.bulkGet(keys.slice(at, at + openBatchRows)),
      );
      yield this.#openAll(
        rows.filter((row) => row !== undefined),
        schema,
      );
    }
  }

  async #openAll<T>(rows: readonly JournalRow[], schema: z.ZodType<T>): Promise<Opened<T>> {
    const values: { id: string; value: T }[] = [];
    const unreadable: Problem[] = [];
    for (let at = 0; at < rows.length; at += openBatchRows) {
      const batch = rows.slice(at, at + openBatchRows);
      const settled = await Promise.allSettled(batch.map((row) => this.#open(row, schema)));
      settled.forEach((outcome, index) => {
        const row = batch[index];
        if (outcome.status === 'rejected') unreadable.push(problemOf(outcome.reason));
        else if (row) values.push({ id: row.id, value: outcome.value });
      });
    }
    return { values, unreadable };
  }

  async #openOne<T>(table: 'text' | 'run', id: string, schema: z.ZodType<T>): Promise<T> {
    const row = await readOrFail(() => this.#database.rows.get([table, id]));
    if (!row) throw new AppError('RECORD_NOT_FOUND');
    return this.#open(row, schema);
  }

  #open<T>(row: JournalRow, schema: z.ZodType<T>): Promise<T> {
    const address = { table: row.table, id: row.id, version: row.version };
    return openJson(this.#held.key, this.#held.keyId, address, row.sealed, schema);
  }
}

async function readOrFail<T>(read: () => PromiseLike<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new AppError('STORE_READ_FAILED', { cause });
  }
}
