/**
 * Opening without waiting, as `seal-at-once` seals: thousands of small rows are opened in a row when the
 * search is made ready, and WebCrypto's way to another thread and back costs many times what opening
 * one does.
 */
import { createDecipheriv, KeyObject } from 'node:crypto';
import type * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { wrappingData, type RecordKeyName } from '../domain/sealing/record-key';
import {
  keyIdOfSealed,
  sealedFrame,
  sealOverheadBytes,
  type DataKey,
  type RowAddress,
} from '../domain/sealing/row';

const nonceBytes = 12;
const tagBytes = 16;
const headBytes = sealOverheadBytes - nonceBytes - tagBytes;

/**
 * Opens a row as `openRow` does.
 *
 * @param key the 32 bytes of the key
 * @throws AppError `SEAL_INVALID`, also for a format that only a newer program knows
 */
export function openRowAtOnce(key: Uint8Array, address: RowAddress, sealed: Uint8Array): Buffer {
  const { head, additionalData } = sealedFrame(keyIdOfSealed(sealed), address);
  const isOurs =
    sealed.byteLength >= sealOverheadBytes && head.every((byte, at) => sealed[at] === byte);
  if (!isOurs) throw new AppError('SEAL_INVALID');
  try {
    return decrypted(key, additionalData, sealed.subarray(headBytes));
  } catch (cause) {
    throw new AppError('SEAL_INVALID', { cause });
  }
}

/** Opens a JSON row as `openJson` does. @throws AppError as `openRowAtOnce`, and `STORE_CORRUPT` */
export function openJsonAtOnce<T>(
  key: Uint8Array,
  address: RowAddress,
  sealed: Uint8Array,
  schema: z.ZodType<T>,
): T {
  const plaintext = openRowAtOnce(key, address, sealed);
  let value: unknown;
  try {
    value = JSON.parse(plaintext.toString('utf-8'));
  } catch {
    // The cause is dropped on purpose: a JSON error quotes the text that it failed on.
    throw new AppError('STORE_CORRUPT', { params: { table: address.table } });
  } finally {
    plaintext.fill(0);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError('STORE_CORRUPT', { params: { table: address.table } });
  return parsed.data;
}

/**
 * The bytes of a record's key; the caller wipes them.
 *
 * @throws AppError `RECORD_KEY_LOST` as `unwrapRecordKey`
 */
export function unwrapAtOnce(wrapping: DataKey, name: RecordKeyName, wrapped: Uint8Array): Buffer {
  try {
    return decrypted(KeyObject.from(wrapping), wrappingData(name), wrapped);
  } catch (cause) {
    throw new AppError('RECORD_KEY_LOST', { cause });
  }
}

/** @param sealed nonce, ciphertext, tag */
function decrypted(
  key: Uint8Array | KeyObject,
  additionalData: Uint8Array,
  sealed: Uint8Array,
): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
  cipher.setAAD(additionalData);
  cipher.setAuthTag(sealed.subarray(sealed.byteLength - tagBytes));
  const plaintext = cipher.update(sealed.subarray(nonceBytes, sealed.byteLength - tagBytes));
  // Checks the tag; nothing of the plaintext is used before.
  cipher.final();
  return plaintext;
}
