/**
 * Where every committed row lies and what the chain knows of it, kept in memory: 57 bytes a row and
 * 44 a frame, and some 40 for each distinct row (50,000 notes, of four rows each, take about 22 MB).
 */
import type { TableName } from '../domain/contract/record';
import { macBytes, type JournalHead } from './journal-chain';
import { PackedNames } from './packed-names';
import { PackedNumbers } from './packed-numbers';

export interface RowPlace {
  readonly seq: number;
  /** Of the row's head in the file. */
  readonly offset: number;
  /** Head and sealed row together. */
  readonly bytes: number;
  readonly version: number;
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** Of the sealed row; a view. */
  readonly sha256: Uint8Array;
  /** Left out, because its key was destroyed. */
  readonly dropped: boolean;
}

export interface FramePlace {
  readonly offset: number;
  readonly end: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Rows and frames of one block, which never moves. */
const blockSize = 1024;

interface RowBlock {
  readonly offsets: Float64Array;
  readonly bytes: Uint32Array;
  readonly versions: Uint32Array;
  readonly dropped: Uint8Array;
  readonly keyIds: Uint8Array;
  readonly hashes: Uint8Array;
}

interface FrameBlock {
  readonly ends: Float64Array;
  readonly lastSeqs: Uint32Array;
  readonly macs: Uint8Array;
}

/** The rows of one table. */
interface Table {
  readonly ids: PackedNames;
  /** By the number of an id: sequence number of the row's newest version. */
  readonly newest: PackedNumbers;
}

type NewPlace = Omit<RowPlace, 'seq' | 'keyId'> & { readonly keyId: Uint8Array };

export class JournalIndex {
  readonly #rows: RowBlock[] = [];
  #count = 0;
  readonly #tables = new Map<TableName, Table>();
  readonly #frameBlocks: FrameBlock[] = [];
  #frames = 0;
  readonly #start: number;
  /** Ids of the keys that `deletion` rows name. */
  readonly deletedKeys = new Set<string>();

  /** @param start where the first frame begins */
  constructor(start: number) {
    this.#start = start;
  }

  /** Sequence numbers run from 1 to this without a gap; 0 while the journal is empty. */
  get lastSeq(): number {
    return this.#count;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Adds the next row. */
  add(table: TableName, id: string, place: NewPlace): number {
    const block = (this.#rows[blockOf(this.#count)] ??= newRows());
    const at = this.#count % blockSize;
    block.offsets[at] = place.offset;
    block.bytes[at] = place.bytes;
    block.versions[at] = place.version;
    block.dropped[at] = place.dropped ? 1 : 0;
    block.keyIds.set(place.keyId, at * 8);
    block.hashes.set(place.sha256, at * 32);
    this.#count += 1;
    const { ids, newest } = this.#table(table);
    newest.set(ids.add(id), this.#count);
    if (table === 'deletion') this.deletedKeys.add(id);
    return this.#count;
  }

  /** Closes the frame that the rows added last belong to. */
  addFrame(end: number, mac: Uint8Array): void {
    const block = (this.#frameBlocks[blockOf(this.#frames)] ??= newFrames());
    const at = this.#frames % blockSize;
    block.ends[at] = end;
    block.lastSeqs[at] = this.#count;
    block.macs.set(mac, at * macBytes);
    this.#frames += 1;
  }

  frame(number: number): FramePlace | null {
    if (number < 0 || number >= this.#frames) return null;
    return {
      offset: this.#endOf(number - 1),
      end: this.#endOf(number),
      firstSeq: this.#lastSeqOf(number - 1) + 1,
      lastSeq: this.#lastSeqOf(number),
    };
  }

  /** The MAC at the end of the frame whose last row has this number; null when none ends there. */
  macAt(seq: number): Uint8Array | null {
    let from = 0;
    let to = this.#frames;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#lastSeqOf(middle) < seq) from = middle + 1;
      else to = middle;
    }
    return from < this.#frames && this.#lastSeqOf(from) === seq ? this.#macOf(from) : null;
  }

  /** null while the journal is empty. */
  get head(): JournalHead | null {
    if (this.#frames === 0) return null;
    return { seq: this.#count, mac: Buffer.from(this.#macOf(this.#frames - 1)).toString('hex') };
  }

  place(seq: number): RowPlace | null {
    if (seq < 1 || seq > this.#count) return null;
    const block = this.#rows[blockOf(seq - 1)];
    if (!block) return null;
    const at = (seq - 1) % blockSize;
    return {
      seq,
      offset: block.offsets[at] ?? 0,
      bytes: block.bytes[at] ?? 0,
      version: block.versions[at] ?? 0,
      keyId: Buffer.from(block.keyIds.subarray(at * 8, at * 8 + 8)).toString('hex'),
      sha256: block.hashes.subarray(at * 32, at * 32 + 32),
      dropped: block.dropped[at] === 1,
    };
  }

  newest(table: TableName, id: string): RowPlace | null {
    return this.place(this.#newestSeq(table, id));
  }

  /** Version of the newest version of a row; 0 when there is none. */
  newestVersion(table: TableName, id: string): number {
    const seq = this.#newestSeq(table, id);
    return seq === 0 ? 0 : (this.#rows[blockOf(seq - 1)]?.versions[(seq - 1) % blockSize] ?? 0);
  }

  /** Whether a row can be read: it is there, and its key was not destroyed. */
  isReadable(place: RowPlace): boolean {
    return !place.dropped && !this.deletedKeys.has(place.keyId);
  }

  /** Bytes of sealed rows that still lie in the file although their key was destroyed. */
  droppableBytes(): number {
    if (this.deletedKeys.size === 0) return 0;
    let bytes = 0;
    for (let seq = 1; seq <= this.#count; seq += 1) {
      const place = this.place(seq);
      // What stays of a row is about as long as its head.
      if (place && !place.dropped && this.deletedKeys.has(place.keyId)) bytes += place.bytes;
    }
    return bytes;
  }

  /** Ids of the newest version of every row of a table that can be read. */
  *idsOf(table: TableName): Generator<string> {
    const { ids, newest } = this.#table(table);
    // Rows that come meanwhile are told too.
    for (let number = 0; number < ids.size; number += 1) {
      const place = this.place(newest.at(number));
      if (place && this.isReadable(place)) yield ids.nameOf(number);
    }
  }

  #table(name: TableName): Table {
    let table = this.#tables.get(name);
    if (!table) {
      table = { ids: new PackedNames(), newest: new PackedNumbers() };
      this.#tables.set(name, table);
    }
    return table;
  }

  /** 0 where there is no such row. */
  #newestSeq(name: TableName, id: string): number {
    const table = this.#tables.get(name);
    const number = table?.ids.numberOf(id) ?? -1;
    return table && number >= 0 ? table.newest.at(number) : 0;
  }

  #endOf(frame: number): number {
    if (frame < 0) return this.#start;
    return this.#frameBlocks[blockOf(frame)]?.ends[frame % blockSize] ?? 0;
  }

  #lastSeqOf(frame: number): number {
    if (frame < 0) return 0;
    return this.#frameBlocks[blockOf(frame)]?.lastSeqs[frame % blockSize] ?? 0;
  }

  #macOf(frame: number): Uint8Array {
    const at = (frame % blockSize) * macBytes;
    return (this.#frameBlocks[blockOf(frame)] ?? newFrames()).macs.slice(at, at + macBytes);
  }
}

/** One string for a row, whatever its version. Table names hold no space. */
export function addressKey(table: TableName, id: string): string {
  return `${table} ${id}`;
}

const blockOf = (at: number): number => Math.floor(at / blockSize);

function newRows(): RowBlock {
  return {
    offsets: new Float64Array(blockSize),
    bytes: new Uint32Array(blockSize),
    versions: new Uint32Array(blockSize),
    dropped: new Uint8Array(blockSize),
    keyIds: new Uint8Array(blockSize * 8),
    hashes: new Uint8Array(blockSize * 32),
  };
}

function newFrames(): FrameBlock {
  return {
    ends: new Float64Array(blockSize),
    lastSeqs: new Uint32Array(blockSize),
    macs: new Uint8Array(blockSize * macBytes),
  };
}
