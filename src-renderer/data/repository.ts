/** Reads of the projection: the only place where sealed rows become plaintext. */
import * as z from 'zod';
import {
  storedConversationSchema,
  storedQuickQuestionsSchema,
  type StoredConversation,
  type StoredQuickQuestions,
} from '@domain/contract/conversation';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import { runIdentitySchema } from '@domain/contract/extraction';
import {
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
  type StoredRun,
  type TableName,
} from '@domain/contract/record';
import { storedReplySchema, type StoredReply } from '@domain/contract/conversation';
import { storedReviewSchema, type StoredReview } from '@domain/contract/review';
import { storedSectionsSchema, type StoredSections } from '@domain/contract/section';
import { progressOf } from '@domain/review/progress';
import { primaryIdOf } from '@domain/review/review';
import { schemaRowSchema, type SchemaRow } from '@domain/contract/stored-schema';
import { openJson } from '@domain/sealing/row';
import type { ChimedDatabase, ProjectedRow } from './database';
import type { Integrity } from './integrity';
import type { RecordKeyCache } from './record-keys';

/** Rows decrypted at once: four times as fast as one by one, and it keeps memory flat. */
export const openBatchRows = 200;

/** More rows than a screen shows, and few enough to be there at once. */
const firstRows = 40;

/** What lists show of a run, without its facts. */
const runSummarySchema = storedRunSchema
  .pick({ id: true, recordId: true, startedAt: true, status: true })
  .extend({ facts: z.array(z.unknown()), run: runIdentitySchema.pick({ schema: true }) })
  .transform(({ facts, run, ...rest }) => ({
    ...rest,
    schema: run.schema,
    factCount: facts.length,
  }));
export type RunSummary = z.output<typeof runSummarySchema>;

/** What lists show of a review. */
const reviewSummarySchema = storedReviewSchema.transform((review) => ({
  id: review.id,
  recordId: review.recordId,
  textSha256: review.textSha256,
  role: review.role,
  schema: review.schema,
  version: review.version,
  runId: review.runId,
  confirmedAt: review.confirmation?.at ?? null,
  confirmedBy: review.confirmation?.by ?? null,
  progress: progressOf(review.items),
}));
export type ReviewSummary = z.output<typeof reviewSummarySchema>;

/** What lists show of a drafted reply. */
const replySummarySchema = storedReplySchema.transform((reply) => ({
  recordId: reply.recordId,
  title: reply.title,
  state: reply.state,
  createdAt: reply.createdAt,
  updatedAt: reply.updatedAt,
  deletedAt: reply.deletedAt,
  signs: reply.dangerSigns.length,
}));
export type ReplySummary = z.output<typeof replySummarySchema>;
/** What lists show of a conversation. */
const conversationSummarySchema = storedConversationSchema
  .omit({ nodes: true, leaf: true })
  .extend({ nodes: z.array(z.unknown()) })
  .transform(({ nodes, ...rest }) => ({ ...rest, questions: nodes.length }));
export type ConversationSummary = z.output<typeof conversationSummarySchema>;

/** A row that is changed over and over, with the version that a change of it is made of. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

export interface Opened<T> {
  readonly values: readonly { readonly id: string; readonly value: T }[];
  /** Why each row that is there could not be opened. */
  readonly unreadable: readonly Problem[];
}

/** A batch of a whole table. */
export interface Scanned<T> extends Opened<T> {
  /** Of the keys that the rows are sealed under. */
  readonly keyIds: readonly string[];
}

export class Repository {
  readonly #database: ChimedDatabase;
  readonly #keys: RecordKeyCache;
  readonly #integrity: Integrity;

  constructor(database: ChimedDatabase, keys: RecordKeyCache, integrity: Integrity) {
    this.#database = database;
    this.#keys = keys;
    this.#integrity = integrity;
  }

  /** All record heads, the newest records first: a screen of them, then larger batches. */
  heads(): AsyncGenerator<Scanned<RecordHead>> {
    return this.#scan('record', recordHeadSchema);
  }

  runSummaries(): AsyncGenerator<Scanned<RunSummary>> {
    return this.#scan('run', runSummarySchema);
  }

  /** The hospital's own schemas, each in its newest version, and drafts. */
  schemas(): AsyncGenerator<Opened<SchemaRow>> {
    return this.#scan('schema', schemaRowSchema);
  }

  openSchemas(rows: readonly JournalRow[]): Promise<Opened<SchemaRow>> {
    return this.#openAll(rows, schemaRowSchema);
  }

  /** Runs of the records that have these keys. */
  async runSummariesOf(keyIds: readonly string[]): Promise<Opened<RunSummary>> {
    const rows = await readOrFail(async () => {
      const keys = await this.#database.rows.where('keyId').anyOf(keyIds).primaryKeys();
      return this.#database.rows.bulkGet(keys.filter(([table]) => table === 'run'));
    });
    return this.#openAll(
      rows.filter((row) => row !== undefined),
      runSummarySchema,
    );
  }

  /** The newest version of one head; null when there is none. @throws AppError as `text` */
  async head(recordId: string): Promise<RecordHead | null> {
    try {
      return await this.#openOne('record', recordId, recordHeadSchema);
    } catch (error) {
      if (error instanceof AppError && error.code === 'RECORD_NOT_FOUND') return null;
      throw error;
    }
  }

  openHeads(rows: readonly JournalRow[]): Promise<Opened<RecordHead>> {
    return this.#openAll(rows, recordHeadSchema);
  }

  openRunSummaries(rows: readonly JournalRow[]): Promise<Opened<RunSummary>> {
    return this.#openAll(rows, runSummarySchema);
  }

  reviewSummaries(): AsyncGenerator<Opened<ReviewSummary>> {
    return this.#scan('review', reviewSummarySchema);
  }

  openReviewSummaries(rows: readonly JournalRow[]): Promise<Opened<ReviewSummary>> {
    return this.#openAll(rows, reviewSummarySchema);
  }

  replySummaries(): AsyncGenerator<Opened<ReplySummary>> {
    return this.#scan('reply', replySummarySchema);
  }

  openReplySummaries(rows: readonly JournalRow[]): Promise<Opened<ReplySummary>> {
    return this.#openAll(rows, replySummarySchema);
  }

  /** Versions of replies. */
  openReplies(rows: readonly JournalRow[]): Promise<Opened<StoredReply>> {
    return this.#openAll(rows, storedReplySchema);
  }

  /** null where there is none. @throws AppError as `text`, but for `RECORD_NOT_FOUND` */
  reply(id: string): Promise<Versioned<StoredReply> | null> {
    return this.#openIfThere('reply', id, storedReplySchema);
  }

  /** Versions of a review, in the order of `rows`. */
  openReviews(rows: readonly JournalRow[]): Promise<Opened<StoredReview>> {
    return this.#openAll(rows, storedReviewSchema);
  }

  /** null where there is none. @throws AppError as `text`, but for `RECORD_NOT_FOUND` */
  review(id: string): Promise<Versioned<StoredReview> | null> {
    return this.#openIfThere('review', id, storedReviewSchema);
  }

  /** The first reviews of a record, one a schema, in the order in which they were begun. @throws as `review` */
  async primaryReviews(recordId: string): Promise<readonly Versioned<StoredReview>[]> {
    const found: Versioned<StoredReview>[] = [];
    for (;;) {
      const next = await this.review(primaryIdOf(recordId, found.length + 1));
      if (!next) return found;
      found.push(next);
    }
  }

  /** Sections as a person corrected them; null where nobody did. @throws as `review` */
  sections(recordId: string): Promise<Versioned<StoredSections> | null> {
    return this.#openIfThere('sections', recordId, storedSectionsSchema);
  }

  conversationSummaries(): AsyncGenerator<Opened<ConversationSummary>> {
    return this.#scan('conversation', conversationSummarySchema);
  }

  openConversationSummaries(rows: readonly JournalRow[]): Promise<Opened<ConversationSummary>> {
    return this.#openAll(rows, conversationSummarySchema);
  }

  /** @throws as `review` */
  conversation(id: string): Promise<Versioned<StoredConversation> | null> {
    return this.#openIfThere('conversation', id, storedConversationSchema);
  }

  /** The questions at hand, where a person changed them. @throws as `review` */
  quickQuestions(): Promise<Versioned<StoredQuickQuestions> | null> {
    return this.#openIfThere('quick-questions', 'quick-questions', storedQuickQuestionsSchema);
  }

  /**
   * @param textId as the record's head says
   * @throws AppError `RECORD_NOT_FOUND`, `RECORD_KEY_LOST`, `SEAL_INVALID`, `STORE_CORRUPT`,
   *   `STORE_READ_FAILED`, and what the worker answers
   */
  async text(textId: string): Promise<string> {
    return (await this.#openOne('text', textId, recordTextSchema)).text;
  }

  /** @throws AppError as `text` */
  run(id: string): Promise<StoredRun> {
    return this.#openOne('run', id, storedRunSchema);
  }

  async *#scan<T>(
    table: 'record' | 'run' | 'review' | 'schema' | 'reply' | 'conversation',
    schema: z.ZodType<T>,
  ): AsyncGenerator<Scanned<T>> {
    const seen = new Set<string>();
    for await (const rows of newestFirst(this.#database, table)) {
      for (const { id } of rows) seen.add(id);
      const opened = await this.#openAll(rows, schema);
      yield { ...opened, keyIds: rows.map(({ keyId }) => keyId) };
      // What did not open was checked before it was shown.
      const checked = new Set(opened.checked.map(({ id }) => id));
      this.#integrity.checkBehind(rows.filter(({ id }) => !checked.has(id)));
      // Runs and conversations are large: not more of them wait for their check than one batch holds.
      if (table === 'run' || table === 'conversation') await this.#integrity.settled();
    }
    this.#integrity.checkAllThere(table, seen);
  }

  async #openAll<T>(
    rows: readonly JournalRow[],
    schema: z.ZodType<T>,
  ): Promise<Opened<T> & { readonly checked: readonly JournalRow[] }> {
    const values: { id: string; value: T }[] = [];
    const failed: { row: JournalRow; problem: Problem }[] = [];
    for (let at = 0; at < rows.length; at += openBatchRows) {
      const batch = rows.slice(at, at + openBatchRows);
      const { opened, closed } = await this.#openBatch(batch, schema);
      values.push(...opened);
      failed.push(...closed);
    }
    const checked = failed.map(({ row }) => row);
    if (failed.length === 0) return { values, unreadable: [], checked };
    // What does not open may have been changed here and be sound in the journal.
    const right = await this.#integrity.putRight(checked);
    const { opened, closed } = await this.#openBatch(right, schema);
    values.push(...opened);
    const restored = new Set(right.map(({ id }) => id));
    const lost = failed.filter(({ row }) => !restored.has(row.id));
    return { values, unreadable: [...lost, ...closed].map(({ problem }) => problem), checked };
  }

  async #openBatch<T>(rows: readonly JournalRow[], schema: z.ZodType<T>) {
    await this.#keys.prepare(rows);
    const settled = await Promise.allSettled(rows.map((row) => this.#open(row, schema)));
    const opened: { id: string; value: T }[] = [];
    const closed: { row: JournalRow; problem: Problem }[] = [];
    settled.forEach((outcome, index) => {
      const row = rows[index];
      if (!row) return;
      if (outcome.status === 'fulfilled') opened.push({ id: row.id, value: outcome.value });
      else closed.push({ row, problem: problemOf(outcome.reason) });
    });
    return { opened, closed };
  }

  async #openOne<T>(
    table: 'record' | 'text' | 'run',
    id: string,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const found = await this.#openIfThere(table, id, schema);
    if (!found) throw new AppError('RECORD_NOT_FOUND');
    return found.value;
  }

  async #openIfThere<T>(
    table: TableName,
    id: string,
    schema: z.ZodType<T>,
  ): Promise<Versioned<T> | null> {
    const stored = await readOrFail(() => this.#database.rows.get([table, id]));
    const [right] = stored ? await this.#integrity.putRight([stored]) : [];
    const row = right ?? stored ?? (await this.#integrity.missing({ table, id }));
    if (!row) return null;
    await this.#keys.prepare([row]);
    return { value: await this.#open(row, schema), version: row.version };
  }

  async #open<T>(row: JournalRow, schema: z.ZodType<T>): Promise<T> {
    const { keyId, key } = await this.#keys.of(row);
    const address = { table: row.table, id: row.id, version: row.version };
    return openJson(key, keyId, address, row.sealed, schema);
  }
}

/**
 * All rows of a table that are there now, those that came last first. Rows whose number says that they
 * are yet to come are left to `checkAllThere`.
 */
async function* newestFirst(
  database: ChimedDatabase,
  table: TableName,
): AsyncGenerator<readonly ProjectedRow[]> {
  const born = (from: number, below: number) =>
    database.rows.where('[table+born]').between([table, from], [table, below]);
  const known = await readOrFail(() => database.meta.get('projection'));
  let below = (known?.projectedSeq ?? 0) + 1;
  const first = await readOrFail(() => born(1, below).reverse().limit(firstRows).toArray());
  if (first.length === 0) return;
  yield first;
  below = first.at(-1)?.born ?? 1;
  // A range is read in one go, a cursor row by row; how wide one is to be depends on other tables' rows.
  for (let width = 4 * openBatchRows; below > 1;) {
    const from = Math.max(1, below - width);
    const rows = await readOrFail(() => born(from, below).toArray());
    if (rows.length > 0) yield rows.reverse();
    below = from;
    if (rows.length < openBatchRows / 2) width *= 2;
    else if (rows.length > 2 * openBatchRows) width = Math.ceil(width / 2);
  }
}

async function readOrFail<T>(read: () => PromiseLike<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new AppError('STORE_READ_FAILED', { cause });
  }
}
