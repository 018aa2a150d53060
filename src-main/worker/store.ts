/**
 * Records, their texts and their runs, as sealed rows of the journal. Every method resolves when
 * what it wrote is committed.
 */
import { createHash, randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { defaultPolicy, deletableFrom, type DeletionRule } from '../domain/contract/policy';
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
import { schemaRowSchema } from '../domain/contract/stored-schema';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { isWellFormed, toWellFormed } from '../domain/text/well-formed';
import { backUp } from '../vault/backup';
import type { Journal, NewRow, RowClaim } from '../vault/journal';
import type { RecordKey } from '../vault/record-keys';
import { sealJsonAtOnce } from '../vault/seal-at-once';
import type { Vault } from '../vault/vault';
import type { Answer, Question } from './control';
import { Duplicates } from './duplicates';
import { SchemaStore } from './schema-store';
import { Turns } from './turns';

export interface StoreOptions {
  readonly vault: Vault;
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
  /** Opaque id of who works with it; null where nobody signed in. */
  readonly userId?: string | null;
  /** Defaults to what holds without a policy. */
  readonly deletion?: DeletionRule;
}

interface Stored<T> {
  readonly value: T;
  readonly version: number;
  readonly seq: number;
  readonly key: RecordKey;
}

/** Where a write stands in the journal. */
export interface Committed {
  readonly seq: number;
}

export class RecordStore {
  readonly #vault: Vault;
  readonly #journal: Journal;
  readonly #now: () => number;
  readonly #turns = new Turns();
  readonly #duplicates: Duplicates;
  readonly #userId: string | null;
  readonly #deletion: DeletionRule;
  /** The hospital's own schemas, which belong to no record. */
  readonly schemas: SchemaStore;

  constructor({ vault, now, userId, deletion }: StoreOptions) {
    this.#vault = vault;
    this.#journal = vault.journal;
    this.#now = now ?? Date.now;
    this.#duplicates = new Duplicates(vault);
    this.#userId = userId ?? null;
    this.#deletion = deletion ?? defaultPolicy.retention;
    this.schemas = new SchemaStore({
      now: this.#now,
      userId: this.#userId,
      latest: (id) => this.#latest('schema', id, schemaRowSchema),
      versions: (id) => vault.journal.versions('schema', id),
      put: async (id, before, value) => {
        const key = before?.key ?? (await vault.takeKey());
        const row = sealed(key, 'schema', id, (before?.version ?? 0) + 1, value);
        return { seq: await this.#append([row]) };
      },
    });
  }

  /**
   * Saves a new record under a key of its own. Its text is its own too: what is shared by two records
   * could not be deleted with one of them.
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
    const textSha256 = sha256Of(text);
    const recordId = randomUUID();
    const textId = this.#vault.textId(recordId, textSha256);
    const createdAt = this.#now();
    const head: RecordHead = {
      title: toWellFormed(input.title),
      createdAt,
      updatedAt: createdAt,
      deletedAt: null,
      textId,
      textSha256,
      chars: text.length,
      source: isWellFormed(input.text) ? input.source : withReplacementNotice(input.source),
      ...this.#by(),
    };
    const key = await this.#vault.takeKey();
    const rows = [
      sealed(key, 'text', textId, 1, { text }),
      sealed(key, 'record', recordId, 1, head),
    ];
    const seq = await this.#append(rows);
    this.#duplicates.add(recordId, textSha256);
    return { recordId, seq };
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
      // An id that another record's run had, or a deleted one: it is never used again.
      if (this.#journal.latestVersion('run', run.id) > 0) {
        const saved = await this.#latest('run', run.id, storedRunSchema);
        if (!saved) throw new AppError('VERSION_CONFLICT');
        if (JSON.stringify(saved.value) === JSON.stringify(storedRunSchema.parse(run))) {
          return { seq: saved.seq };
        }
        throw new AppError('VERSION_CONFLICT');
      }
      return { seq: await this.#append([sealed(record.key, 'run', run.id, 1, run)]) };
    });
  }

  /**
   * Deletes a record for good: its key is destroyed, and with it every row of the record wherever it
   * was copied to, but for backups, which hold their own copy of the key.
   *
   * @throws AppError `RECORD_NOT_FOUND`, also when it was done before; `POLICY_FORBIDS` when the policy
   *   does, or its term in the bin is not over; and what the journal throws
   */
  shred(recordId: string): Promise<Committed> {
    return this.#turns.take(`record ${recordId}`, async () => {
      // By the row's address alone, so that a record whose key is damaged can be deleted too.
      const keyId = this.#journal.keyIdOf('record', recordId);
      if (keyId === null) throw new AppError('RECORD_NOT_FOUND');
      if (!(await this.#mayShred(recordId))) throw new AppError('POLICY_FORBIDS');
      const at = this.#now();
      const seq = await this.#vault.shred(keyId, { recordId, at, by: this.#userId });
      this.#duplicates.remove(recordId);
      return { seq };
    });
  }

  /** All versions of a record's head, oldest first, still sealed. @throws what the journal throws */
  history(recordId: string): Promise<JournalRow[]> {
    return this.#journal.versions('record', recordId);
  }

  /**
   * Records that have exactly this text, also those in the bin. What is compared lives in memory only.
   *
   * @throws AppError what the journal throws
   */
  async duplicates(text: string): Promise<string[]> {
    return this.#duplicates.of(sha256Of(toWellFormed(text)));
  }

  /** Committed rows after `after`, still sealed; see `Journal.read`. */
  async read(
    after: number,
    limit: number,
  ): Promise<{ journalId: string; lastSeq: number; upTo: number; rows: JournalRow[] }> {
    const { rows, upTo } = await this.#journal.read(after, limit);
    return { journalId: this.#journal.journalId, lastSeq: this.#journal.lastSeq, upTo, rows };
  }

  /** The newest versions of rows, still sealed; those that are not there, or not any more, are left out. */
  async rows(
    addresses: readonly { readonly table: TableName; readonly id: string }[],
  ): Promise<JournalRow[]> {
    const found: JournalRow[] = [];
    for (const { table, id } of addresses) {
      const row = await this.#journal.latest(table, id);
      if (row) found.push(row);
    }
    return found;
  }

  /** Ids of all rows of a table that can be read, and how far the journal has come. */
  ids(table: TableName): { ids: string[]; lastSeq: number } {
    return { ids: [...this.#journal.idsOf(table)], lastSeq: this.#journal.lastSeq };
  }

  /** Those of `claims` that are not what the journal holds, and how far it has come. */
  check(claims: readonly RowClaim[]): { outdated: RowClaim[]; lastSeq: number } {
    return { outdated: this.#journal.outdated(claims), lastSeq: this.#journal.lastSeq };
  }

  /**
   * What main asks of the vault.
   *
   * @returns where the journal stands afterwards, and what was asked for
   * @throws AppError as `Vault.compact`, `Vault.rotate` and `backUp`
   */
  async answer(question: Question): Promise<Answer> {
    const said = await this.#answer(question);
    const { head, journalId } = this.#journal;
    return { head: { ...head, journalId }, ...said };
  }

  /** Keys of records as they lie in their file, wrapped; null for one that is lost or destroyed. */
  wrappedKeys(
    keyIds: readonly string[],
  ): { keyId: string; wrapped: Uint8Array<ArrayBuffer> | null }[] {
    return keyIds.map((keyId) => {
      const wrapped = this.#vault.recordKeys.wrapped(keyId);
      // A copy: a view would drag what lies around it along when it is posted to a window.
      return { keyId, wrapped: wrapped ? new Uint8Array(wrapped) : null };
    });
  }

  async #answer(question: Question): Promise<Pick<Answer, 'holds' | 'backup'>> {
    switch (question.kind) {
      case 'head':
        return {};
      case 'holds':
        return { holds: this.#journal.holds(question.head) };
      case 'compact':
        await this.#vault.compact();
        return {};
      case 'rotate':
        await this.#vault.rotate(question);
        this.#duplicates.forget();
        return {};
      case 'backup':
        return {
          backup: { ...(await backUp(this.#vault, question)), records: this.#recordCount() },
        };
      default:
        return question satisfies never;
    }
  }

  async #mayShred(recordId: string): Promise<boolean> {
    const rule = this.#deletion;
    // Without a term in the bin the head need not be read, which a lost key would prevent.
    if (!rule.deletionAllowed || rule.binDays === 0) return rule.deletionAllowed;
    const record = await this.#latest('record', recordId, recordHeadSchema);
    const from = deletableFrom(record?.value.deletedAt ?? null, rule);
    return from !== null && this.#now() >= from;
  }

  #by(): Pick<RecordHead, 'by'> {
    return this.#userId === null ? {} : { by: this.#userId };
  }

  #recordCount(): number {
    return [...this.#journal.idsOf('record')].length;
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
      const head: RecordHead = {
        ...record.value,
        ...changed,
        updatedAt,
        // Of this version, not of the one before.
        by: this.#userId ?? undefined,
      };
      const row = sealed(record.key, 'record', recordId, record.version + 1, head);
      return { seq: await this.#append([row]) };
    });
  }

  async #latest<T>(table: TableName, id: string, schema: z.ZodType<T>): Promise<Stored<T> | null> {
    const row = await this.#journal.latest(table, id);
    if (!row) return null;
    const keyId = keyIdOfSealed(row.sealed);
    const key = { keyId, key: await this.#vault.recordKeys.key(keyId) };
    const value = await openJson(key.key, keyId, row, row.sealed, schema);
    return { value, version: row.version, seq: row.seq, key };
  }

  /** @returns the sequence number of the last row */
  async #append(rows: readonly NewRow[]): Promise<number> {
    const committed = await this.#journal.append(rows);
    const last = committed.at(-1);
    if (!last) throw new AppError('INTERNAL');
    return last.seq;
  }
}

function sealed(
  { keyId, key }: RecordKey,
  table: TableName,
  id: string,
  version: number,
  value: unknown,
): NewRow {
  const address = { table, id, version };
  return { ...address, sealed: sealJsonAtOnce(key, keyId, address, value) };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf-8').digest('hex');
}

function withReplacementNotice(source: RecordSource): RecordSource {
  const notices = new Set(source.notices).add('LONE_SURROGATES_REPLACED');
  return { ...source, notices: [...notices] };
}
