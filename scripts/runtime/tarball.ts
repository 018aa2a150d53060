import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

const block = 512;

/**
 * Subresource-integrity string (`sha512-...`) of a file.
 */
export async function integrityOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha512-${hash.digest('base64')}`;
}

/**
 * Takes one regular file out of a gzipped ustar archive, as npm packs them, without the rest.
 *
 * @param tarball path of the .tgz.
 * @param member its path inside, exactly.
 * @param expected bytes and SHA-256 (hex) of the member.
 * @param target where to write it; must not exist.
 * @throws Error if the member is missing, has another size or another hash.
 */
export async function takeFromTarball(
  tarball: string,
  member: string,
  expected: { readonly bytes: number; readonly sha256: string },
  target: string,
): Promise<void> {
  const reader = new ByteReader(createReadStream(tarball).pipe(createGunzip()));
  try {
    for (;;) {
      const header = await reader.take(block);
      const name = header && text(header, 0, 100);
      if (!header || !name) throw new Error(`${member} is not in the package`);
      const bytes = Number.parseInt(text(header, 124, 12), 8);
      if (!Number.isSafeInteger(bytes)) throw new Error('the package is damaged');
      const prefix = text(header, 345, 155);
      if ((prefix ? `${prefix}/${name}` : name) !== member) {
        await reader.skip(Math.ceil(bytes / block) * block);
        continue;
      }
      if (bytes !== expected.bytes) throw new Error(`${member} has ${bytes} bytes`);
      const hash = createHash('sha256');
      const out = await open(target, 'wx');
      try {
        for await (const chunk of reader.chunks(bytes)) {
          hash.update(chunk);
          await out.writeFile(chunk);
        }
      } finally {
        await out.close();
      }
      if (hash.digest('hex') !== expected.sha256) throw new Error(`${member} has another hash`);
      return;
    }
  } finally {
    reader.close();
  }
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end).trim();
}

/** Reads a stream by byte counts. */
class ByteReader {
  readonly #stream: NodeJS.ReadableStream & { destroy(): void };
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: NodeJS.ReadableStream & { destroy(): void }) {
    this.#stream = stream;
    this.#source = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, or undefined at the end. For small lengths. */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for await (const chunk of this.chunks(length, true)) parts.push(chunk);
    const all = Buffer.concat(parts);
    return all.length === length ? all : undefined;
  }

  async skip(length: number): Promise<void> {
    for await (const chunk of this.chunks(length)) void chunk;
  }

  async *chunks(length: number, mayEnd = false): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done) {
          if (mayEnd) return;
          throw new Error('the package ends too early');
        }
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}
