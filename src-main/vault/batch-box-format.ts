/**
 * The bytes of a batch's box, `BATCH-ID.cmb`, format version 1. All numbers are big-endian.
 *
 * File: two slots of 512 bytes, then frames (their header as in `journal-format`).
 *   slot:    magic (8), u32 format version, u8 length and 64 bytes of the batch id, data key id (8),
 *            wrapped batch key (60), zeros, u32 CRC-32 of the 508 bytes before
 *   payload: u64 number of the first entry, u32 number of entries, then the entries
 *   entry:   u8 kind, u32 length, nonce (12), ciphertext and tag (16)
 *
 * There are two slots because a box must open before and after a rotation of the data key that is
 * interrupted at any point: one is written for the key to come while the other still holds. Between
 * rotations they are alike. Each is a sector of its own, so that one half-written write spoils one.
 *
 * Wrapped: nonce (12), AES-256-GCM of the 32 bytes; associated data: `chimed batch key 1`, batch id,
 * data key id. An entry is sealed under the batch key alone; associated data: `chimed batch entry 1`,
 * batch id, u64 number, u8 kind, and the tag of the entry before. So an entry opens at its own place
 * behind its own predecessor only. Entry 0 is empty and sealed when the box is made: it tells a wrong
 * key from a damaged box.
 */
import { createCipheriv, createDecipheriv, KeyObject, randomFillSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { dataKeyBytes, type DataKey } from '../domain/sealing/row';
import { frameHeaderBytes, payloadHeadBytes, viewOf, writeFrameHeader } from './journal-format';

export const batchBoxFormatVersion = 1;
export const slotBytes = 512;
/** Where the frames begin. */
export const framesAt = 2 * slotBytes;

export const entryKinds = ['item', 'result', 'state'] as const;
export type EntryKind = (typeof entryKinds)[number];

const magic = new TextEncoder().encode('CMBATCH\n');
const nonceBytes = 12;
const tagBytes = 16;
const maxIdBytes = 64;
const idAt = 12;
const dataKeyIdAt = idAt + 1 + maxIdBytes;
const wrappedAt = dataKeyIdAt + 8;
const wrappedBytes = nonceBytes + dataKeyBytes + tagBytes;
const checksumAt = slotBytes - 4;
const entryHeadBytes = 5;

/** Longest plaintext of an entry: a record of two million characters fits several times. */
export const maxEntryBytes = 32 * 1024 * 1024;
/** Most entries of one frame. */
export const maxFrameEntries = 10_000;
/** Longest frame that a box can hold; a longer one is damage, never an allocation. */
export const maxFrameBytes = 64 * 1024 * 1024;
/** Bytes that an entry takes in a frame beside its plaintext. */
export const entryOverheadBytes = entryHeadBytes + nonceBytes + tagBytes;

/** The batch key as the two slots of a box hold it. */
export interface BoxHeader {
  readonly batchId: string;
  /** By data key id; two while a rotation is under way. */
  readonly wrapped: ReadonlyMap<string, Uint8Array>;
  /** Neither is damaged, and both are under one data key. */
  readonly settled: boolean;
}

/** The keys of a vault that boxes are wrapped under. */
export interface BoxKeys {
  /** 16 hexadecimal digits of the data key. */
  readonly keyId: string;
  readonly batches: DataKey;
}

/** @throws AppError `BAD_REQUEST` for what is no name of a batch */
export function checkBatchId(batchId: string): void {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(batchId)) throw new AppError('BAD_REQUEST');
}

export function encodeSlot(batchId: string, dataKeyId: string, wrapped: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(slotBytes);
  const id = Buffer.from(batchId, 'latin1');
  bytes.set(magic, 0);
  viewOf(bytes).setUint32(8, batchBoxFormatVersion);
  bytes[idAt] = id.byteLength;
  bytes.set(id, idAt + 1);
  bytes.set(Buffer.from(dataKeyId, 'hex'), dataKeyIdAt);
  bytes.set(wrapped, wrappedAt);
  viewOf(bytes).setUint32(checksumAt, crc32(bytes.subarray(0, checksumAt)));
  return bytes;
}

/**
 * @param bytes the first 1,024 bytes of the file, or all of a shorter one
 * @throws AppError `BATCH_MISSING` for one that was destroyed; `STORE_NEWER`; `BATCH_DAMAGED` when
 *   neither slot is sound; `BATCH_TAMPERED` when they are of two batches
 */
export function decodeHeader(bytes: Uint8Array): BoxHeader {
  if (bytes.byteLength >= slotBytes && bytes.every((byte) => byte === 0)) {
    throw new AppError('BATCH_MISSING');
  }
  const slots = [0, slotBytes].flatMap((at) => decodeSlot(bytes.subarray(at, at + slotBytes)));
  const [first] = slots;
  if (!first) throw new AppError('BATCH_DAMAGED', { params: { offset: 0 } });
  if (slots.some(({ batchId }) => batchId !== first.batchId)) throw new AppError('BATCH_TAMPERED');
  const wrapped = new Map(slots.map((slot) => [slot.dataKeyId, slot.wrapped]));
  return { batchId: first.batchId, wrapped, settled: slots.length === 2 && wrapped.size === 1 };
}

function decodeSlot(
  bytes: Uint8Array,
): { batchId: string; dataKeyId: string; wrapped: Uint8Array }[] {
  if (bytes.byteLength < idAt || magic.some((byte, at) => bytes[at] !== byte)) return [];
  const format = viewOf(bytes).getUint32(8);
  // Before the checksum: a newer slot may be laid out otherwise from here on.
  if (format > batchBoxFormatVersion) throw new AppError('STORE_NEWER', { params: { format } });
  if (bytes.byteLength < slotBytes) return [];
  if (viewOf(bytes).getUint32(checksumAt) !== crc32(bytes.subarray(0, checksumAt))) return [];
  const idBytes = bytes[idAt] ?? 0;
  if (idBytes > maxIdBytes) return [];
  const text = (from: number, to: number, as: 'latin1' | 'hex'): string =>
    Buffer.from(bytes.subarray(from, to)).toString(as);
  return [
    {
      batchId: text(idAt + 1, idAt + 1 + idBytes, 'latin1'),
      dataKeyId: text(dataKeyIdAt, wrappedAt, 'hex'),
      wrapped: bytes.slice(wrappedAt, wrappedAt + wrappedBytes),
    },
  ];
}

/** @param batchKey 32 bytes; stay the caller's */
export function wrapBatchKey(
  { batches, keyId }: BoxKeys,
  batchId: string,
  batchKey: Uint8Array,
): Uint8Array {
  return sealed(KeyObject.from(batches), wrappingData(batchId, keyId), batchKey);
}

/** @returns the key, 32 bytes, which the caller wipes; null when it does not open */
export function unwrapBatchKey(
  { batches, keyId }: BoxKeys,
  batchId: string,
  wrapped: Uint8Array,
): Uint8Array | null {
  return unsealed(KeyObject.from(batches), wrappingData(batchId, keyId), wrapped);
}

/** The entries of one box: sealed one behind the other, and opened so. */
export class EntryChain {
  readonly #key: KeyObject;
  readonly #batchId: string;
  /** Number of the next entry, and the tag of the one before. */
  #next = 0;
  #link: Uint8Array = new Uint8Array(tagBytes);

  constructor(key: KeyObject, batchId: string) {
    this.#key = key;
    this.#batchId = batchId;
  }

  /** Entries so far, with the empty one. */
  get count(): number {
    return this.#next;
  }

  /** Another one that goes on from here. */
  fork(): EntryChain {
    const fork = new EntryChain(this.#key, this.#batchId);
    fork.#next = this.#next;
    fork.#link = this.#link;
    return fork;
  }

  /** One frame with the next entries, ready to be written in one go. */
  frame(entries: readonly { readonly kind: EntryKind | null; readonly plain: Uint8Array }[]) {
    const head = new Uint8Array(payloadHeadBytes);
    viewOf(head).setBigUint64(0, BigInt(this.#next));
    viewOf(head).setUint32(8, entries.length);
    const parts: Uint8Array[] = [new Uint8Array(frameHeaderBytes), head];
    for (const { kind, plain } of entries) {
      const body = sealed(this.#key, this.#data(kind), plain);
      const entryHead = new Uint8Array(entryHeadBytes);
      entryHead[0] = codeOf(kind);
      viewOf(entryHead).setUint32(1, body.byteLength);
      parts.push(entryHead, body);
      this.#follow(body);
    }
    const bytes = Buffer.concat(parts);
    writeFrameHeader(bytes);
    return bytes;
  }

  /**
   * The entries of a frame whose checksum is right.
   *
   * @throws AppError `BATCH_TAMPERED`; `STORE_NEWER` for a kind that only a newer program knows
   */
  *open(frame: Uint8Array): Generator<{ kind: EntryKind | null; plain: Uint8Array }> {
    const view = viewOf(frame);
    const first = this.#next;
    const tampered = new AppError('BATCH_TAMPERED', { params: { entry: first } });
    let at = frameHeaderBytes;
    const count = view.getUint32(at + 8);
    if (view.getBigUint64(at) !== BigInt(first) || count === 0) throw tampered;
    at += payloadHeadBytes;
    for (let index = 0; index < count; index += 1) {
      if (at + entryHeadBytes > frame.byteLength) throw tampered;
      const code = view.getUint8(at);
      const length = view.getUint32(at + 1);
      at += entryHeadBytes;
      if (length < nonceBytes + tagBytes || at + length > frame.byteLength) throw tampered;
      if (code > entryKinds.length) throw new AppError('STORE_NEWER', { params: { kind: code } });
      const kind = entryKinds[code - 1] ?? null;
      const body = frame.subarray(at, at + length);
      const plain = unsealed(this.#key, this.#data(kind), body);
      if (!plain) throw tampered;
      this.#follow(body);
      at += length;
      yield { kind, plain };
    }
    if (at !== frame.byteLength) throw tampered;
  }

  #follow(body: Uint8Array): void {
    this.#link = body.slice(body.byteLength - tagBytes);
    this.#next += 1;
  }

  #data(kind: EntryKind | null): Buffer {
    const place = new Uint8Array(9);
    viewOf(place).setBigUint64(0, BigInt(this.#next));
    place[8] = codeOf(kind);
    return Buffer.concat([labelled('chimed batch entry 1', this.#batchId), place, this.#link]);
  }
}

/** 0 for the empty entry that a box begins with. */
function codeOf(kind: EntryKind | null): number {
  return kind === null ? 0 : entryKinds.indexOf(kind) + 1;
}

function wrappingData(batchId: string, dataKeyId: string): Buffer {
  return labelled('chimed batch key 1', batchId, dataKeyId);
}

/** None of the parts holds a line end. */
function labelled(...parts: readonly string[]): Buffer {
  return Buffer.from(`${parts.join('\n')}\n`, 'utf-8');
}

function sealed(key: KeyObject, data: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomFillSync(new Uint8Array(nonceBytes));
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(data);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null when it is not authentic */
function unsealed(key: KeyObject, data: Uint8Array, bytes: Uint8Array): Uint8Array | null {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(data);
  decipher.setAuthTag(bytes.subarray(bytes.byteLength - tagBytes));
  const plain = decipher.update(bytes.subarray(nonceBytes, bytes.byteLength - tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return null;
  }
}
