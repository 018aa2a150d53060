/** Rows of one record opened in the worker, without waiting; see `vault/open-at-once`. */
import type * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import {
  recordHeadSchema,
  recordTextSchema,
  type JournalRow,
  type RecordHead,
} from '../domain/contract/record';
import { keyIdOfSealed } from '../domain/sealing/row';
import { openJsonAtOnce, openRowAtOnce, unwrapAtOnce } from '../vault/open-at-once';
import type { Vault } from '../vault/vault';

export interface OpenedRecord {
  readonly head: RecordHead;
  readonly text: string;
  readonly keyId: string;
}

/**
 * A record's newest head and its text; null for one that is not there any more.
 *
 * @throws AppError `RECORD_KEY_LOST`, `SEAL_INVALID`, `STORE_CORRUPT`, and what the journal throws
 */
export async function openRecord(vault: Vault, recordId: string): Promise<OpenedRecord | null> {
  const headRow = await vault.journal.latest('record', recordId);
  if (!headRow) return null;
  const keyId = keyIdOfSealed(headRow.sealed);
  const head = withKey(vault, keyId, (key) =>
    openJsonAtOnce(key, headRow, headRow.sealed, recordHeadSchema),
  );
  const textRow = await vault.journal.latest('text', head.textId);
  // Deleted for good in between; or its row is missing, which the journal's chain would have told.
  if (!textRow) return null;
  const { text } = withKey(vault, keyId, (key) =>
    openJsonAtOnce(key, textRow, textRow.sealed, recordTextSchema),
  );
  return { head, text, keyId };
}

/** @throws AppError as `openRecord` */
export function openSignatureRow(vault: Vault, row: JournalRow): Uint8Array {
  return withKey(vault, keyIdOfSealed(row.sealed), (key) => openRowAtOnce(key, row, row.sealed));
}

/** Any row that is sealed under a record's key. @throws AppError as `openRecord` */
export function openRowOfRecord<T>(vault: Vault, row: JournalRow, schema: z.ZodType<T>): T {
  return withKey(vault, keyIdOfSealed(row.sealed), (key) =>
    openJsonAtOnce(key, row, row.sealed, schema),
  );
}

function withKey<T>(vault: Vault, keyId: string, work: (key: Uint8Array) => T): T {
  const wrapped = vault.recordKeys.wrapped(keyId);
  if (!wrapped) throw new AppError('RECORD_KEY_LOST');
  const { wrapping, keyId: dataKeyId } = vault.keys;
  const key = unwrapAtOnce(wrapping, { keyId, dataKeyId }, wrapped);
  try {
    return work(key);
  } finally {
    key.fill(0);
  }
}
