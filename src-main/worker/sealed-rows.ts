/** Rows of the journal, sealed and opened under the key of what they belong to. */
import type * as z from 'zod';
import type { JournalRow, TableName } from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import type { NewRow } from '../vault/journal';
import type { RecordKey } from '../vault/record-keys';
import { sealJsonAtOnce } from '../vault/seal-at-once';
import type { Vault } from '../vault/vault';

export interface Stored<T> {
  readonly value: T;
  readonly version: number;
  readonly seq: number;
  readonly key: RecordKey;
}

/** Where a write stands in the journal. */
export interface Committed {
  readonly seq: number;
}

/** The newest version of a row; null where there is none, or its key was destroyed. @throws AppError of both */
export async function latestRow<T>(
  vault: Vault,
  table: TableName,
  id: string,
  schema: z.ZodType<T>,
): Promise<Stored<T> | null> {
  const row = await vault.journal.latest(table, id);
  if (!row) return null;
  const { key, value } = await openRow(vault, row, schema);
  return { value, version: row.version, seq: row.seq, key };
}

/** @throws AppError of a key that was destroyed, or of a row that is not as it was stored */
export async function openRow<T>(
  vault: Vault,
  row: JournalRow,
  schema: z.ZodType<T>,
): Promise<{ readonly key: RecordKey; readonly value: T }> {
  const keyId = keyIdOfSealed(row.sealed);
  const key = { keyId, key: await vault.recordKeys.key(keyId) };
  return { key, value: await openJson(key.key, keyId, row, row.sealed, schema) };
}

export function sealedRow(
  { keyId, key }: RecordKey,
  table: TableName,
  id: string,
  version: number,
  value: unknown,
): NewRow {
  const address = { table, id, version };
  return { ...address, sealed: sealJsonAtOnce(key, keyId, address, value) };
}
