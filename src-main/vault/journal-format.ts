/**
 * The bytes of the journal, format version 2 (and 1, which is only read). All numbers are big-endian.
 *
 * File: a header of 128 bytes, then frames.
 *   header: magic (8), u32 format version, journal id (16), data key id (8), origin: u64 sequence
 *           number and MAC (32), MAC of the 76 bytes before (32), zeros (16), u32 CRC-32 of the 124
 *           bytes before
 *   frame:  marker (4), u32 payload length, u32 CRC-32 of the payload, u32 CRC-32 of the 12 bytes
 *           before, payload
 *   payload: u64 sequence number of the first row, u32 number of rows, then the rows, then the MAC (32)
 *   row:    u8 length + table, u16 length + id, u32 row version, u32 length + sealed row; a dropped
 *           row has the highest bit of the length set, and key id (8) and SHA-256 (32) of the sealed
 *           row in its place
 * Version 1 has a header of 32 bytes (magic, version, journal id, CRC-32) and no MAC and no dropped row.
 *
 * The origin is where the journal stood that this one was rewritten from under another data key (zeros
 * when there was none), so that whoever noted that place still recognises what follows it.
 *
 * One frame is one write and one sync, so at most one frame, the last, can ever be half on disk.
 * The header of a frame has its own checksum because a flipped bit in a length would otherwise make
 * a frame in the middle look like a torn last one, and everything after it would be thrown away.
 */
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { tableSchema, type JournalRow, type TableName } from '../domain/contract/record';
import { isWellFormed } from '../domain/text/well-formed';
import { macBytes, sameMac, sha256Of, type Chain, type RowProof } from './journal-chain';

export const journalFileName = 'journal.cmj';
export const journalFormatVersion = 2;

const headerBytesOf = { 1: 32, 2: 128 } as const;
export const fileHeaderBytes = headerBytesOf[2];
export const frameHeaderBytes = 16;
export const payloadHeadBytes = 12;
const keyIdBytes = 8;
const sha256Bytes = 32;
/** What stands in the place of a dropped row. */
export const droppedBytes = keyIdBytes + sha256Bytes;

/** Longest payload; a longer one is damage, never an allocation. */
export const maxPayloadBytes = 256 * 1024 * 1024;
/** Most rows of one frame. */
export const maxFrameRows = 10_000;
/** Longest sealed row. */
export const maxSealedBytes = 128 * 1024 * 1024;
/** The longest head of a row: 3 + 255 of the table, 128 UTF-16 units of id in UTF-8, two numbers. */
export const maxRowHeadBytes = 1 + 255 + 2 + 3 * 128 + 4 + 4;

export const frameMarker = Uint8Array.from([0xf5, 0x43, 0x4d, 0x46]);
const magic = new TextEncoder().encode('CMJRNL\r\n');
const droppedBit = 0x8000_0000;

/** A row that has no place in the journal yet. */
export type NewRow = Omit<JournalRow, 'seq'>;

/** A row whose key was destroyed: only what the chain needs of it. */
export interface DroppedRow {
  readonly table: TableName;
  readonly id: string;
  readonly version: number;
  readonly dropped: {
    readonly sealedBytes: number;
    readonly keyId: Uint8Array;
    readonly sha256: Uint8Array;
  };
}

export interface JournalHeader {
  readonly format: 1 | 2;
  /** 32 hexadecimal digits. */
  readonly journalId: string;
  /** 16 hexadecimal digits; empty in version 1, whose rows say it themselves. */
  readonly dataKeyId: string;
  readonly origin: { readonly seq: number; readonly mac: Uint8Array };
  /** Where the chain begins; empty in version 1. */
  readonly mac: Uint8Array;
  /** Where the frames begin. */
  readonly bytes: number;
}

export interface FrameHeader {
  readonly payloadBytes: number;
  readonly payloadCrc: number;
}

export interface RowHead {
  /** null for a table that only a newer program knows. */
  readonly table: TableName | null;
  readonly id: string;
  readonly version: number;
  /** Bytes of the head itself. */
  readonly headBytes: number;
  /** Length of the sealed row, also of a dropped one. */
  readonly sealedBytes: number;
  readonly dropped: boolean;
  /** Bytes that follow the head. */
  readonly bodyBytes: number;
}

export type HeaderFields = Pick<JournalHeader, 'journalId' | 'dataKeyId' | 'origin'>;

export const noOrigin: JournalHeader['origin'] = { seq: 0, mac: new Uint8Array(macBytes) };

export function encodeFileHeader(fields: HeaderFields, chain: Chain): Uint8Array {
  const bytes = new Uint8Array(fileHeaderBytes);
  const view = viewOf(bytes);
  bytes.set(magic, 0);
  view.setUint32(8, journalFormatVersion);
  bytes.set(Buffer.from(fields.journalId, 'hex'), 12);
  bytes.set(Buffer.from(fields.dataKeyId, 'hex'), 28);
  view.setBigUint64(36, BigInt(fields.origin.seq));
  bytes.set(fields.origin.mac, 44);
  bytes.set(chain.ofHeader(bytes.subarray(0, 76)), 76);
  view.setUint32(124, crc32(bytes.subarray(0, 124)));
  return bytes;
}

/**
 * @param bytes the first 128 bytes of the file, or all of a shorter one
 * @throws AppError `STORE_CORRUPT`, `STORE_NEWER`
 */
export function decodeFileHeader(bytes: Uint8Array): JournalHeader {
  const corrupt = new AppError('STORE_CORRUPT', { params: { offset: 0 } });
  if (bytes.byteLength < 12 || magic.some((byte, at) => bytes[at] !== byte)) throw corrupt;
  const view = viewOf(bytes);
  const format = view.getUint32(8);
  // Asked before the checksum: a newer header may be laid out otherwise from here on.
  if (format > journalFormatVersion) throw new AppError('STORE_NEWER', { params: { format } });
  if (format !== 1 && format !== 2) throw corrupt;
  const size = headerBytesOf[format];
  if (bytes.byteLength < size) throw corrupt;
  if (view.getUint32(size - 4) !== crc32(bytes.subarray(0, size - 4))) throw corrupt;
  const journalId = Buffer.from(bytes.subarray(12, 28)).toString('hex');
  if (format === 1) {
    const none = new Uint8Array();
    return { format, journalId, dataKeyId: '', origin: noOrigin, mac: none, bytes: size };
  }
  return {
    format,
    journalId,
    dataKeyId: Buffer.from(bytes.subarray(28, 36)).toString('hex'),
    origin: { seq: Number(view.getBigUint64(36)), mac: bytes.slice(44, 76) },
    mac: bytes.slice(76, 108),
    bytes: size,
  };
}

/**
 * @param bytes as given to `decodeFileHeader`
 * @throws AppError `STORE_OTHER_KEY` when the journal is kept under another data key;
 *   `STORE_TAMPERED` when the header's MAC is not right
 */
export function checkFileHeader(
  bytes: Uint8Array,
  header: JournalHeader,
  dataKeyId: string,
  chain: Chain,
): void {
  if (header.dataKeyId !== dataKeyId) throw new AppError('STORE_OTHER_KEY');
  if (!sameMac(chain.ofHeader(bytes.subarray(0, 76)), header.mac)) {
    throw new AppError('STORE_TAMPERED', { params: { offset: 0 } });
  }
}

/** @returns null when these 16 bytes are no frame header */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader | null {
  if (frameMarker.some((byte, at) => bytes[at] !== byte)) return null;
  const view = viewOf(bytes);
  if (view.getUint32(12) !== crc32(bytes.subarray(0, 12))) return null;
  const payloadBytes = view.getUint32(4);
  if (payloadBytes < payloadHeadBytes || payloadBytes > maxPayloadBytes) return null;
  return { payloadBytes, payloadCrc: view.getUint32(8) };
}

/** Whether a row could be read back as it is. */
export function isStorable(row: NewRow): boolean {
  return (
    row.id.length > 0 &&
    row.id.length <= 128 &&
    isWellFormed(row.id) &&
    Number.isInteger(row.version) &&
    row.version > 0 &&
    row.version <= 0xffff_ffff
  );
}

/** Bytes that a row takes in a frame. */
export function rowBytes(row: NewRow | DroppedRow): number {
  const body = 'dropped' in row ? droppedBytes : row.sealed.byteLength;
  return 1 + byteLength(row.table) + 2 + byteLength(row.id) + 8 + body;
}

/** The id of the key that a row is sealed under, 8 bytes; zeros for what is no sealed row. */
export function keyIdIn(sealed: Uint8Array): Uint8Array {
  return sealed.byteLength < 10 ? new Uint8Array(keyIdBytes) : sealed.subarray(2, 10);
}

export interface EncodedFrame {
  readonly bytes: Uint8Array;
  /** Where each row starts in them. */
  readonly rowOffsets: readonly number[];
  readonly proofs: readonly RowProof[];
  readonly mac: Uint8Array;
}

/**
 * One frame, ready to be written in one go.
 *
 * @param before MAC of the frame before, or of the header
 */
export function encodeFrame(
  firstSeq: number,
  rows: readonly (NewRow | DroppedRow)[],
  before: Uint8Array,
  chain: Chain,
): EncodedFrame {
  const payloadBytes = rows.reduce((sum, row) => sum + rowBytes(row), payloadHeadBytes + macBytes);
  // Not cleared first: every byte of it is written below.
  const bytes = Buffer.allocUnsafeSlow(frameHeaderBytes + payloadBytes);
  let at = bytes.writeBigUInt64BE(BigInt(firstSeq), frameHeaderBytes);
  at = bytes.writeUInt32BE(rows.length, at);
  const rowOffsets: number[] = [];
  const proofs: RowProof[] = [];
  for (const row of rows) {
    rowOffsets.push(at);
    const bodyAt = writeRowHead(bytes, at, row);
    const head = bytes.subarray(at, bodyAt);
    at = bodyAt;
    if ('dropped' in row) {
      const { keyId, sha256 } = row.dropped;
      // The chain knows the head without the mark.
      proofs.push({ head: Uint8Array.from(head), keyId, sha256 });
      bytes.writeUInt32BE((row.dropped.sealedBytes | droppedBit) >>> 0, at - 4);
      bytes.set(keyId, at);
      bytes.set(sha256, at + keyIdBytes);
      at += droppedBytes;
    } else {
      bytes.set(row.sealed, at);
      proofs.push({ head, keyId: keyIdIn(row.sealed), sha256: sha256Of(row.sealed) });
      at += row.sealed.byteLength;
    }
  }
  const mac = chain.ofFrame(before, firstSeq, proofs);
  bytes.set(mac, at);
  writeFrameHeader(bytes);
  return { bytes, rowOffsets, proofs, mac };
}

/** @param frame whose payload is in its place, after 16 bytes for the header */
export function writeFrameHeader(frame: Uint8Array): void {
  const view = viewOf(frame);
  frame.set(frameMarker, 0);
  view.setUint32(4, frame.byteLength - frameHeaderBytes);
  view.setUint32(8, crc32(frame.subarray(frameHeaderBytes)));
  view.setUint32(12, crc32(frame.subarray(0, 12)));
}

/** @returns null when the bytes at `at` are no whole head of a row */
export function decodeRowHead(bytes: Uint8Array, at: number): RowHead | null {
  const view = viewOf(bytes);
  if (at + 1 > bytes.byteLength) return null;
  const tableEnd = at + 1 + view.getUint8(at);
  if (tableEnd + 2 > bytes.byteLength) return null;
  const idEnd = tableEnd + 2 + view.getUint16(tableEnd);
  if (idEnd + 8 > bytes.byteLength) return null;
  const table = tableSchema.safeParse(utf8(bytes.subarray(at + 1, tableEnd)));
  const id = utf8(bytes.subarray(tableEnd + 2, idEnd));
  const version = view.getUint32(idEnd);
  const length = view.getUint32(idEnd + 4);
  const dropped = length >= droppedBit;
  const sealedBytes = dropped ? length - droppedBit : length;
  if (id === null || id.length === 0 || id.length > 128) return null;
  if (version === 0 || sealedBytes > maxSealedBytes) return null;
  return {
    table: table.success ? table.data : null,
    id,
    version,
    headBytes: idEnd + 8 - at,
    sealedBytes,
    dropped,
    bodyBytes: dropped ? droppedBytes : sealedBytes,
  };
}

/** The head of a row as the chain knows it: without the mark of a dropped row. */
export function provenHead(bytes: Uint8Array, at: number, head: RowHead): Uint8Array {
  const copy = bytes.slice(at, at + head.headBytes);
  viewOf(copy).setUint32(head.headBytes - 4, head.sealedBytes);
  return copy;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @returns where it ends */
function writeRowHead(bytes: Buffer, start: number, row: NewRow | DroppedRow): number {
  const tableBytes = bytes.write(row.table, start + 1, 'utf-8');
  let at = bytes.writeUInt8(tableBytes, start) + tableBytes;
  const idBytes = bytes.write(row.id, at + 2, 'utf-8');
  at = bytes.writeUInt16BE(idBytes, at) + idBytes;
  at = bytes.writeUInt32BE(row.version, at);
  return bytes.writeUInt32BE(
    'dropped' in row ? row.dropped.sealedBytes : row.sealed.byteLength,
    at,
  );
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf-8');
}
