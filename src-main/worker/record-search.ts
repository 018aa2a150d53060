/**
 * The search over all records. Signatures of records say which may hold the words; those are opened and
 * looked through, newest first, so that nothing is told that is not there. Everything it knows is in this
 * process, which ends with the lock.
 */
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../domain/contract/errors';
import type { JournalRow } from '../domain/contract/record';
import type { SearchHit, SearchRequest, SearchResult } from '../domain/contract/search';
import { markedParts, matchOf, recordIdsOf, snippetOf, termsOf } from '../domain/search/query';
import { bitsOf, itemsOf, signatureOf } from '../domain/search/signature';
import type { NewRow } from '../vault/journal';
import type { RecordKey } from '../vault/record-keys';
import { sealRowAtOnce } from '../vault/seal-at-once';
import type { Vault } from '../vault/vault';
import { openRecord, openSignatureRow } from './open-records';
import { SignatureTable } from './signature-table';
import type { Turns } from './turns';

/** Rows of the journal looked at between two looks at what else is asked. */
const pageRows = 600;
/** Records opened at once: few at first, so that the first hit comes soon. */
const firstBatch = 8;
const largestBatch = 64;
/** Old records that get their signature at once. */
const signBatch = 32;

export class RecordSearch {
  readonly #vault: Vault;
  readonly #turns: Turns;
  readonly #table = new SignatureTable();
  #ready: Promise<void> | null = null;
  #signing: Promise<void> | null = null;

  /** @param turns the same that changes of records take */
  constructor(vault: Vault, turns: Turns) {
    this.#vault = vault;
    this.#turns = turns;
  }

  /** Row of a record's next signature. @param texts title and text */
  row(key: RecordKey, recordId: string, texts: readonly string[]): NewRow {
    const version = this.#vault.journal.latestVersion('signature', recordId) + 1;
    const address = { table: 'signature' as const, id: recordId, version };
    return { ...address, sealed: sealRowAtOnce(key.key, key.keyId, address, signatureOf(texts)) };
  }

  /** A signature was committed. Does nothing before the search is made ready, which then reads it. */
  saved(row: NewRow): void {
    if (this.#ready) this.#keep(row);
  }

  /** A record was deleted for good. */
  removed(recordId: string): void {
    this.#table.remove(recordId);
  }

  /**
   * Reads all signatures; then, behind, makes those that older programs did not. Once.
   *
   * @returns how many records there are
   * @throws AppError what the journal throws
   */
  async prepare(): Promise<number> {
    this.#ready ??= this.#load();
    await this.#ready.catch((error: unknown) => {
      this.#ready = null;
      throw error;
    });
    if (!this.#signing) {
      this.#signing = this.#signAll();
      // A record without a signature is looked into each time; the next opening goes on.
      this.#signing.catch(() => undefined);
    }
    return this.#table.records;
  }

  /** Resolves when every record that can be opened has its signature. @throws what `Journal.append` throws */
  async signed(): Promise<void> {
    await this.prepare();
    await this.#signing;
  }

  /**
   * @param emit gets hits as they are found, newest records first
   * @throws AppError what the journal throws
   */
  async run(
    { query, limit, after }: SearchRequest,
    signal: AbortSignal,
    emit: (hits: SearchHit[]) => void,
  ): Promise<SearchResult> {
    const terms = termsOf(query);
    if (terms.length === 0) return { next: null, unreadable: 0 };
    const called = await this.#lookIntoAll(recordIdsOf(terms).slice(0, limit), null);
    if (called.hits.length > 0) {
      emit(called.hits);
      return { next: null, unreadable: called.unreadable };
    }
    await this.prepare();
    const items = itemsOf(terms);
    let below = after ?? this.#table.length;
    let batch = firstBatch;
    let found = 0;
    let unreadable = 0;
    while (below > 0 && found < limit && !signal.aborted) {
      const candidates = this.#table.candidates(below, items, Math.min(batch, limit - found));
      below = candidates.below;
      batch = Math.min(2 * batch, largestBatch);
      const { hits, unreadable: more } = await this.#lookIntoAll(candidates.recordIds, terms);
      unreadable += more;
      found += hits.length;
      if (hits.length > 0) emit(hits);
      // Whoever asked may have something else in mind by now.
      await setImmediate();
    }
    return { next: below > 0 ? below : null, unreadable };
  }

  /** @param terms null where records are called by their ids */
  async #lookIntoAll(
    recordIds: readonly string[],
    terms: readonly string[] | null,
  ): Promise<{ readonly hits: SearchHit[]; readonly unreadable: number }> {
    const outcomes = await Promise.all(recordIds.map((id) => this.#lookInto(id, terms)));
    const hits = outcomes.filter((outcome) => outcome !== null && outcome !== 'unreadable');
    return { hits, unreadable: outcomes.filter((outcome) => outcome === 'unreadable').length };
  }

  async #lookInto(
    recordId: string,
    terms: readonly string[] | null,
  ): Promise<SearchHit | 'unreadable' | null> {
    try {
      const record = await openRecord(this.#vault, recordId);
      if (!record || record.head.deletedAt !== null) return null;
      const { head, text } = record;
      const hit = { recordId, createdAt: head.createdAt };
      if (!terms) {
        return { ...hit, byId: true, title: markedParts(head.title, []), match: null, snippet: [] };
      }
      const match = matchOf(head.title, text, terms);
      if (match === undefined) return null;
      return {
        ...hit,
        title: markedParts(head.title, terms),
        match,
        snippet: match ? snippetOf(text, match, terms) : [],
      };
    } catch (error) {
      if (isOfOneRecord(error)) return 'unreadable';
      throw error;
    }
  }

  async #load(): Promise<void> {
    const { journal } = this.#vault;
    for (const id of journal.idsOf('record')) if (!this.#table.has(id)) this.#table.put(id, null);
    // What comes later is told by `saved`.
    const last = journal.lastSeq;
    for (let after = 0; after < last;) {
      const { rows, upTo } = await journal.read(after, pageRows);
      for (const row of rows) {
        const isNewest =
          row.table === 'signature' &&
          row.version === journal.latestVersion('signature', row.id) &&
          // Not when it was deleted, or told anew, meanwhile.
          this.#table.has(row.id) &&
          !this.#table.isSigned(row.id);
        if (isNewest) this.#keep(row);
      }
      if (upTo <= after) break;
      after = upTo;
      await setImmediate();
    }
  }

  /** A signature that does not open leaves its record among those that are always looked into. */
  #keep(row: NewRow | JournalRow): void {
    try {
      const bits = bitsOf(openSignatureRow(this.#vault, { ...row, seq: 0 }));
      this.#table.put(row.id, bits);
    } catch (error) {
      if (!isOfOneRecord(error)) throw error;
      this.#table.put(row.id, null);
    }
  }

  async #signAll(): Promise<void> {
    const recordIds = [...this.#table.unsigned()];
    for (let at = 0; at < recordIds.length; at += signBatch) {
      const start = performance.now();
      await Promise.all(recordIds.slice(at, at + signBatch).map((id) => this.#sign(id)));
      // As long a rest as the work took: saving and reading come first.
      await new Promise((resolve) => setTimeout(resolve, performance.now() - start).unref());
    }
  }

  #sign(recordId: string): Promise<void> {
    return this.#turns.take(`record ${recordId}`, async () => {
      if (this.#table.isSigned(recordId) || !this.#table.has(recordId)) return;
      try {
        const record = await openRecord(this.#vault, recordId);
        if (!record) return;
        const { keyId, head, text } = record;
        const key = await this.#vault.recordKeys.key(keyId);
        const row = this.row({ keyId, key }, recordId, [head.title, text]);
        await this.#vault.journal.append([row]);
        this.#keep(row);
      } catch (error) {
        if (!isOfOneRecord(error)) throw error;
      }
    });
  }
}

/** What is wrong with one record and says nothing of the others. */
function isOfOneRecord(error: unknown): boolean {
  const codes = ['RECORD_KEY_LOST', 'RECORD_NOT_FOUND', 'SEAL_INVALID', 'STORE_CORRUPT'];
  return error instanceof AppError && codes.includes(error.code);
}
