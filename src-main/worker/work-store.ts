/**
 * What doctors work on beside records: questions with their answers, and drafted replies. Each is one
 * row, saved whole as the version after the one that it was begun from; nothing is erased. Every method
 * resolves when what it wrote is committed.
 */
import type * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { recordHeadSchema, type JournalRow, type TableName } from '../domain/contract/record';
import type { RecordKey } from '../vault/record-keys';
import type { Vault } from '../vault/vault';
import { latestRow, sealedRow, type Committed, type Stored } from './sealed-rows';
import { Turns } from './turns';

/** What every kind of work has. */
export interface Work {
  readonly id: string;
  readonly recordId: string | null;
  /** Further records that it is about, none of which its key may be that of. */
  readonly others?: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
  readonly by?: string | undefined;
}

export interface WorkStoreOptions<T extends Work> {
  readonly vault: Vault;
  readonly table: TableName;
  readonly schema: z.ZodType<T>;
  /** Longest work as JSON, UTF-16 units. */
  readonly maxChars: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Opaque id of who works with it; null where nobody signed in. */
  readonly userId: string | null;
  /** What may not be saved over what is there. @throws AppError */
  readonly demand?: (next: T, before: T | null) => void;
}

export class WorkStore<T extends Work> {
  readonly #options: WorkStoreOptions<T>;
  readonly #turns = new Turns();

  constructor(options: WorkStoreOptions<T>) {
    this.#options = options;
  }

  /**
   * @param base row version that it was begun from; 0 for something new
   * @throws AppError `VERSION_CONFLICT` where the newest version is another one, or it would move to
   *   other records; `RECORD_NOT_FOUND`; `TEXT_TOO_LARGE`; what `demand` and the journal throw
   */
  save(work: T, base: number): Promise<Committed & { readonly version: number }> {
    const { maxChars, schema, table, vault, demand } = this.#options;
    return this.#turns.take(work.id, async () => {
      const chars = JSON.stringify(work).length;
      if (chars > maxChars) {
        throw new AppError('TEXT_TOO_LARGE', { params: { chars, limit: maxChars } });
      }
      const stored = await latestRow(vault, table, work.id, schema);
      // A row whose key was destroyed with its record is not there, and its id is never used again.
      if (!stored && vault.journal.latestVersion(table, work.id) > 0) {
        throw new AppError('RECORD_NOT_FOUND');
      }
      if ((stored?.version ?? 0) !== base) throw new AppError('VERSION_CONFLICT');
      if (stored && !isAboutTheSame(stored.value, work)) throw new AppError('VERSION_CONFLICT');
      demand?.(work, stored?.value ?? null);
      const key = stored?.key ?? (await this.#keyFor(work));
      return this.#append(key, stored, work);
    });
  }

  /** Takes it off the lists; undo is `restore`. Already so: nothing is written. @throws AppError `RECORD_NOT_FOUND` */
  delete(id: string): Promise<Committed> {
    return this.#mark(id, ({ deletedAt }) => deletedAt ?? this.#options.now());
  }

  /** @throws AppError `RECORD_NOT_FOUND` */
  restore(id: string): Promise<Committed> {
    return this.#mark(id, () => null);
  }

  /** All versions, oldest first, still sealed. @throws what the journal throws */
  history(id: string): Promise<JournalRow[]> {
    return this.#options.vault.journal.versions(this.#options.table, id);
  }

  /**
   * Ids of the keys of what is about a record and yet not sealed under its key: they end with it.
   *
   * @param keyId of the record
   */
  async keyIdsAbout(recordId: string, keyId: string): Promise<string[]> {
    const { vault, table, schema } = this.#options;
    const found: string[] = [];
    for (const id of vault.journal.idsOf(table)) {
      if (vault.journal.keyIdOf(table, id) === keyId) continue;
      const stored = await latestRow(vault, table, id, schema);
      if (stored && recordsOf(stored.value).includes(recordId)) found.push(stored.key.keyId);
    }
    return found;
  }

  #mark(id: string, mark: (work: T) => number | null): Promise<Committed> {
    const { vault, table, schema } = this.#options;
    return this.#turns.take(id, async () => {
      const stored = await latestRow(vault, table, id, schema);
      if (!stored) throw new AppError('RECORD_NOT_FOUND');
      const deletedAt = mark(stored.value);
      if (deletedAt === stored.value.deletedAt) return { seq: stored.seq };
      return this.#append(stored.key, stored, { ...stored.value, deletedAt });
    });
  }

  /** That of the one record, so that the end of the one is the end of the other. */
  async #keyFor(work: T): Promise<RecordKey> {
    const { vault } = this.#options;
    const keys: RecordKey[] = [];
    for (const recordId of recordsOf(work)) {
      const record = await latestRow(vault, 'record', recordId, recordHeadSchema);
      if (!record) throw new AppError('RECORD_NOT_FOUND');
      keys.push(record.key);
    }
    const [only] = keys;
    return only && keys.length === 1 ? only : vault.takeKey();
  }

  async #append(
    key: RecordKey,
    stored: Stored<T> | null,
    work: T,
  ): Promise<Committed & { readonly version: number }> {
    const { vault, table, now, userId } = this.#options;
    const version = (stored?.version ?? 0) + 1;
    // A clock that was set back must not make a change look older than what it changed.
    const updatedAt = Math.max(now(), stored?.value.updatedAt ?? 0);
    const value: T = {
      ...work,
      createdAt: stored?.value.createdAt ?? updatedAt,
      updatedAt,
      by: userId ?? undefined,
    };
    const [committed] = await vault.journal.append([
      sealedRow(key, table, work.id, version, value),
    ]);
    if (!committed) throw new AppError('INTERNAL');
    return { seq: committed.seq, version };
  }
}

/** All that it is about. */
export function recordsOf({ recordId, others = [] }: Work): readonly string[] {
  return [...(recordId === null ? [] : [recordId]), ...others];
}

function isAboutTheSame(one: Work, other: Work): boolean {
  return recordsOf(one).join('\n') === recordsOf(other).join('\n');
}
