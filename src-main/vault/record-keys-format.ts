/**
 * The bytes of `record-keys.cmk`, format version 1: every record's own key, wrapped. A small file that
 * is written in place, because destroying a key means overwriting it where it lies.
 *
 * All numbers are big-endian. The header stands twice, then slots follow; everything is 128 bytes, so
 * that nothing lies across two sectors of a disk and a write of it comes whole or not at all.
 *   header: magic (8), u32 format version, data key id (8), zeros, u32 CRC-32 of the 124 bytes before
 *   slot:   state (4): `CMKL` live or `CMKX` shredded, key id (8), wrapped key (60; zeros when
 *           shredded), zeros, u32 CRC-32 of the 124 bytes before
 *
 * The checksum tells damage, which costs one record, from a key that was destroyed on purpose.
 */
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { wrappedKeyBytes } from '../domain/sealing/record-key';
import { viewOf } from './journal-format';

export const recordKeysFileName = 'record-keys.cmk';
export const recordKeysFormatVersion = 1;

export const slotBytes = 128;
export const slotsAt = 2 * slotBytes;
/** More keys than that are damage or an attack, never an allocation (512 MB). */
export const maxSlots = 4_194_304;

const magic = new TextEncoder().encode('CMKEYS\r\n');
const live = new TextEncoder().encode('CMKL');
const shredded = new TextEncoder().encode('CMKX');
const keyIdAt = 4;
const wrappedAt = 12;
const checksumAt = slotBytes - 4;

export type Slot =
  | { readonly state: 'live'; readonly keyId: string; readonly wrapped: Uint8Array }
  | { readonly state: 'shredded'; readonly keyId: string }
  /** `keyId` is what stands in its place, and may be damaged too. */
  | { readonly state: 'damaged'; readonly keyId: string };

/** Both copies of the header. @param dataKeyId 16 hexadecimal digits */
export function encodeKeysHeader(dataKeyId: string): Uint8Array {
  const bytes = new Uint8Array(slotsAt);
  bytes.set(magic, 0);
  viewOf(bytes).setUint32(8, recordKeysFormatVersion);
  bytes.set(Buffer.from(dataKeyId, 'hex'), 12);
  sign(bytes.subarray(0, slotBytes));
  bytes.copyWithin(slotBytes, 0, slotBytes);
  return bytes;
}

/**
 * @param bytes the first 256 bytes of the file
 * @returns the id of the data key under which the keys are wrapped
 * @throws AppError `RECORD_KEYS_MISSING` when both copies are damaged; `STORE_NEWER`
 */
export function decodeKeysHeader(bytes: Uint8Array): string {
  for (const at of [0, slotBytes]) {
    const header = bytes.subarray(at, at + slotBytes);
    if (header.byteLength < slotBytes || magic.some((byte, index) => header[index] !== byte))
      continue;
    const format = viewOf(header).getUint32(8);
    // Before the checksum: a newer header may be laid out otherwise from here on.
    if (format > recordKeysFormatVersion) throw new AppError('STORE_NEWER', { params: { format } });
    if (isSigned(header)) return Buffer.from(header.subarray(12, 20)).toString('hex');
  }
  throw new AppError('RECORD_KEYS_MISSING', { params: { reason: 'damaged' } });
}

export function encodeSlot(slot: Exclude<Slot, { state: 'damaged' }>): Uint8Array {
  const bytes = new Uint8Array(slotBytes);
  bytes.set(slot.state === 'live' ? live : shredded, 0);
  bytes.set(Buffer.from(slot.keyId, 'hex'), keyIdAt);
  if (slot.state === 'live') bytes.set(slot.wrapped, wrappedAt);
  sign(bytes);
  return bytes;
}

/** @returns `wrapped` as a view of `bytes` */
export function decodeSlot(bytes: Uint8Array): Slot {
  const keyId = Buffer.from(bytes.subarray(keyIdAt, wrappedAt)).toString('hex');
  const is = (state: Uint8Array): boolean => state.every((byte, index) => bytes[index] === byte);
  if (!isSigned(bytes)) return { state: 'damaged', keyId };
  if (is(shredded)) return { state: 'shredded', keyId };
  if (!is(live)) return { state: 'damaged', keyId };
  return { state: 'live', keyId, wrapped: bytes.subarray(wrappedAt, wrappedAt + wrappedKeyBytes) };
}

function sign(bytes: Uint8Array): void {
  viewOf(bytes).setUint32(checksumAt, crc32(bytes.subarray(0, checksumAt)));
}

function isSigned(bytes: Uint8Array): boolean {
  return viewOf(bytes).getUint32(checksumAt) === crc32(bytes.subarray(0, checksumAt));
}
