/**
 * The first reviews of a record: one for each schema that it was read by, numbered in the order in which
 * they were begun (`domain/review/review.ts`). One of the time when a record had a single review is the first,
 * and stays that of the schema that it names, whatever facts it holds.
 */
import { AppError } from '../domain/contract/errors';
import { storedReviewSchema, type StoredReview } from '../domain/contract/review';
import { ordinalOf, primaryIdOf } from '../domain/review/review';
import type { Journal } from '../vault/journal';
import type { Vault } from '../vault/vault';
import { latestRow } from './sealed-rows';

/** Ids of those that are stored, in their order. */
export function primaryIdsOf(journal: Journal, recordId: string): string[] {
  const ids: string[] = [];
  for (let ordinal = 1; ; ordinal += 1) {
    const id = primaryIdOf(recordId, ordinal);
    if (journal.latestVersion('review', id) === 0) return ids;
    ids.push(id);
  }
}

/**
 * That a first review stays that of its schema, and that no other one of this text is of the same.
 *
 * @param before as it is stored; null for one that begins
 * @throws AppError `BAD_REQUEST` where its schema was another one before; `VERSION_CONFLICT` where one of
 *   this schema, or with this number, was begun already; and what the journal throws
 */
export async function checkSchemaOfPrimary(
  vault: Vault,
  review: StoredReview,
  before: StoredReview | null,
): Promise<void> {
  if (review.role !== 'primary') return;
  if (before) {
    if (before.schema !== review.schema) throw new AppError('BAD_REQUEST');
    return;
  }
  const ids = primaryIdsOf(vault.journal, review.recordId);
  if (ordinalOf(review) !== ids.length + 1) throw new AppError('VERSION_CONFLICT');
  for (const id of ids) {
    const other = (await latestRow(vault, 'review', id, storedReviewSchema))?.value;
    if (other?.schema === review.schema && other.textSha256 === review.textSha256) {
      throw new AppError('VERSION_CONFLICT');
    }
  }
}
