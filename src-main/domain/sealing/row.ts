/**
 * The sealed row, format version 1.
 *
 * A row is sealed on its own, under its address, so that whoever can write to the disk can neither
 * read it, nor change it, nor put it in the place of another row or of an older version of itself.
 *
 * | bytes | what                                                        |
 * | ----- | ----------------------------------------------------------- |
 * | 1     | format version, 1                                           |
 * | 1     | algorithm id: 1 = AES-256-GCM (2 is kept for SM4-GCM)       |
 * | 8     | key id                                                      |
 * | 12    | nonce, fresh random (NIST SP 800-38D, 8.2.2)                |
 * | n+16  | ciphertext and its 128-bit tag                              |
 *
 * Associated data: the first ten bytes as above, then u32 length and UTF-8 of the table's name,
 * u32 length and UTF-8 of the row id, u64 row version; all numbers big-endian.
 *
 * Pure: WebCrypto only, so the same code runs in the worker and in the renderer.
 */
import type * as z from 'zod';
import { AppError } from '../contract/errors';
import { isWellFormed } from '../text/well-formed';
import { bytesOfHex, hexOf } from './hex';

export const sealFormatVersion = 1;
const algorithmAes256Gcm = 1;
const keyIdBytes = 8;
const nonceAt = 2 + keyIdBytes;
const nonceBytes = 12;
const bodyAt = nonceAt + nonceBytes;
const tagBytes = 16;

/** Bytes that sealing adds to a plaintext. */
export const sealOverheadBytes = bodyAt + tagBytes;

/** Length of a data key, bytes. */
export const dataKeyBytes = 32;

const subtle = globalThis.crypto.subtle;
const utf8 = new TextEncoder();

/** A non-extractable AES-256-GCM key, whichever platform's typings are in force. */
export type DataKey = Awaited<ReturnType<typeof subtle.importKey>>;

/** Where a row lives. It is bound into the sealed row, so a row opens at its own address only. */
export interface RowAddress {
  readonly table: string;
  readonly id: string;
  /** 1 for the first version of a row. */
  readonly version: number;
}

/**
 * Imports the raw data key; it cannot be exported again. The caller wipes `bytes` afterwards.
 *
 * @param bytes exactly 32 bytes
 * @throws AppError `KEY_UNREADABLE`
 */
export async function importDataKey(bytes: Uint8Array): Promise<DataKey> {
  if (bytes.byteLength !== dataKeyBytes) throw new AppError('KEY_UNREADABLE');
  const copy = new Uint8Array(bytes);
  try {
    return await subtle.importKey('raw', copy, 'AES-GCM', false, ['encrypt', 'decrypt']);
  } finally {
    copy.fill(0);
  }
}

/**
 * Seals one row under its address with a fresh nonce.
 *
 * @param keyId 16 hexadecimal digits
 * @returns format version 1 bytes, `sealOverheadBytes` longer than the plaintext
 * @throws AppError `SEAL_INVALID` for an address or key id that cannot be bound
 */
export function sealRow(
  key: DataKey,
  keyId: string,
  address: RowAddress,
  plaintext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return sealRowWithNonce(
    key,
    keyId,
    address,
    plaintext,
    globalThis.crypto.getRandomValues(new Uint8Array(nonceBytes)),
  );
}

/**
 * For the known-answer test only: a nonce that is used twice with one key breaks AES-GCM.
 * Everything else calls `sealRow`.
 */
export async function sealRowWithNonce(
  key: DataKey,
  keyId: string,
  address: RowAddress,
  plaintext: Uint8Array,
  nonce: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { head, additionalData } = sealedFrame(keyId, address);
  const copy = new Uint8Array(plaintext);
  try {
    const body = await subtle.encrypt(
      { name: 'AES-GCM', iv: nonce, additionalData, tagLength: tagBytes * 8 },
      key,
      copy,
    );
    return joinSealed(head, nonce, new Uint8Array(body));
  } finally {
    copy.fill(0);
  }
}

/**
 * What a sealed row begins with, and what is bound into it: for another implementation of the cipher.
 *
 * @throws AppError `SEAL_INVALID` for an address or key id that cannot be bound
 */
export function sealedFrame(
  keyId: string,
  address: RowAddress,
): { head: Uint8Array<ArrayBuffer>; additionalData: Uint8Array<ArrayBuffer> } {
  const head = new Uint8Array(nonceAt);
  head[0] = sealFormatVersion;
  head[1] = algorithmAes256Gcm;
  head.set(parseKeyId(keyId), 2);
  return { head, additionalData: associatedData(head, address) };
}

/** @param bodies ciphertext and tag, in as many parts as they came */
export function joinSealed(
  head: Uint8Array,
  nonce: Uint8Array,
  ...bodies: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const length = bodies.reduce((sum, { byteLength }) => sum + byteLength, bodyAt);
  const sealed = new Uint8Array(length);
  sealed.set(head, 0);
  sealed.set(nonce, nonceAt);
  let at = bodyAt;
  for (const body of bodies) {
    sealed.set(body, at);
    at += body.byteLength;
  }
  return sealed;
}

/**
 * Opens a row that was sealed under exactly this key and address.
 *
 * @throws AppError `SEAL_INVALID` when it was tampered with, cut short, sealed with another key or
 *   belongs to another address; `STORE_NEWER` for a format or algorithm of a newer program
 */
export async function openRow(
  key: DataKey,
  keyId: string,
  address: RowAddress,
  sealed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const format = sealed[0];
  if (format === undefined || format === 0) throw new AppError('SEAL_INVALID');
  if (format > sealFormatVersion) throw new AppError('STORE_NEWER', { params: { format } });
  if (sealed.byteLength < sealOverheadBytes) throw new AppError('SEAL_INVALID');
  const algorithm = sealed[1];
  if (algorithm === undefined || algorithm === 0) throw new AppError('SEAL_INVALID');
  if (algorithm !== algorithmAes256Gcm)
    throw new AppError('STORE_NEWER', { params: { algorithm } });
  const expected = parseKeyId(keyId);
  if (expected.some((byte, index) => sealed[2 + index] !== byte))
    throw new AppError('SEAL_INVALID');

  const additionalData = associatedData(sealed.subarray(0, nonceAt), address);
  try {
    const plaintext = await subtle.decrypt(
      {
        name: 'AES-GCM',
        iv: sealed.slice(nonceAt, bodyAt),
        additionalData,
        tagLength: tagBytes * 8,
      },
      key,
      sealed.slice(bodyAt),
    );
    return new Uint8Array(plaintext);
  } catch (cause) {
    throw new AppError('SEAL_INVALID', { cause });
  }
}

/** Seals a JSON value; see `sealRow`. */
export function sealJson(
  key: DataKey,
  keyId: string,
  address: RowAddress,
  value: unknown,
): Promise<Uint8Array<ArrayBuffer>> {
  return sealRow(key, keyId, address, utf8.encode(JSON.stringify(value)));
}

/**
 * Opens a JSON row and checks its shape; see `openRow`.
 *
 * @throws AppError also `STORE_CORRUPT` when an authentic row does not hold what the schema says
 */
export async function openJson<T>(
  key: DataKey,
  keyId: string,
  address: RowAddress,
  sealed: Uint8Array,
  schema: z.ZodType<T>,
): Promise<T> {
  const plaintext = await openRow(key, keyId, address, sealed);
  let value: unknown;
  try {
    value = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext),
    );
  } catch {
    // The cause is dropped on purpose: a JSON error quotes the text that it failed on.
    throw new AppError('STORE_CORRUPT', { params: { table: address.table } });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError('STORE_CORRUPT', { params: { table: address.table } });
  return parsed.data;
}

/**
 * The id of the key that a row claims to be sealed under, without opening it.
 *
 * @returns 16 hexadecimal digits; zeros for bytes that are too short to be a sealed row
 */
export function keyIdOfSealed(sealed: Uint8Array): string {
  if (sealed.byteLength < nonceAt) return '0'.repeat(2 * keyIdBytes);
  return hexOf(sealed.subarray(2, nonceAt));
}

/** A fresh key id, 16 hexadecimal digits. */
export function newKeyId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(keyIdBytes));
  return hexOf(bytes);
}

function parseKeyId(keyId: string): Uint8Array {
  if (!/^[0-9a-f]{16}$/.test(keyId)) throw new AppError('SEAL_INVALID');
  return bytesOfHex(keyId);
}

function associatedData(head: Uint8Array, address: RowAddress): Uint8Array<ArrayBuffer> {
  // A lone surrogate would be encoded as U+FFFD, and two different ids would share one address.
  const sound =
    isWellFormed(address.table) &&
    isWellFormed(address.id) &&
    Number.isSafeInteger(address.version) &&
    address.version > 0;
  if (!sound) throw new AppError('SEAL_INVALID');
  const { table, id, version } = address;
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  const data = new Uint8Array(head.byteLength + 16 + 3 * (table.length + id.length));
  const view = new DataView(data.buffer);
  data.set(head, 0);
  let at = head.byteLength;
  for (const text of [table, id]) {
    const bytes = writeUtf8(text, data, at + 4);
    view.setUint32(at, bytes);
    at += 4 + bytes;
  }
  view.setUint32(at, Math.floor(version / 2 ** 32));
  view.setUint32(at + 4, version >>> 0);
  return data.subarray(0, at + 8);
}

/** @returns how many bytes were written */
function writeUtf8(text: string, into: Uint8Array, from: number): number {
  // Our ids are ASCII, for which asking an encoder costs more than writing.
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return utf8.encodeInto(text, into.subarray(from)).written;
    into[from + at] = unit;
  }
  return text.length;
}
