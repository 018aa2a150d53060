/**
 * Finding the frames of a file that is appended to, whole, torn or damaged: of the journal and of the
 * boxes of batches. Memory is bounded by one window whatever the file claims about its sizes.
 */
import { crc32 } from 'node:zlib';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import { readFully, type VaultFile } from './files';
import {
  decodeFrameHeader,
  frameHeaderBytes,
  frameMarker,
  maxPayloadBytes,
} from './journal-format';

export const windowBytes = 1024 * 1024;

/**
 * @param damaged the code for a frame that is damaged
 * @returns the frame's end, or null for a torn last frame
 * @throws AppError `damaged` when the frame is damaged and was not the last one
 */
export async function endOfSoundFrame(
  window: ReadWindow,
  start: number,
  size: number,
  damaged: ErrorCode,
): Promise<number | null> {
  const corrupt = new AppError(damaged, { params: { offset: start } });
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
export class ReadWindow {
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
