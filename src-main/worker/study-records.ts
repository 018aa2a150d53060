/** What the vault holds of a record of a sample: the run, and the reviews that the sample is about. */
import { recordHeadSchema, storedRunSchema, type StoredRun } from '../domain/contract/record';
import { storedReviewSchema, type StoredReview } from '../domain/contract/review';
import type { SampledRecord, StoredStudy } from '../domain/contract/study';
import { studyReviewIdOf } from '../domain/review/review';
import type { Vault } from '../vault/vault';
import { primaryIdsOf } from './primary-reviews';
import { latestRow, openRow } from './sealed-rows';

export interface StudiedRecord {
  readonly sampled: SampledRecord;
  /** UTF-16 units of the text. */
  readonly chars: number;
  readonly run: StoredRun;
  /** As it was confirmed when the sample was drawn. */
  readonly first: StoredReview;
  readonly second: StoredReview | null;
  readonly adjudication: StoredReview | null;
}

/**
 * Null for a record that was deleted, or that has another text by now.
 *
 * @throws AppError what the journal throws
 */
export async function studiedRecord(
  vault: Vault,
  study: Pick<StoredStudy, 'id'>,
  sampled: SampledRecord,
): Promise<StudiedRecord | null> {
  const { recordId, textSha256, runId } = sampled;
  const head = await latestRow(vault, 'record', recordId, recordHeadSchema);
  if (!head || head.value.deletedAt !== null || head.value.textSha256 !== textSha256) return null;
  const run = await latestRow(vault, 'run', runId, storedRunSchema);
  const first = await confirmedAs(vault, sampled);
  if (!run || !first) return null;
  const review = async (role: 'second' | 'adjudication'): Promise<StoredReview | null> => {
    const id = studyReviewIdOf(recordId, role, study.id);
    return (await latestRow(vault, 'review', id, storedReviewSchema))?.value ?? null;
  };
  return {
    ...{ sampled, chars: head.value.chars, run: run.value, first },
    second: await review('second'),
    adjudication: await review('adjudication'),
  };
}

/** The version of the first review that the sample was drawn from, whatever became of it. */
async function confirmedAs(
  vault: Vault,
  { recordId, first }: SampledRecord,
): Promise<StoredReview | null> {
  for (const id of primaryIdsOf(vault.journal, recordId)) {
    for (const row of (await vault.journal.versions('review', id)).reverse()) {
      const { value } = await openRow(vault, row, storedReviewSchema);
      if (value.confirmation?.contentSha256 === first.contentSha256) return value;
    }
  }
  return null;
}
