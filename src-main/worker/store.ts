/**
 * Records, their texts and their runs, as sealed rows of the journal. Every method resolves when
 * what it wrote is committed.
 */
import { createHash, randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { maxRecordChars } from '../domain/contract/extraction';
import {
  recordHeadSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
  type RecordSource,
  type StoredRun,
  type TableName,
} from '../domain/contract/record';
import { openJson, sealJson, type DataKey } from '../domain/sealing/row';
import { isWellFormed, toWellFormed } from '../domain/text/well-formed';
import type { Journal, NewRow } from '../vault/journal';
import { Turns } from './turns';

export interface StoreOptions {
  readonly journal: Journal;
  readonly key: DataKey;
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
}

interface Stored<T> {
  readonly value: T;
  readonly version: number;
  readonly seq: number;
}

/** Where a write stands in the journal. */
export interface Committed {
  readonly seq: number;
}

export class RecordStore {
  readonly #journal: Journal;
  readonly #key: DataKey;
  readonly #keyId: string;
  readonly #now: () => number;
  readonly #turns = new Turns();

  constructor(options: StoreOptions) {
    this.#journal = options.journal;
    this.#key = options.key;
    this.#keyId = options.keyId;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Saves a new record. Its text is stored once, however many records share it.
   *
   * @param input.text the original text; lone surrogates become U+FFFD, and the source says so
   * @throws AppError `EMPTY_TEXT`, `TEXT_TOO_LARGE`, and what the journal throws
   */
  async create(input: {
    readonly title: string;
    readonly text: string;
    readonly source: RecordSource;
  }): Promise<Committed & { readonly recordId: string }> {
    if (input.text.trim() === '') throw new AppError('EMPTY_TEXT');
    if (input.text.length > maxRecordChars) {
      throw new AppError('TEXT_TOO_LARGE', {
        params: { chars: input.text.length, limit: maxRecordChars },
      });
    }
    const text = toWellFormed(input.text);
    const textSha256 = createHash('sha256').update(text, 'utf-8').digest('hex');
    const recordId = randomUUID();
    const createdAt = this.#now();
    const head: RecordHead = {
      title: toWellFormed(input.title),
      createdAt,
      updatedAt: createdAt,
      deletedAt: null,
      textSha256,
      chars: text.length,
      source: isWellFormed(input.text) ? input.source : withReplacementNotice(input.source),
    };
    // Taking turns by text: two records made at once from one text must not both write it.
    return this.#turns.take(`text ${textSha256}`, async () => {
      const rows = [await this.#seal('record', recordId, 1, head)];
      if (this.#journal.latestVersion('text', textSha256) === 0) {
        rows.unshift(await this.#seal('text', textSha256, 1, { text }));
      }
      return { recordId, seq: await this.#append(rows) };
    });
  }

  /** @throws AppError `RECORD_NOT_FOUND`, and what the journal throws */
  rename(recordId: string, title: string): Promise<Committed> {
    return this.#change(recordId, () => ({ title: toWellFormed(title) }));
  }

  /** Puts a record in the bin; nothing is erased. Already there: nothing is written. @throws as `rename` */
  delete(recordId: string): Promise<Committed> {
    return this.#change(recordId, (head) =>
      head.deletedAt === null ? { deletedAt: this.#now() } : null,
    );
  }

  /** Takes a record out of the bin. @throws as `rename` */
  restore(recordId: string): Promise<Committed> {
    return this.#change(recordId, (head) => (head.deletedAt === null ? null : { deletedAt: null }));
  }

  /**
   * Saves a finished run. A run never changes: the same run again is answered with its first commit.
   * A record in the bin still takes its run, because deleting can be undone.
   *
   * @throws AppError `RECORD_NOT_FOUND`; `VERSION_CONFLICT` when the record does not have the run's
   *   text, or another run has its id; and what the journal throws
   */
  saveRun(run: StoredRun): Promise<Committed> {
    return this.#turns.take(`record ${run.recordId}`, async () => {
      const record = await this.#latest('record', run.recordId, recordHeadSchema);
      if (!record) throw new AppError('RECORD_NOT_FOUND');
      if (record.value.textSha256 !== run.textSha256) throw new AppError('VERSION_CONFLICT');
      const saved = await this.#latest('run', run.id, storedRunSchema);
      if (saved) {
        if (JSON.stringify(saved.value) === JSON.stringify(storedRunSchema.parse(run))) {
          return { seq: saved.seq };
        }
        throw new AppError('VERSION_CONFLICT');
      }
      return { seq: await this.#append([await this.#seal('run', run.id, 1, run)]) };
    });
  }

  /** Committed rows after `after`, still sealed; see `Journal.read`. */
  async read(
    after: number,
    limit: number,
  ): Promise<{ journalId: string; lastSeq: number; rows: JournalRow[] }> {
    const rows = await this.#journal.read(after, limit);
    return { journalId: this.#journal.journalId, lastSeq: this.#journal.lastSeq, rows };
  }

  /** @param change returns what to change, or null when there is nothing to do */
  #change(
    recordId: string,
    change: (head: RecordHead) => Partial<RecordHead> | null,
  ): Promise<Committed> {
    return this.#turns.take(`record ${recordId}`, async () => {
      const record = await this.#latest('record', recordId, recordHeadSchema);
      if (!record) throw new AppError('RECORD_NOT_FOUND');
      const changed = change(record.value);
      if (!changed) return { seq: record.seq };
      // A clock that was set back must not make a change look older than what it changed.
      const updatedAt = Math.max(this.#now(), record.value.updatedAt);
      const head: RecordHead = { ...record.value, ...changed, updatedAt };
      const row = await this.#seal('record', recordId, record.version + 1, head);
      return { seq: await this.#append([row]) };
    });
  }

  async #latest<T>(table: TableName, id: string, schema: z.ZodType<T>): Promise<Stored<T> | null> {
    const row = await this.#journal.latest(table, id);
    if (!row) return null;
    const value = await openJson(this.#key, this.#keyId, row, row.sealed, schema);
    return { value, version: row.version, seq: row.seq };
  }

  async #seal(table: TableName, id: string, version: number, value: unknown): Promise<NewRow> {
    const sealed = await sealJson(this.#key, this.#keyId, { table, id, version }, value);
    return { table, id, version, sealed };
  }

  /** @returns the sequence number of the last row */
  async #append(rows: readonly NewRow[]): Promise<number> {
    const committed = await this.#journal.append(rows);
    const last = committed.at(-1);
    if (!last) throw new AppError('INTERNAL');
    return last.seq;
  }
}

function withReplacementNotice(source: RecordSource): RecordSource {
  const notices = new Set(source.notices).add('LONE_SURROGATES_REPLACED');
  return { ...source, notices: [...notices] };
}
