/** The newest version of a row, opened. */
import type * as z from 'zod';
import type { TableName } from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import type { RecordKey } from '../vault/record-keys';
import type { Vault } from '../vault/vault';

export interface Stored<T> {
  readonly value: T;
  readonly version: number;
  readonly seq: number;
  readonly key: RecordKey;
}

/** Null for a row that is not there, or not any more. @throws AppError as the journal and the row's key */
export async function openLatest<T>(
  vault: Vault,
  table: TableName,
  id: string,
  schema: z.ZodType<T>,
): Promise<Stored<T> | null> {
  const row = await vault.journal.latest(table, id);
  if (!row) return null;
  const keyId = keyIdOfSealed(row.sealed);
  const key = { keyId, key: await vault.recordKeys.key(keyId) };
  const value = await openJson(key.key, keyId, row, row.sealed, schema);
  return { value, version: row.version, seq: row.seq, key };
}
