/** Bytes of a file from its beginning, read in pieces as they are asked for, up to a limit. */
import { readSync } from 'node:fs';
import { AppError } from '../domain/contract/errors';

const pieceBytes = 1024 * 1024;

/**
 * Reads synchronously: it runs in the probe process or the command line, where nothing waits, and a
 * parser of hundreds of thousands of small values would spend its time in promises.
 */
export class ByteSource {
  readonly size: number;
  readonly #fd: number;
  readonly #limit: number;
  #buffer = Buffer.alloc(0);
  /** Where the buffer begins in the file. */
  #start = 0;
  #at = 0;

  /**
   * @param fd open for reading
   * @param size bytes of the file
   * @param limit bytes that may be read from the beginning
   */
  constructor(fd: number, size: number, limit: number) {
    this.#fd = fd;
    this.size = size;
    this.#limit = limit;
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#start + this.#at;
  }

  /**
   * The next bytes; valid until the next call.
   * @throws AppError `MODEL_TRUNCATED` where the file ends before them, `MODEL_STRUCTURE` (what:
   *   header-size) where they lie beyond the limit
   */
  take(count: number): Buffer {
    if (this.position + count > this.size) throw new AppError('MODEL_TRUNCATED');
    if (this.position + count > this.#limit) {
      throw new AppError('MODEL_STRUCTURE', { params: { what: 'header-size' } });
    }
    if (this.#at + count > this.#buffer.length) this.#fill(count);
    const bytes = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  #fill(count: number): void {
    const rest = this.#buffer.subarray(this.#at);
    const start = this.position;
    const wanted = Math.min(Math.max(count, pieceBytes), this.size - start);
    const next = Buffer.alloc(wanted);
    rest.copy(next);
    for (let held = rest.length; held < wanted;) {
      const read = readSync(this.#fd, next, held, wanted - held, start + held);
      // The file became shorter while it was read.
      if (read === 0) throw new AppError('MODEL_TRUNCATED');
      held += read;
    }
    this.#buffer = next;
    this.#start = start;
    this.#at = 0;
  }
}
