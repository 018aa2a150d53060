/**
 * What a journal of records would be without any sealing: the control of `journal.ts`. It does all that
 * records need anyway (an id, the SHA-256 that facts are bound to, a head, a text and the signature that
 * the search looks at as rows of their own, versions that follow one another, a checksum, saves that wait
 * sharing one write and one sync) and nothing of what protects them: no keys, no cipher, no chain.
 */
import { hash, randomUUID } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { signatureOf } from '../../src-main/domain/search/signature';

interface Waiting {
  readonly rows: readonly PlainRow[];
  resolve(): void;
  reject(error: unknown): void;
}
interface PlainRow {
  readonly table: string;
  readonly id: string;
  readonly version: number;
  readonly plain: Uint8Array;
}

export class PlainJournal {
  readonly #file: FileHandle;
  readonly #isSearchable: boolean;
  readonly #newest = new Map<string, number>();
  #places: number[] = [];
  #queue: Waiting[] = [];
  #flushing = false;
  #end = 0;

  /** @param isSearchable whether each record gets a signature */
  static async open(path: string, isSearchable = true): Promise<PlainJournal> {
    return new PlainJournal(await open(path, 'wx+'), isSearchable);
  }

  private constructor(file: FileHandle, isSearchable: boolean) {
    this.#file = file;
    this.#isSearchable = isSearchable;
  }

  get bytes(): number {
    return this.#end;
  }

  /** Saves a record; resolves once it is on disk. */
  create(title: string, text: string, source: object): Promise<void> {
    const recordId = randomUUID();
    const textId = randomUUID();
    const createdAt = Date.now();
    const textSha256 = hash('sha256', text);
    const head = { title, createdAt, updatedAt: createdAt, deletedAt: null, textId, textSha256 };
    const rows: PlainRow[] = [
      { table: 'text', id: textId, version: 1, plain: Buffer.from(JSON.stringify({ text })) },
      {
        table: 'record',
        id: recordId,
        version: 1,
        plain: Buffer.from(JSON.stringify({ ...head, chars: text.length, source })),
      },
    ];
    if (this.#isSearchable) {
      const plain = signatureOf([title, text]);
      rows.push({ table: 'signature', id: recordId, version: 1, plain });
    }
    return this.#append(rows);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #append(rows: readonly PlainRow[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ rows, resolve, reject });
      if (this.#flushing) return;
      this.#flushing = true;
      void Promise.resolve().then(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        await this.#commit(group.flatMap(({ rows }) => rows));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#flushing = false;
  }

  async #commit(rows: readonly PlainRow[]): Promise<void> {
    for (const { table, id, version } of rows)
      if ((this.#newest.get(`${table} ${id}`) ?? 0) + 1 !== version) throw new Error('version');
    const frame = encoded(rows);
    await this.#file.write(frame, 0, frame.byteLength, this.#end);
    await this.#file.datasync();
    for (const { table, id, version, plain } of rows) {
      this.#newest.set(`${table} ${id}`, version);
      this.#places.push(this.#end, plain.byteLength);
    }
    this.#end += frame.byteLength;
  }
}

function encoded(rows: readonly PlainRow[]): Buffer {
  const bytes = rows.reduce(
    (sum, { table, id, plain }) => sum + 11 + table.length + id.length + plain.byteLength,
    12,
  );
  const frame = Buffer.allocUnsafeSlow(bytes);
  let at = frame.writeUInt32BE(rows.length, 8);
  for (const { table, id, version, plain } of rows) {
    at = frame.writeUInt8(table.length, at) + frame.write(table, at + 1, 'latin1');
    at = frame.writeUInt16BE(id.length, at) + frame.write(id, at + 2, 'latin1');
    at = frame.writeUInt32BE(version, at);
    at = frame.writeUInt32BE(plain.byteLength, at);
    frame.set(plain, at);
    at += plain.byteLength;
  }
  frame.writeUInt32BE(frame.byteLength - 8, 0);
  frame.writeUInt32BE(crc32(frame.subarray(8)), 4);
  return frame;
}
