/** Stores reviews as rows of the journal, for tests of what reads them. */
import type { TableName } from '../domain/contract/record';
import type { StoredReview } from '../domain/contract/review';
import { sealJsonAtOnce } from '../vault/seal-at-once';
import type { Vault } from '../vault/vault';

/** Under the key of the record, as the next version of the row. */
export async function storeOfRecord(
  vault: Vault,
  table: TableName,
  id: string,
  recordId: string,
  value: object,
): Promise<void> {
  const keyId = vault.journal.keyIdOf('record', recordId);
  if (keyId === null) throw new Error('no such record');
  const key = await vault.recordKeys.key(keyId);
  const address = { table, id, version: vault.journal.latestVersion(table, id) + 1 };
  await vault.journal.append([{ ...address, sealed: sealJsonAtOnce(key, keyId, address, value) }]);
}

export function storeReview(vault: Vault, review: StoredReview): Promise<void> {
  return storeOfRecord(vault, 'review', review.id, review.recordId, review);
}
