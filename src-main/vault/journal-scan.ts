/**
 * Reading a journal from its beginning, when it is opened: fills the index and decides whether the
 * end is whole, torn (to be cut off), or the file is damaged. Nothing is modified here, and memory
 * is bounded by one window whatever the file claims about its sizes.
 */
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { readFully, type VaultFile } from './files';
import {
  decodeFileHeader,
  decodeFrameHeader,
  decodeRowHead,
  fileHeaderBytes,
  frameHeaderBytes,
  frameMarker,
  maxFrameRows,
  maxPayloadBytes,
  maxRowHeadBytes,
  payloadHeadBytes,
  viewOf,
} from './journal-format';
import type { JournalIndex } from './journal-index';

const windowBytes = 1024 * 1024;

export interface ScanResult {
  /** 32 hexadecimal digits. */
  readonly journalId: string;
  /** Where the last whole frame ends. */
  readonly end: number;
  /** Bytes of a torn frame after that; they were never acknowledged. */
  readonly tornBytes: number;
}

/**
 * @param index empty; holds every committed row afterwards
 * @throws AppError `STORE_CORRUPT` with the offset, `STORE_NEWER`
 */
export async function scanJournal(file: VaultFile, index: JournalIndex): Promise<ScanResult> {
  const { size } = await file.stat();
  const window = new ReadWindow(file);
  const journalId = decodeFileHeader(await window.at(0, Math.min(fileHeaderBytes, size)));
  let at = fileHeaderBytes;
  while (at < size) {
    const frameEnd = await endOfSoundFrame(window, at, size);
    if (frameEnd === null) break;
    await indexFrame(window, at, frameEnd, index);
    at = frameEnd;
  }
  return { journalId, end: at, tornBytes: size - at };
}

/**
 * @returns the frame's end, or null for a torn last frame
 * @throws AppError `STORE_CORRUPT` when the frame is damaged and was not the last one
 */
async function endOfSoundFrame(
  window: ReadWindow,
  start: number,
  size: number,
): Promise<number | null> {
  const corrupt = new AppError('STORE_CORRUPT', { params: { offset: start } });
  const header =
    size - start < frameHeaderBytes
      ? null
      : decodeFrameHeader(await window.at(start, frameHeaderBytes));
  if (header === null) {
    const tooMuch = size - start > frameHeaderBytes + maxPayloadBytes;
    if (tooMuch || (await hasFrameHeader(window, start + 1, size))) throw corrupt;
    return null;
  }
  const payloadAt = start + frameHeaderBytes;
  const end = payloadAt + header.payloadBytes;
  if (end > size) return null;
  let crc = 0;
  for (let at = payloadAt; at < end; at += windowBytes)
    crc = crc32(await window.at(at, Math.min(windowBytes, end - at)), crc);
  if (crc === header.payloadCrc) return end;
  // A frame is synced before the next is written: bytes after a bad one prove that it was whole once.
  if (end < size) throw corrupt;
  return null;
}

/** Adds the rows of a frame whose checksum is right. */
async function indexFrame(
  window: ReadWindow,
  start: number,
  end: number,
  index: JournalIndex,
): Promise<void> {
  const corrupt = new AppError('STORE_CORRUPT', { params: { offset: start } });
  let at = start + frameHeaderBytes;
  const head = viewOf(await window.at(at, payloadHeadBytes));
  const count = head.getUint32(8);
  if (head.getBigUint64(0) !== BigInt(index.lastSeq + 1)) throw corrupt;
  if (count === 0 || count > maxFrameRows) throw corrupt;
  at += payloadHeadBytes;
  for (let row = 0; row < count; row += 1) {
    const found = decodeRowHead(await window.at(at, Math.min(maxRowHeadBytes, end - at)), 0);
    if (found === null) throw corrupt;
    if (found.table === null) throw new AppError('STORE_NEWER', { params: { offset: at } });
    const bytes = found.headBytes + found.sealedBytes;
    const newest = index.newest(found.table, found.id)?.version ?? 0;
    if (at + bytes > end || found.version !== newest + 1) throw corrupt;
    index.add(found.table, found.id, found.version, at, bytes);
    at += bytes;
  }
  if (at !== end) throw corrupt;
}

/**
 * Whether a frame header stands anywhere from `from` on. Its marker and checksum are 64 bits, so
 * ciphertext does not look like one.
 */
async function hasFrameHeader(window: ReadWindow, from: number, size: number): Promise<boolean> {
  for (let at = from; size - at >= frameHeaderBytes;) {
    const bytes = await window.at(at, Math.min(windowBytes, size - at));
    const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let hit = searched.indexOf(frameMarker); hit >= 0;) {
      const candidate = bytes.subarray(hit, hit + frameHeaderBytes);
      if (candidate.byteLength === frameHeaderBytes && decodeFrameHeader(candidate)) return true;
      hit = searched.indexOf(frameMarker, hit + 1);
    }
    // Overlapping, so that a header across the border of two windows is seen whole.
    at += bytes.byteLength - (frameHeaderBytes - 1);
  }
  return false;
}

/** A part of the file in memory. What `at` returns is valid until the next call. */
class ReadWindow {
  readonly #file: VaultFile;
  readonly #bytes = new Uint8Array(windowBytes);
  #start = 0;
  #length = 0;

  constructor(file: VaultFile) {
    this.#file = file;
  }

  /** @param length at most `windowBytes`, and within the file */
  async at(position: number, length: number): Promise<Uint8Array> {
    if (position < this.#start || position + length > this.#start + this.#length) {
      this.#start = position;
      this.#length = await readFully(this.#file, this.#bytes, position);
    }
    const from = position - this.#start;
    // The file shrank while it was read: someone else is at work on it.
    if (from + length > this.#length) throw new AppError('STORE_READ_FAILED');
    return this.#bytes.subarray(from, from + length);
  }
}
