/**
 * What a record of a batch is run on: the text that was imported with it; or, of records that are in the
 * journal, the text that they have when their turn comes. While the vault is locked that is the copy in
 * the batch's box, which is all that the batch's key opens.
 */
import type { ErrorCode } from '../../domain/contract/errors';
import type { Section } from '../../domain/contract/section';
import type { RecordStore } from '../store';
import type { BatchLog } from './batch-log';

export interface RecordText {
  readonly recordId: string;
  readonly text: string;
  readonly textSha256: string;
  /** As a person corrected them. Defaults to those that are found. */
  readonly sections?: readonly Section[];
}

export interface BatchTexts {
  /** Whether it can be had just now. */
  has(number: number): boolean;
  /** @throws AppError of `ofTheRecord`, and as `BatchLog.item` */
  read(number: number): Promise<RecordText>;
}

/** What says that a record of the journal cannot be run; every other one still can. */
export const ofTheRecord: readonly ErrorCode[] = [
  'RECORD_NOT_FOUND',
  'RECORD_IN_BIN',
  'RECORD_KEY_LOST',
  'SEAL_INVALID',
  'STORE_CORRUPT',
];

/** @param store null while the vault is locked */
export function textsOf(log: BatchLog, store: Pick<RecordStore, 'text'> | null): BatchTexts {
  const { state } = log;
  if (state.ofJournal && store) {
    return {
      has: () => true,
      read: async (number) => {
        const recordId = state.item(number).recordId ?? '';
        return { recordId, ...(await store.text(recordId)) };
      },
    };
  }
  return {
    has: (number) => !state.ofJournal || state.hasCopy(number),
    read: async (number) => {
      const { recordId, text, textSha256, sections } = await log.item(number);
      return {
        ...{ recordId: recordId ?? '', text: text ?? '', textSha256: textSha256 ?? '' },
        ...(sections ? { sections } : {}),
      };
    },
  };
}
