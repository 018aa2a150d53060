/**
 * Where every committed row lies and what the chain knows of it, kept in memory: 57 bytes a row and
 * 48 a frame, plus one entry for each distinct row (20,000 rows take about 5 MB).
 */
import type { TableName } from '../domain/contract/record';
import type { JournalHead } from './journal-chain';

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

type NewPlace = Omit<RowPlace, 'seq' | 'keyId'> & { readonly keyId: Uint8Array };

export class JournalIndex {
  #offsets = new Float64Array(1024);
  #bytes = new Uint32Array(1024);
  #versions = new Uint32Array(1024);
  #dropped = new Uint8Array(1024);
  #keyIds = new Uint8Array(1024 * 8);
  #hashes = new Uint8Array(1024 * 32);
  #count = 0;
  /** Sequence number of the newest version of each row. */
  readonly #newest = new Map<string, number>();
  readonly #frameEnds: number[] = [];
  readonly #frameSeqs: number[] = [];
  readonly #frameMacs: Uint8Array[] = [];
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
    return this.#frameEnds.length;
  }

  /** Adds the next row. */
  add(table: TableName, id: string, place: NewPlace): number {
    const at = this.#count;
    if (at === this.#offsets.length) this.#grow();
    this.#offsets[at] = place.offset;
    this.#bytes[at] = place.bytes;
    this.#versions[at] = place.version;
    this.#dropped[at] = place.dropped ? 1 : 0;
    this.#keyIds.set(place.keyId, at * 8);
    this.#hashes.set(place.sha256, at * 32);
    this.#count += 1;
    this.#newest.set(addressKey(table, id), this.#count);
    if (table === 'deletion') this.deletedKeys.add(id);
    return this.#count;
  }

  /** Closes the frame that the rows added last belong to. */
  addFrame(end: number, mac: Uint8Array): void {
    this.#frameEnds.push(end);
    this.#frameSeqs.push(this.#count);
    this.#frameMacs.push(mac);
  }

  frame(number: number): FramePlace | null {
    const end = this.#frameEnds[number];
    const lastSeq = this.#frameSeqs[number];
    if (end === undefined || lastSeq === undefined) return null;
    return {
      offset: this.#frameEnds[number - 1] ?? this.#start,
      end,
      firstSeq: (this.#frameSeqs[number - 1] ?? 0) + 1,
      lastSeq,
    };
  }

  /** The MAC at the end of the frame whose last row has this number; null when none ends there. */
  macAt(seq: number): Uint8Array | null {
    let from = 0;
    let to = this.#frameSeqs.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#frameSeqs[middle] ?? 0) < seq) from = middle + 1;
      else to = middle;
    }
    return this.#frameSeqs[from] === seq ? (this.#frameMacs[from] ?? null) : null;
  }

  /** null while the journal is empty. */
  get head(): JournalHead | null {
    const mac = this.#frameMacs.at(-1);
    return mac ? { seq: this.#count, mac: Buffer.from(mac).toString('hex') } : null;
  }

  place(seq: number): RowPlace | null {
    if (seq < 1 || seq > this.#count) return null;
    const at = seq - 1;
    return {
      seq,
      offset: this.#offsets[at] ?? 0,
      bytes: this.#bytes[at] ?? 0,
      version: this.#versions[at] ?? 0,
      keyId: Buffer.from(this.#keyIds.subarray(at * 8, at * 8 + 8)).toString('hex'),
      sha256: this.#hashes.subarray(at * 32, at * 32 + 32),
      dropped: this.#dropped[at] === 1,
    };
  }

  newest(table: TableName, id: string): RowPlace | null {
    return this.place(this.#newest.get(addressKey(table, id)) ?? 0);
  }

  /** Version of the newest version of a row; 0 when there is none. */
  newestVersion(table: TableName, id: string): number {
    const seq = this.#newest.get(addressKey(table, id));
    return seq === undefined ? 0 : (this.#versions[seq - 1] ?? 0);
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
    const prefix = addressKey(table, '');
    for (const [key, seq] of this.#newest) {
      if (!key.startsWith(prefix)) continue;
      const place = this.place(seq);
      if (place && this.isReadable(place)) yield key.slice(prefix.length);
    }
  }

  #grow(): void {
    const length = this.#offsets.length * 2;
    this.#offsets = grown(this.#offsets, new Float64Array(length));
    this.#bytes = grown(this.#bytes, new Uint32Array(length));
    this.#versions = grown(this.#versions, new Uint32Array(length));
    this.#dropped = grown(this.#dropped, new Uint8Array(length));
    this.#keyIds = grown(this.#keyIds, new Uint8Array(length * 8));
    this.#hashes = grown(this.#hashes, new Uint8Array(length * 32));
  }
}

/** One string for a row, whatever its version. Table names hold no space. */
export function addressKey(table: TableName, id: string): string {
  return `${table} ${id}`;
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(old: T, wider: T): T {
  wider.set(old);
  return wider;
}
