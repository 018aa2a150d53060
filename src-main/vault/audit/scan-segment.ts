/**
 * Reading a segment from its beginning, a piece at a time: memory stays the same whatever a file
 * claims, and the main process answers its windows between two pieces.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/contract/errors';
import { readFully, readProblem } from '../files';
import {
  decodeHead,
  hashOf,
  mostLineBytes,
  mostSegmentBytes,
  segmentName,
  type SegmentHead,
} from './segment';

const pieceBytes = 256 * 1024;
const lineEnd = 0x0a;

export interface SegmentVisitor {
  /**
   * The first line; null when it is none of ours, and its hash all the same.
   *
   * @returns false when the lines are not wanted
   */
  head?(head: SegmentHead | null, hash: string): boolean;
  /** A line without its end, valid during the call; null for one that is longer than any of ours. */
  line(bytes: Buffer | null): void;
  /** After each piece. */
  piece?(): Promise<void>;
}

export interface ScanOptions {
  /** Bytes to read at most: how far a log that is open now has come. */
  readonly bytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Scanned {
  /** Bytes up to the last line end. */
  readonly wholeBytes: number;
  /** Bytes after that. */
  readonly tornBytes: number;
}

/**
 * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT` for a file that is far too long;
 *   what `signal` says
 */
export async function scanSegment(
  folder: string,
  number: number,
  visitor: SegmentVisitor,
  { bytes: limit = Infinity, signal }: ScanOptions = {},
): Promise<Scanned> {
  const lines = new LineCutter(visitor);
  const file = await open(join(folder, segmentName(number)), 'r').catch(failedToRead);
  try {
    const size = Math.min((await file.stat().catch(failedToRead)).size, limit);
    if (size > mostSegmentBytes) {
      throw new AppError('STORE_CORRUPT', { params: { offset: mostSegmentBytes } });
    }
    const piece = Buffer.alloc(Math.min(pieceBytes, size));
    for (let at = 0; at < size && !lines.done;) {
      signal?.throwIfAborted();
      const wanted = piece.subarray(0, Math.min(piece.byteLength, size - at));
      const got = await readFully(file, wanted, at).catch(failedToRead);
      if (got === 0) break;
      lines.add(wanted.subarray(0, got));
      at += got;
      await visitor.piece?.();
    }
  } finally {
    await file.close();
  }
  return lines.end();
}

function failedToRead(error: unknown): never {
  throw readProblem(error);
}

/** Cuts pieces into lines. */
class LineCutter {
  readonly #visitor: SegmentVisitor;
  /** Beginning of a line that goes on in the next piece; at most one line's length is kept. */
  #begun: Buffer = Buffer.alloc(0);
  #begunBytes = 0;
  #wholeBytes = 0;
  #first = true;
  done = false;

  constructor(visitor: SegmentVisitor) {
    this.#visitor = visitor;
  }

  add(piece: Buffer): void {
    let from = 0;
    for (let end = piece.indexOf(lineEnd); end >= 0; end = piece.indexOf(lineEnd, from)) {
      this.#line(piece.subarray(from, end));
      from = end + 1;
      if (this.done) return;
    }
    const rest = piece.subarray(from);
    if (this.#begun.byteLength <= mostLineBytes) {
      this.#begun = Buffer.concat([this.#begun, rest.subarray(0, mostLineBytes + 1)]);
    }
    this.#begunBytes += rest.byteLength;
  }

  /** @throws AppError `STORE_NEWER` */
  end(): Scanned {
    // A file without a whole first line has no head either.
    if (this.#first) this.#visitor.head?.(null, hashOf(this.#begun));
    return { wholeBytes: this.#wholeBytes, tornBytes: this.#begunBytes };
  }

  #line(tail: Buffer): void {
    const length = this.#begunBytes + tail.byteLength;
    this.#wholeBytes += length + 1;
    const isLong = length > mostLineBytes;
    const line = this.#begunBytes === 0 ? tail : Buffer.concat([this.#begun, tail]);
    this.#begun = Buffer.alloc(0);
    this.#begunBytes = 0;
    if (!this.#first) {
      this.#visitor.line(isLong ? null : line);
      return;
    }
    this.#first = false;
    const head = isLong ? null : decodeHead(line);
    this.done = this.#visitor.head?.(head, hashOf(line)) === false;
  }
}
