/**
 * Copies of texts into a batch's box, for a batch of records of the journal that may go on while the vault
 * is locked: its key opens nothing but the box. They go with the box, and a record of which there is one
 * cannot be deleted for good before.
 */
import { AppError } from '../../domain/contract/errors';
import { Cancelled } from '../../domain/contract/rpc';
import type { RecordStore } from '../store';
import type { BatchLog } from './batch-log';
import { ofTheRecord } from './batch-texts';

/** Copies that share a sync. */
const groupSize = 32;

export interface CopyParts {
  readonly log: BatchLog;
  readonly store: Pick<RecordStore, 'text'>;
  readonly signal: AbortSignal;
}

/** Whether texts are to be copied at all. */
export function needsCopies({ state }: BatchLog): boolean {
  return state.ofJournal && state.ordered.order.whileLocked;
}

/**
 * Copies what waits and was not copied before, in the order of the numbers, in which a box is read best.
 *
 * @throws Cancelled
 * @throws AppError as `RecordStore.text`, but for what is wrong with one record: that is told in its turn;
 *   and as `BatchLog.appendItem`
 */
export async function copyTexts({ log, store, signal }: CopyParts): Promise<void> {
  const { state } = log;
  const isLeft = (number: number): boolean =>
    state.item(number).state === 'waiting' && !state.hasCopy(number);
  for (let from = 0; from < state.size; from += groupSize) {
    const group = Array.from(
      { length: Math.min(groupSize, state.size - from) },
      (_, i) => from + i,
    );
    await Promise.all(group.filter(isLeft).map((number) => copy(number, log, store)));
    if (signal.aborted) throw new Cancelled();
  }
}

async function copy(number: number, log: BatchLog, store: CopyParts['store']): Promise<void> {
  const recordId = log.state.item(number).recordId ?? '';
  try {
    const { text, textSha256, sections } = await store.text(recordId);
    await log.appendItem({
      ...{ number, recordId, text, textSha256, chars: text.length },
      ...(sections ? { sections: [...sections] } : {}),
      ...{ place: '', creates: false, title: '', source: null },
      outcome: { state: 'waiting' },
    });
  } catch (error) {
    if (!(error instanceof AppError) || !ofTheRecord.includes(error.code)) throw error;
  }
}
