/**
 * A record's own key: random, wrapped under a key made of the data key. Destroying the wrapped key is
 * how a record is deleted for good, wherever its rows were copied to.
 *
 * Wrapped: nonce (12), ciphertext and tag (48): AES-256-GCM. Associated data: u8 format version 1,
 * key id (8), id of the data key (8); so a wrapped key opens under its own name and in its own vault
 * only, and two slots that were swapped are noticed.
 *
 * Pure: WebCrypto only, so the same code runs in the worker and in the renderer.
 */
import { AppError } from '../contract/errors';
import { bytesOfHex } from './hex';
import { dataKeyBytes, type DataKey } from './row';

const subtle = globalThis.crypto.subtle;
const formatVersion = 1;
const nonceBytes = 12;

/** Length of a wrapped record key, bytes: nonce, ciphertext and tag. */
export const wrappedKeyBytes = nonceBytes + dataKeyBytes + 16;

export interface RecordKeyName {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** Of the data key that wraps it, 16 hexadecimal digits. */
  readonly dataKeyId: string;
}

/** @param bytes the 32 bytes of the key; the caller wipes them */
export async function wrapRecordKey(
  wrapping: DataKey,
  name: RecordKeyName,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(nonceBytes));
  const body = await subtle.encrypt(parameters(nonce, name), wrapping, bytes);
  const wrapped = new Uint8Array(wrappedKeyBytes);
  wrapped.set(nonce, 0);
  wrapped.set(new Uint8Array(body), nonceBytes);
  return wrapped;
}

/**
 * Unwraps a record's key; it cannot be exported.
 *
 * @throws AppError `RECORD_KEY_LOST` when it is damaged, or another record's or vault's
 */
export async function unwrapRecordKey(
  wrapping: DataKey,
  name: RecordKeyName,
  wrapped: Uint8Array,
): Promise<DataKey> {
  if (wrapped.byteLength !== wrappedKeyBytes) throw new AppError('RECORD_KEY_LOST');
  try {
    return await subtle.unwrapKey(
      'raw',
      wrapped.slice(nonceBytes),
      wrapping,
      parameters(wrapped.slice(0, nonceBytes), name),
      'AES-GCM',
      false,
      ['encrypt', 'decrypt'],
    );
  } catch (cause) {
    throw new AppError('RECORD_KEY_LOST', { cause });
  }
}

/**
 * What is bound into a wrapped key: for another implementation of the cipher.
 *
 * @throws AppError `RECORD_KEY_LOST` for ids that cannot be bound
 */
export function wrappingData({ keyId, dataKeyId }: RecordKeyName): Uint8Array<ArrayBuffer> {
  const digits = `${keyId}${dataKeyId}`;
  if (!/^[0-9a-f]{32}$/.test(digits)) throw new AppError('RECORD_KEY_LOST');
  const data = new Uint8Array(1 + digits.length / 2);
  data[0] = formatVersion;
  data.set(bytesOfHex(digits), 1);
  return data;
}

function parameters(iv: Uint8Array<ArrayBuffer>, name: RecordKeyName) {
  return { name: 'AES-GCM', iv, additionalData: wrappingData(name), tagLength: 128 };
}
