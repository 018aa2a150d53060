/**
 * Rows of IndexedDB held against the journal. A row that someone edited, put in the place of another,
 * put back to an older version, added or took away is put right from the journal, and told once.
 *
 * Rows are shown first and checked behind, but for those that do not open and for the one text or run
 * that a person asks for.
 */
import type { JournalRow, TableName } from '@domain/contract/record';
import type { RowAddressOf, RowClaim } from '@domain/contract/worker-port';
import type { ChimedDatabase } from './database';
import { projectedRow } from './database';
import type { RowSource } from './row-source';

export interface IntegrityHooks {
  /** Rows that were put right, to be shown as they are now. */
  onRestored(rows: readonly JournalRow[]): void;
  /** Ids of records whose rows were in the database and never in the journal. */
  onForeign(recordIds: readonly string[]): void;
  /** Called once for a page's life, when the first check that found something has ended. */
  onFirst(count: number): void;
  /** A check that could not be made. */
  onError(error: unknown): void;
}

/** A row as it lies in the database. */
type StoredRow = JournalRow;

export class Integrity {
  readonly #database: ChimedDatabase;
  readonly #source: RowSource;
  readonly #hooks: IntegrityHooks;
  #queue: Promise<void> = Promise.resolve();
  #restored = 0;
  #told = false;

  constructor(database: ChimedDatabase, source: RowSource, hooks: IntegrityHooks) {
    this.#database = database;
    this.#source = source;
    this.#hooks = hooks;
  }

  /** Rows put right so far. */
  get restored(): number {
    return this.#restored;
  }

  /** Checks rows that are shown already; what was wrong comes through the hooks. */
  checkBehind(rows: readonly StoredRow[]): void {
    if (rows.length === 0) return;
    this.#behind(async () => {
      const { restored, foreign } = await this.#check(rows);
      if (restored.length > 0) this.#hooks.onRestored(restored);
      if (foreign.length > 0) {
        this.#hooks.onForeign(foreign.flatMap(({ table, id }) => (table === 'record' ? [id] : [])));
      }
    });
  }

  /** Checks that no row of a table was taken away. @param shown ids of those that are there */
  checkAllThere(table: TableName, shown: ReadonlySet<string>): void {
    this.#behind(async () => {
      const projected = await this.#projectedSeq();
      const { ids, lastSeq } = await this.#source.ids(table);
      // What is missing may merely be on its way.
      if (projected < lastSeq) return;
      const unseen = ids.filter((id) => !shown.has(id));
      const stored = await this.#database.rows.bulkGet(unseen.map((id) => [table, id]));
      // Rows that are there and were not seen have come meanwhile, unless their number hides them.
      const missing = unseen.filter((_, index) => !isInOrder(stored[index]?.born, projected));
      if (missing.length === 0) return;
      const rows = await this.#source.rows(missing.map((id) => ({ table, id })));
      await this.#database.rows.bulkPut(rows.map((row) => projectedRow(row)));
      this.#count(rows.length);
      this.#hooks.onRestored(rows);
    });
  }

  /** Resolves when everything that was given to `checkBehind` has been checked. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /**
   * Checks rows before they are shown.
   *
   * @returns those that were wrong, as the journal has them
   * @throws AppError what the worker answers; what IndexedDB throws
   */
  async putRight(rows: readonly StoredRow[]): Promise<readonly JournalRow[]> {
    return (await this.#check(rows)).restored;
  }

  /** A row that is not in the database although it should be. @throws as `putRight` */
  async missing(address: RowAddressOf): Promise<JournalRow | null> {
    const projected = await this.#projectedSeq();
    const [row] = await this.#source.rows([address]);
    if (!row) return null;
    // Committed a moment ago: then it is merely on its way.
    if (row.seq <= projected) {
      await this.#database.rows.put(projectedRow(row));
      this.#count(1);
    }
    return row;
  }

  async #check(
    rows: readonly StoredRow[],
  ): Promise<{ restored: readonly JournalRow[]; foreign: readonly RowAddressOf[] }> {
    // Before asking: what is committed from now on is no sign of tampering.
    const projected = await this.#projectedSeq();
    const { outdated, lastSeq } = await this.#source.outdated(await Promise.all(rows.map(claimOf)));
    if (outdated.length === 0) return { restored: [], foreign: [] };
    const current = await this.#source.rows(outdated);
    const wrong = current.filter(({ seq }) => seq <= projected);
    const known = new Set(current.map(addressOf));
    // The projection lacks a deletion, or somebody put these rows here.
    const foreign =
      projected >= lastSeq ? outdated.filter((address) => !known.has(addressOf(address))) : [];
    await this.#database.rows.bulkPut(wrong.map((row) => projectedRow(row)));
    await this.#database.rows.bulkDelete(foreign.map(({ table, id }) => [table, id]));
    this.#count(wrong.length + foreign.length);
    return { restored: wrong, foreign };
  }

  #behind(check: () => Promise<void>): void {
    this.#queue = this.#queue.then(check).catch((error: unknown) => this.#hooks.onError(error));
  }

  #count(rows: number): void {
    if (rows === 0) return;
    this.#restored += rows;
    if (this.#told) return;
    this.#told = true;
    this.#hooks.onFirst(this.#restored);
  }

  async #projectedSeq(): Promise<number> {
    return (await this.#database.meta.get('projection'))?.projectedSeq ?? 0;
  }
}

function isInOrder(born: unknown, projected: number): boolean {
  return typeof born === 'number' && born >= 1 && born <= projected;
}

function addressOf({ table, id }: RowAddressOf): string {
  return `${table} ${id}`;
}

async function claimOf({ table, id, version, seq, sealed }: StoredRow): Promise<RowClaim> {
  const digest = await crypto.subtle.digest('SHA-256', sealed);
  const sha256 = Array.from(new Uint8Array(digest), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  return { table, id, version, seq, sha256 };
}
