/**
 * Reads a zip that a stranger made. A few kilobytes can unfold into a petabyte, and entries can share
 * their bytes so that each alone looks harmless; so everything is counted, first as declared and then as
 * it comes. Nothing is ever written to a disk, so a name is only a name.
 */
import type { Readable } from 'node:stream';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { AppError } from '../../domain/contract/errors';

/** A large workbook has some hundred. */
const maxEntries = 10_000;
/** Bytes of all entries together, as declared. */
const maxTotalBytes = 4_000_000_000;
/** Text of a large table that repeats itself shrinks to about a hundredth; a bomb to a thousandth. */
const maxRatio = 400;
/** Small entries may shrink to anything. */
const ratioFromBytes = 16_000_000;

export type UnsafeWhy = 'entries' | 'size' | 'ratio' | 'names' | 'entities' | 'depth';

export function unsafe(why: UnsafeWhy): AppError {
  return new AppError('DOCUMENT_UNSAFE', { params: { why } });
}

export class BoundedZip {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws AppError `DOCUMENT_DAMAGED`, `DOCUMENT_UNSAFE` (why), `DOCUMENT_ENCRYPTED` */
  static async open(bytes: Buffer): Promise<BoundedZip> {
    const zip = await fromBufferPromise(bytes).catch(damaged);
    if (zip.entryCount > maxEntries) throw unsafe('entries');
    const entries = new Map<string, Entry>();
    let packed = 0;
    let unpacked = 0;
    try {
      for await (const entry of zip.eachEntry()) {
        packed += entry.compressedSize;
        unpacked += entry.uncompressedSize;
        // More than there is: entries lie over each other.
        if (packed > bytes.length || unpacked > maxTotalBytes) throw unsafe('size');
        checkRatio(entry.uncompressedSize, entry.compressedSize);
        if (entry.isEncrypted()) throw new AppError('DOCUMENT_ENCRYPTED');
        // Of two with one name, programs choose differently; here the first one counts.
        if (!entries.has(entry.fileName)) entries.set(entry.fileName, entry);
      }
    } catch (error) {
      throw isNameFault(error) ? unsafe('names') : damageOf(error);
    }
    return new BoundedZip(zip, entries);
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Bytes of an entry as declared, which `stream` holds it to; 0 where there is none. */
  size(name: string): number {
    return this.#entries.get(name)?.uncompressedSize ?? 0;
  }

  /**
   * An entry piece by piece.
   * @param limit bytes
   * @throws AppError `DOCUMENT_DAMAGED` where it is not there or cannot be unpacked, `DOCUMENT_UNSAFE`
   */
  async *stream(name: string, limit: number): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name);
    if (!entry) throw new AppError('DOCUMENT_DAMAGED', { params: { part: 'missing' } });
    if (entry.uncompressedSize > limit) throw unsafe('size');
    let stream: Readable | undefined;
    let done = 0;
    try {
      stream = await this.#zip.openReadStreamPromise(entry);
      for await (const piece of stream as AsyncIterable<Buffer>) {
        done += piece.length;
        if (done > limit) throw unsafe('size');
        checkRatio(done, entry.compressedSize);
        yield piece;
      }
    } catch (error) {
      throw damageOf(error);
    } finally {
      stream?.destroy();
    }
  }

  /** An entry as a whole. */
  async read(name: string, limit: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.stream(name, limit)) pieces.push(piece);
    return Buffer.concat(pieces);
  }
}

function checkRatio(unpacked: number, packed: number): void {
  if (unpacked > ratioFromBytes && unpacked > packed * maxRatio) throw unsafe('ratio');
}

function isNameFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(absolute path|invalid relative path|invalid characters)/.test(error.message)
  );
}

function damageOf(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('DOCUMENT_DAMAGED', { cause: error });
}

function damaged(cause: unknown): never {
  throw damageOf(cause);
}
