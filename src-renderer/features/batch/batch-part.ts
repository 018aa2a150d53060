/** What of a batch can be exported: records with a result of it, each once, and how many are missing, by why. */
import type { BatchItem, BatchSummary } from '@domain/contract/batch';

export interface BatchResults {
  readonly recordIds: readonly string[];
  readonly batch: {
    readonly schema: string;
    readonly total: number;
    readonly missing: Record<'failed' | 'pending' | 'cancelled' | 'duplicate' | 'gone', number>;
  };
}

/**
 * A duplicate has no result of its own: its text ran as another record of the batch, or not at all.
 *
 * @param isThere whether a record is outside of the bin
 */
export function resultsOf(
  { schema }: Pick<BatchSummary, 'schema'>,
  items: readonly BatchItem[],
  isThere: (recordId: string) => boolean,
): BatchResults {
  const recordIds: string[] = [];
  const missing = { failed: 0, pending: 0, cancelled: 0, duplicate: 0, gone: 0 };
  for (const { state, recordId } of items) {
    if (state === 'completed' || state === 'incomplete') {
      if (recordId !== null && isThere(recordId)) recordIds.push(recordId);
      else missing.gone += 1;
    } else if (state === 'waiting' || state === 'running') missing.pending += 1;
    else missing[state] += 1;
  }
  return { recordIds, batch: { schema, total: items.length, missing } };
}
