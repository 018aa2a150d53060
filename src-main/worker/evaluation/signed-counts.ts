/** How many records of the vault are confirmed, by schema: what can be evaluated on them. */
import type { SignedCounts } from '../../domain/contract/evaluation';
import { recordHeadSchema } from '../../domain/contract/record';
import { Cancelled } from '../../domain/contract/rpc';
import { storedReviewSchema } from '../../domain/contract/review';
import type { Vault } from '../../vault/vault';
import { latestRow } from '../sealed-rows';

/** Records in the bin do not count. @throws AppError what the journal throws; Cancelled */
export async function signedCounts(vault: Vault, signal: AbortSignal): Promise<SignedCounts> {
  const bySchema = new Map<string, Set<string>>();
  for (const id of vault.journal.idsOf('review')) {
    if (signal.aborted) throw new Cancelled();
    const review = (await latestRow(vault, 'review', id, storedReviewSchema))?.value;
    if (!review?.confirmation || review.role === 'second') continue;
    const head = await latestRow(vault, 'record', review.recordId, recordHeadSchema);
    if (!head || head.value.deletedAt !== null) continue;
    const records = bySchema.get(review.schema) ?? new Set();
    bySchema.set(review.schema, records.add(review.recordId));
  }
  return { schemas: [...bySchema].map(([id, records]) => ({ id, records: records.size })) };
}
