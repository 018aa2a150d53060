/**
 * The IndexedDB behind `data/`: a readable projection of the journal, ciphertext only.
 *
 * Relaxed durability is right here and nowhere else: what is lost is read again from the journal,
 * which is the commit.
 */
import { Dexie, type Table } from 'dexie';
import type { JournalRow, TableName } from '@domain/contract/record';
import { keyIdOfSealed } from '@domain/sealing/row';

export interface ProjectedRow extends JournalRow {
  /** Of the key that it is sealed under: what a deletion removes rows by. */
  readonly keyId: string;
  /**
   * Number of the row's first version in the journal: rows are read in the order in which they came,
   * the newest first. Where only a later version is known, the number of that one.
   */
  readonly born: number;
}

export function projectedRow(row: JournalRow, born = row.seq): ProjectedRow {
  const { seq, table, id, version, sealed } = row;
  return { seq, table, id, version, sealed, keyId: keyIdOfSealed(sealed), born };
}

/** Whether rows of this table are kept here; the others are the worker's alone. */
export function isProjected(table: TableName): boolean {
  return table !== 'deletion' && table !== 'signature';
}

export interface ProjectionMeta {
  readonly key: 'projection';
  readonly journalId: string;
  /** Sequence number of the newest journal row that is in `rows`. */
  readonly projectedSeq: number;
}

export class ChimedDatabase extends Dexie {
  declare readonly rows: Table<ProjectedRow, [TableName, string]>;
  declare readonly meta: Table<ProjectionMeta, string>;

  constructor(name = 'chimed') {
    super(name, { chromeTransactionDurability: 'relaxed' });
    this.version(1).stores({ rows: '[table+id]', meta: 'key' });
    // Rows of before know no key of their own, or not when they came; they are read again from the
    // journal.
    this.version(3)
      .stores({ rows: '[table+id], keyId, [table+born]', meta: 'key' })
      .upgrade(async (transaction) => {
        await transaction.table('rows').clear();
        await transaction.table('meta').clear();
      });
  }
}

/** Opens the database; a damaged one is thrown away, because the journal holds everything. */
export async function openDatabase(name?: string): Promise<ChimedDatabase> {
  const database = new ChimedDatabase(name);
  try {
    await database.open();
    return database;
  } catch {
    await database.delete();
    const fresh = new ChimedDatabase(name);
    await fresh.open();
    return fresh;
  }
}
