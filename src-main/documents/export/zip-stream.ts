/**
 * A zip archive written in one go, one entry after the other, whatever their size (APPNOTE 6.3.10).
 * Sizes and checksums follow each entry, as they are not known before. Without Zip64: an archive or
 * entry of 4 GiB is refused.
 */
import { crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { AppError } from '../../domain/contract/errors';
import type { ByteSink } from './sink';

const most = 0xffff_ffff;
/** Bit 3: sizes follow; bit 11: names in UTF-8. */
const flags = 0x0808;
const deflated = 8;
const version = 20;
/** 1980-01-01 00:00, the first moment that the format knows: when a file was made is said inside. */
const dosDate = 0x0021;

interface Entry {
  readonly name: Buffer;
  readonly offset: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

export interface ZipEntry {
  /** Resolves once more may come. */
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

export class ZipStream {
  readonly #sink: ByteSink;
  readonly #entries: Entry[] = [];
  #at = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Begins an entry; the one before must have ended. @throws AppError `EXPORT_TOO_LARGE` and the sink's */
  async begin(name: string): Promise<ZipEntry> {
    const offset = this.#at;
    const bytes = Buffer.from(name, 'utf-8');
    await this.#put(localHeader(bytes));
    const from = this.#at;
    const deflate = new Deflating((piece) => this.#put(piece));
    let crc = 0;
    let size = 0;
    return {
      write: async (piece) => {
        crc = crc32(piece, crc);
        size += piece.byteLength;
        if (size > most) throw tooLarge(size);
        await deflate.write(piece);
      },
      end: async () => {
        await deflate.end();
        const entry = { name: bytes, offset, crc, compressed: this.#at - from, size };
        await this.#put(descriptor(entry));
        this.#entries.push(entry);
      },
    };
  }

  /** Adds an entry that is there as a whole. */
  async add(name: string, text: string): Promise<void> {
    const entry = await this.begin(name);
    await entry.write(Buffer.from(text, 'utf-8'));
    await entry.end();
  }

  async finish(): Promise<void> {
    const start = this.#at;
    for (const entry of this.#entries) await this.#put(centralHeader(entry));
    await this.#put(endRecord(this.#entries.length, this.#at - start, start));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#at += bytes.byteLength;
    if (this.#at > most) throw tooLarge(this.#at);
    await this.#sink.write(bytes);
  }
}

/** Node's deflate, whose output is taken before more is put in. */
class Deflating {
  readonly #stream: DeflateRaw = createDeflateRaw();
  readonly #put: (piece: Uint8Array) => Promise<void>;
  #made: Buffer[] = [];

  constructor(put: (piece: Uint8Array) => Promise<void>) {
    this.#put = put;
    // Flowing: a full readable side would hold up the callback of a write for ever.
    this.#stream.on('data', (piece: Buffer) => this.#made.push(piece));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    await this.#hand();
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.once('end', resolve).once('error', reject).end();
    });
    await this.#hand();
  }

  async #hand(): Promise<void> {
    const made = this.#made;
    this.#made = [];
    for (const piece of made) await this.#put(piece);
  }
}

function localHeader(name: Buffer): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x0403_4b50, 0);
  head.writeUInt16LE(version, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(deflated, 8);
  head.writeUInt16LE(dosDate, 12);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name]);
}

function descriptor({ crc, compressed, size }: Entry): Buffer {
  const after = Buffer.alloc(16);
  after.writeUInt32LE(0x0807_4b50, 0);
  after.writeUInt32LE(crc, 4);
  after.writeUInt32LE(compressed, 8);
  after.writeUInt32LE(size, 12);
  return after;
}

function centralHeader({ name, offset, crc, compressed, size }: Entry): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x0201_4b50, 0);
  head.writeUInt16LE(version, 4);
  head.writeUInt16LE(version, 6);
  head.writeUInt16LE(flags, 8);
  head.writeUInt16LE(deflated, 10);
  head.writeUInt16LE(dosDate, 14);
  head.writeUInt32LE(crc, 16);
  head.writeUInt32LE(compressed, 20);
  head.writeUInt32LE(size, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt32LE(offset, 42);
  return Buffer.concat([head, name]);
}

function endRecord(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(start, 16);
  return end;
}

function tooLarge(bytes: number): AppError {
  return new AppError('EXPORT_TOO_LARGE', { params: { bytes, limit: most } });
}
