/**
 * The bytes of the journal, format version 1. All numbers are big-endian.
 *
 * File: a header of 32 bytes, then frames.
 *   header: magic (8), u32 format version, journal id (16), u32 CRC-32 of the 28 bytes before
 *   frame:  marker (4), u32 payload length, u32 CRC-32 of the payload, u32 CRC-32 of the 12 bytes
 *           before, payload
 *   payload: u64 sequence number of the first row, u32 number of rows, then the rows
 *   row:    u8 length + table, u16 length + id, u32 row version, u32 length + sealed row
 *
 * One frame is one write and one sync, so at most one frame, the last, can ever be half on disk.
 * The header of a frame has its own checksum because a flipped bit in a length would otherwise make
 * a frame in the middle look like a torn last one, and everything after it would be thrown away.
 */
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { tableSchema, type JournalRow, type TableName } from '../domain/contract/record';
import { isWellFormed } from '../domain/text/well-formed';

export const journalFileName = 'journal.cmj';
export const journalFormatVersion = 1;

export const fileHeaderBytes = 32;
export const frameHeaderBytes = 16;
export const payloadHeadBytes = 12;

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

/** A row that has no place in the journal yet. */
export type NewRow = Omit<JournalRow, 'seq'>;

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
  readonly sealedBytes: number;
}

export function encodeFileHeader(journalId: string): Uint8Array {
  const bytes = new Uint8Array(fileHeaderBytes);
  const view = viewOf(bytes);
  bytes.set(magic, 0);
  view.setUint32(8, journalFormatVersion);
  bytes.set(Buffer.from(journalId, 'hex'), 12);
  view.setUint32(28, crc32(bytes.subarray(0, 28)));
  return bytes;
}

/**
 * @returns the journal id, 32 hexadecimal digits
 * @throws AppError `STORE_CORRUPT`, `STORE_NEWER`
 */
export function decodeFileHeader(bytes: Uint8Array): string {
  const corrupt = new AppError('STORE_CORRUPT', { params: { offset: 0 } });
  if (bytes.byteLength < 12 || magic.some((byte, at) => bytes[at] !== byte)) throw corrupt;
  const view = viewOf(bytes);
  const format = view.getUint32(8);
  // Asked before the checksum: a newer header may be laid out otherwise from here on.
  if (format > journalFormatVersion) throw new AppError('STORE_NEWER', { params: { format } });
  if (format !== journalFormatVersion || bytes.byteLength < fileHeaderBytes) throw corrupt;
  if (view.getUint32(28) !== crc32(bytes.subarray(0, 28))) throw corrupt;
  return Buffer.from(bytes.subarray(12, 28)).toString('hex');
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
export function rowBytes(row: NewRow): number {
  return 1 + byteLength(row.table) + 2 + byteLength(row.id) + 8 + row.sealed.byteLength;
}

/**
 * One frame, ready to be written in one go.
 *
 * @returns the bytes, and where each row starts in them
 */
export function encodeFrame(
  firstSeq: number,
  rows: readonly NewRow[],
): { bytes: Uint8Array; rowOffsets: number[] } {
  const payloadBytes = rows.reduce((sum, row) => sum + rowBytes(row), payloadHeadBytes);
  const bytes = new Uint8Array(frameHeaderBytes + payloadBytes);
  const view = viewOf(bytes);
  let at = frameHeaderBytes;
  view.setBigUint64(at, BigInt(firstSeq));
  view.setUint32(at + 8, rows.length);
  at += payloadHeadBytes;
  const rowOffsets: number[] = [];
  for (const row of rows) {
    rowOffsets.push(at);
    const table = new TextEncoder().encode(row.table);
    const id = new TextEncoder().encode(row.id);
    view.setUint8(at, table.byteLength);
    bytes.set(table, at + 1);
    at += 1 + table.byteLength;
    view.setUint16(at, id.byteLength);
    bytes.set(id, at + 2);
    at += 2 + id.byteLength;
    view.setUint32(at, row.version);
    view.setUint32(at + 4, row.sealed.byteLength);
    bytes.set(row.sealed, at + 8);
    at += 8 + row.sealed.byteLength;
  }
  bytes.set(frameMarker, 0);
  view.setUint32(4, payloadBytes);
  view.setUint32(8, crc32(bytes.subarray(frameHeaderBytes)));
  view.setUint32(12, crc32(bytes.subarray(0, 12)));
  return { bytes, rowOffsets };
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
  const sealedBytes = view.getUint32(idEnd + 4);
  if (id === null || id.length === 0 || id.length > 128) return null;
  if (version === 0 || sealedBytes > maxSealedBytes) return null;
  return {
    table: table.success ? table.data : null,
    id,
    version,
    headBytes: idEnd + 8 - at,
    sealedBytes,
  };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
