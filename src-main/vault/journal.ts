/**
 * The journal: append-only, sealed, outside IndexedDB. Its sync is the commit: what `append`
 * resolved for is on disk, and the renderer's database can be rebuilt from here at any time.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import type { JournalRow, TableName } from '../domain/contract/record';
import type { DataKey } from '../domain/sealing/row';
import {
  openVaultFile,
  readProblem,
  syncFolder,
  systemCode,
  writeAtomically,
  writeFully,
  writeProblem,
  type OpenVaultFile,
  type VaultFile,
} from './files';
import { Chain, type JournalHead } from './journal-chain';
import {
  encodeFileHeader,
  encodeFrame,
  isStorable,
  journalFileName,
  keyIdIn,
  maxFrameRows,
  maxSealedBytes,
  noOrigin,
  rowBytes,
  type EncodedFrame,
  type NewRow,
} from './journal-format';
import { addressKey, type JournalIndex } from './journal-index';
import { pageOf, readRows } from './journal-read';
import { compacted, resealed, type OnProgress, type ReSealed } from './journal-rewrite';
import { readHeader, scanJournal, type ScanResult } from './journal-scan';
import { acquireLock, type ReleaseLock } from './process-lock';

export { journalFileName, type NewRow } from './journal-format';
export type { JournalHead } from './journal-chain';
export const lockFileName = 'journal.lock';

/** Transactions that wait share a sync until they reach this, bytes. */
const groupBytes = 8 * 1024 * 1024;

/** Of the purpose keys, what a journal is kept under. */
export interface JournalKeys {
  /** 16 hexadecimal digits of the data key. */
  readonly keyId: string;
  readonly chain: DataKey;
}

export interface JournalOptions {
  /** Called after each commit with its rows, in order, before `append` resolves. */
  readonly onCommit?: (rows: readonly JournalRow[]) => void;
  /**
   * Puts a journal of the present format in the place of one of version 1, which lies at `path`. It is
   * called under the lock. Without it such a journal is refused.
   */
  readonly migrate?: (path: string) => Promise<void>;
  /** Defaults to real files. */
  readonly openFile?: OpenVaultFile;
}

export interface RotateOptions {
  /** Called when the new journal lies complete beside the old one, which it then replaces. */
  readonly before: () => Promise<void>;
  /** Where the journal must stand, because that was noted and signed: a rotation keeps no older place. */
  readonly at?: JournalHead | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A row as the page of windows holds it, to be compared with what was committed. */
export interface RowClaim {
  readonly table: TableName;
  readonly id: string;
  readonly version: number;
  readonly seq: number;
  /** Of the sealed row, 64 hexadecimal digits. */
  readonly sha256: string;
}

interface Transaction {
  readonly rows: readonly NewRow[];
  readonly bytes: number;
  resolve(rows: JournalRow[]): void;
  reject(error: Error): void;
}

export class Journal {
  readonly #path: string;
  readonly #openFile: OpenVaultFile;
  readonly #release: ReleaseLock;
  readonly #onCommit: (rows: readonly JournalRow[]) => void;
  readonly #queue: Transaction[] = [];
  /** Work that nothing may be written beside. */
  readonly #alone: (() => Promise<void>)[] = [];
  readonly #reads = new Set<Promise<unknown>>();
  /** Under way while the file is exchanged. */
  #exchange: Promise<void> | null = null;
  #file: VaultFile;
  #scan: ScanResult;
  #index: JournalIndex;
  #chain: Chain;
  #keyId: string;
  #mac: Uint8Array;
  #end: number;
  /** Whether a flush is under way that will also see what is queued now. */
  #flushing = false;
  #flushed: Promise<void> = Promise.resolve();
  #closed = false;
  /** Set when nothing more may be written. */
  #refusal: AppError | null = null;

  /**
   * Opens the journal of a data folder, or begins one. A torn tail, which no one was ever told is
   * saved, is cut off; a damaged, changed or newer journal is left exactly as it is.
   *
   * @throws AppError `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_TAMPERED`, `STORE_OTHER_KEY`,
   *   `STORE_NEWER`, `STORE_READ_FAILED`, `DISK_FULL`, `STORE_WRITE_FAILED`
   */
  static async open(
    dataDir: string,
    keys: JournalKeys,
    options: JournalOptions = {},
  ): Promise<Journal> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeProblem(error);
    });
    const release = await acquireLock(join(dataDir, lockFileName));
    let file: VaultFile | null = null;
    try {
      const path = join(dataDir, journalFileName);
      const openFile = options.openFile ?? openVaultFile;
      const chain = new Chain(keys.chain);
      // What an interrupted rewriting left; it never was the journal.
      await rm(besideOf(path), { force: true }).catch((error: unknown) => {
        throw writeProblem(error);
      });
      await createIfMissing(path, keys.keyId, chain);
      file = await opened(openFile, path);
      if (options.migrate && (await readHeader(file).catch(orReadProblem)).format === 1) {
        await file.close();
        await options.migrate(path);
        file = await opened(openFile, path);
      }
      const scan = await scanJournal(file, { dataKeyId: keys.keyId, chain }).catch(orReadProblem);
      const journal = new Journal(path, file, release, scan, keys, options);
      if (scan.tornBytes > 0 && !(await journal.#cutToEnd())) {
        throw new AppError('STORE_WRITE_FAILED');
      }
      return journal;
    } catch (error) {
      // The first error is the one to report; a failing close adds nothing to it.
      await file?.close().catch(() => undefined);
      await release();
      throw error;
    }
  }

  private constructor(
    path: string,
    file: VaultFile,
    release: ReleaseLock,
    scan: ScanResult,
    keys: JournalKeys,
    options: JournalOptions,
  ) {
    this.#path = path;
    this.#openFile = options.openFile ?? openVaultFile;
    this.#file = file;
    this.#release = release;
    this.#index = scan.index;
    this.#scan = scan;
    this.#chain = new Chain(keys.chain);
    this.#keyId = keys.keyId;
    this.#mac = scan.mac;
    this.#end = scan.end;
    this.#onCommit = options.onCommit ?? (() => undefined);
  }

  /** 32 hexadecimal digits; another journal has another one. */
  get journalId(): string {
    return this.#scan.header.journalId;
  }

  /** Sequence number of the last committed row; 0 while there is none. */
  get lastSeq(): number {
    return this.#index.lastSeq;
  }

  /** Bytes of a torn last frame that opening cut off. */
  get cutBytes(): number {
    return this.#scan.tornBytes;
  }

  /** Length of the file up to its last commit, bytes. */
  get bytes(): number {
    return this.#end;
  }

  /** Where the journal stands. Whoever notes it elsewhere can later tell an older copy by `holds`. */
  get head(): JournalHead {
    return { seq: this.lastSeq, mac: Buffer.from(this.#mac).toString('hex') };
  }

  /**
   * Whether the journal stood at this head once: false for one that was put back to before it, or that
   * went another way. A rotation keeps only the head it began from; so note a new one after it.
   */
  holds({ seq, mac }: JournalHead): boolean {
    const { origin, mac: first } = this.#scan.header;
    const known = seq === 0 ? [first] : [this.#index.macAt(seq)];
    if (origin.seq === seq) known.push(origin.mac);
    return known.some((each) => each && Buffer.from(each).toString('hex') === mac);
  }

  /**
   * Appends one transaction: all rows or none. Transactions that wait share one sync.
   *
   * @param rows 1 to 10,000 rows, 128 MB in all; each must be the next version of its row
   * @returns the rows with their sequence numbers, once they are on disk
   * @throws AppError `VERSION_CONFLICT`, `DISK_FULL`, `STORE_WRITE_FAILED`, `TEXT_TOO_LARGE`;
   *   then none of the rows is stored
   */
  append(rows: readonly NewRow[]): Promise<JournalRow[]> {
    if (rows.length === 0 || rows.length > maxFrameRows || !rows.every(isStorable)) {
      return Promise.reject(new AppError('BAD_REQUEST'));
    }
    if (this.#closed) return Promise.reject(closedProblem());
    const bytes = rows.reduce((sum, row) => sum + rowBytes(row), 0);
    if (bytes > maxSealedBytes) return Promise.reject(new AppError('TEXT_TOO_LARGE'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ rows, bytes, resolve, reject });
      this.#startFlush();
    });
  }

  /**
   * Committed rows after `after` that can be read, oldest first: at most `limit`, and about 8 MB.
   * Rows whose key was destroyed are left out, whether they still lie in the file or not.
   *
   * @returns the rows, and up to which number they are all that there is
   * @throws AppError `STORE_READ_FAILED`, `STORE_CORRUPT`
   */
  async read(after: number, limit: number): Promise<{ rows: JournalRow[]; upTo: number }> {
    return this.#reading(async () => {
      const { places, upTo } = pageOf(this.#index, after, limit);
      return { rows: await readRows(this.#file, places), upTo };
    });
  }

  /** The newest version of a row that can be read, or null. @throws as `read` */
  async latest(table: TableName, id: string): Promise<JournalRow | null> {
    return this.#reading(async () => {
      const place = this.#index.newest(table, id);
      if (!place || !this.#index.isReadable(place)) return null;
      const [row] = await readRows(this.#file, [place]);
      return row ?? null;
    });
  }

  /** All versions of a row that can be read, oldest first. @throws as `read` */
  async versions(table: TableName, id: string): Promise<JournalRow[]> {
    return this.#reading(async () => {
      const newest = this.#index.newest(table, id);
      if (!newest || !this.#index.isReadable(newest)) return [];
      const versions: JournalRow[] = [];
      // The index knows places by number; rows of one record are those of its key.
      for (let seq = 1; seq <= newest.seq; seq += 1) {
        const place = this.#index.place(seq);
        if (!place || place.keyId !== newest.keyId || !this.#index.isReadable(place)) continue;
        const [row] = await readRows(this.#file, [place]);
        if (row?.table === table && row.id === id) versions.push(row);
      }
      return versions;
    });
  }

  /** Version of the newest committed version of a row; 0 when there is none. */
  latestVersion(table: TableName, id: string): number {
    return this.#index.newestVersion(table, id);
  }

  /** The id of the key of a row's newest version; null when there is none that can be read. */
  keyIdOf(table: TableName, id: string): string | null {
    const place = this.#index.newest(table, id);
    return place && this.#index.isReadable(place) ? place.keyId : null;
  }

  /** Ids of all rows of a table that can be read. */
  idsOf(table: TableName): Generator<string> {
    return this.#index.idsOf(table);
  }

  /** Ids of the keys that rows of records are sealed under, but for the destroyed ones. */
  usedKeys(): Set<string> {
    const used = new Set<string>();
    for (let seq = 1; seq <= this.lastSeq; seq += 1) {
      const place = this.#index.place(seq);
      if (place && this.#index.isReadable(place)) used.add(place.keyId);
    }
    return used;
  }

  /** Ids of the keys that a `deletion` row names. */
  get deletedKeys(): ReadonlySet<string> {
    return this.#index.deletedKeys;
  }

  /** Those of `claims` that are not the newest committed version of their row, as committed. */
  outdated(claims: readonly RowClaim[]): RowClaim[] {
    return claims.filter(({ table, id, version, seq, sha256 }) => {
      const place = this.#index.newest(table, id);
      return !(
        place &&
        this.#index.isReadable(place) &&
        place.seq === seq &&
        place.version === version &&
        Buffer.from(place.sha256).toString('hex') === sha256
      );
    });
  }

  /** Bytes of the file that compacting would save. */
  get droppableBytes(): number {
    return this.#index.droppableBytes();
  }

  /**
   * Takes the rows out of the file whose key was destroyed. Numbers, chain and `head` stay what they
   * were. Saving waits meanwhile.
   *
   * @returns how many bytes the file lost
   * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`; the journal is then as before
   */
  compact(): Promise<number> {
    return this.#exclusively(async () => {
      const before = this.#end;
      const { header } = this.#scan;
      const beside = besideOf(this.#path);
      const source = { file: this.#file, index: this.#index };
      const scan = await compacted(source, beside, header, this.#chain, this.#keyId);
      // The chain says that nothing else changed.
      if (!Buffer.from(scan.mac).equals(this.#mac)) throw new AppError('STORE_TAMPERED');
      await this.#exchangeFor(scan);
      return before - this.#end;
    });
  }

  /**
   * Puts the journal under another data key: a new chain, and `deletion` rows sealed anew. Rows of
   * records stay as they are. Numbers stay; `head` does not.
   *
   * @throws AppError as `compact`; `VERSION_CONFLICT` when it does not stand `at` the given head (any more)
   */
  rotate(
    keys: JournalKeys,
    reseal: ReSealed,
    { before, at, onProgress }: RotateOptions,
  ): Promise<void> {
    return this.#exclusively(async () => {
      if (at && (at.seq !== this.head.seq || at.mac !== this.head.mac)) {
        throw new AppError('VERSION_CONFLICT');
      }
      const chain = new Chain(keys.chain);
      const fields = {
        journalId: this.journalId,
        dataKeyId: keys.keyId,
        origin: { seq: this.lastSeq, mac: this.#mac },
      };
      const source = { file: this.#file, index: this.#index };
      const beside = besideOf(this.#path);
      const scan = await resealed(source, beside, fields, chain, reseal, onProgress);
      await before();
      await this.#exchangeFor(scan);
      this.#chain = chain;
      this.#keyId = keys.keyId;
    });
  }

  /** Runs `work` while nothing is written; reading goes on. @throws what `work` throws */
  whileStill<T>(work: (file: VaultFile) => Promise<T>): Promise<T> {
    return this.#exclusively(() => work(this.#file));
  }

  /** Waits for what was appended, then closes the file and gives the lock back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushed;
    await this.#exchange;
    await this.#file.close();
    await this.#release();
  }

  #startFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    // One step later: what is appended in this one, by others too, shares the first sync.
    this.#flushed = Promise.resolve().then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0 || this.#alone.length > 0) {
      const work = this.#alone.shift();
      if (work) {
        await work();
        continue;
      }
      const group = this.#takeGroup();
      if (group.length > 0) await this.#commit(group);
    }
    // In the same step as the look at the queue: otherwise an append in between would wait for ever.
    this.#flushing = false;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedProblem());
    return new Promise((resolve, reject) => {
      this.#alone.push(async () => {
        try {
          if (this.#refusal) throw this.#refusal;
          resolve(await work());
        } catch (error) {
          reject(error instanceof Error ? error : new AppError('INTERNAL', { cause: error }));
        }
      });
      this.#startFlush();
    });
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    while (this.#exchange) await this.#exchange;
    const reading = read();
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Puts the file beside into the journal's place. */
  async #exchangeFor(scan: ScanResult): Promise<void> {
    const exchange = this.#doExchange(scan);
    this.#exchange = exchange.catch(() => undefined);
    try {
      await exchange;
    } finally {
      this.#exchange = null;
    }
  }

  async #doExchange(scan: ScanResult): Promise<void> {
    await Promise.allSettled(this.#reads);
    // Windows replaces no file that is open.
    await this.#file.close().catch(() => undefined);
    let problem: AppError | null = null;
    try {
      await rename(besideOf(this.#path), this.#path);
    } catch (error) {
      problem = writeProblem(error);
    }
    try {
      if (!problem) await syncFolder(dirname(this.#path));
      this.#file = await opened(this.#openFile, this.#path);
    } catch (error) {
      // Which file lies there is not certain: opening it again finds out.
      this.#refusal = new AppError('STORE_WRITE_FAILED', { params: { system: 'exchange' } });
      throw problem ?? (error instanceof AppError ? error : writeProblem(error));
    }
    if (problem) throw problem;
    this.#scan = scan;
    this.#index = scan.index;
    this.#mac = scan.mac;
    this.#end = scan.end;
  }

  /** The transactions of the next frame. Those whose row moved on meanwhile are refused here. */
  #takeGroup(): Transaction[] {
    const group: Transaction[] = [];
    const versions = new Map<string, number>();
    let rows = 0;
    let bytes = 0;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const over = bytes + next.bytes > groupBytes || rows + next.rows.length > maxFrameRows;
      if (group.length > 0 && over) break;
      this.#queue.shift();
      const wanted = new Map(versions);
      const fits = next.rows.every((row) => {
        const key = addressKey(row.table, row.id);
        const newest = wanted.get(key) ?? this.latestVersion(row.table, row.id);
        wanted.set(key, row.version);
        return row.version === newest + 1;
      });
      if (!fits) {
        next.reject(new AppError('VERSION_CONFLICT'));
        continue;
      }
      for (const [key, version] of wanted) versions.set(key, version);
      group.push(next);
      rows += next.rows.length;
      bytes += next.bytes;
    }
    return group;
  }

  async #commit(group: readonly Transaction[]): Promise<void> {
    const rows = group.flatMap((transaction) => transaction.rows);
    let frame: EncodedFrame;
    try {
      if (this.#refusal) throw this.#refusal;
      frame = encodeFrame(this.#index.lastSeq + 1, rows, this.#mac, this.#chain);
      await writeFully(this.#file, frame.bytes, this.#end);
      await this.#file.datasync();
    } catch (cause) {
      const problem = cause instanceof AppError ? cause : writeProblem(cause);
      if (!this.#refusal && !(await this.#cutToEnd())) {
        // The file may hold half a frame now; opening it again finds out and cuts it off.
        this.#refusal = new AppError('STORE_WRITE_FAILED', { params: { system: 'truncate' } });
      }
      for (const transaction of group) transaction.reject(problem);
      return;
    }
    const committed = rows.map((row, at): JournalRow => {
      const seq = this.#index.add(row.table, row.id, {
        offset: this.#end + (frame.rowOffsets[at] ?? 0),
        bytes: rowBytes(row),
        version: row.version,
        keyId: keyIdIn(row.sealed),
        sha256: frame.proofs[at]?.sha256 ?? new Uint8Array(32),
        dropped: false,
      });
      return { ...row, seq };
    });
    this.#end += frame.bytes.byteLength;
    this.#mac = frame.mac;
    this.#index.addFrame(this.#end, frame.mac);
    // Apart from this stack: a listener that throws must not make a commit look like a failure.
    queueMicrotask(() => this.#onCommit(committed));
    let from = 0;
    for (const transaction of group) {
      transaction.resolve(committed.slice(from, from + transaction.rows.length));
      from += transaction.rows.length;
    }
  }

  /** Takes the file back to its last whole frame. @returns whether that is certain */
  async #cutToEnd(): Promise<boolean> {
    try {
      await this.#file.truncate(this.#end);
      await this.#file.datasync();
      return true;
    } catch {
      return false;
    }
  }
}

/** Where a journal is written that is to take the place of the one at `path`. */
export function besideOf(path: string): string {
  return `${path}.new`;
}

/**
 * The id of the data key that the journal of a folder is kept under, read without any key: after a
 * rotation that was interrupted, this tells which of two keys holds.
 *
 * @returns null when there is no journal, or one of format version 1
 * @throws AppError `STORE_CORRUPT`, `STORE_NEWER`, `STORE_READ_FAILED`
 */
export async function journalKeyId(dataDir: string): Promise<string | null> {
  let file: VaultFile;
  try {
    file = await openVaultFile(join(dataDir, journalFileName));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw readProblem(error);
  }
  try {
    return (await readHeader(file).catch(orReadProblem)).dataKeyId || null;
  } finally {
    await file.close();
  }
}

function closedProblem(): AppError {
  return new AppError('STORE_WRITE_FAILED', { params: { system: 'closed' } });
}

function orReadProblem(error: unknown): never {
  throw error instanceof AppError ? error : readProblem(error);
}

async function opened(openFile: OpenVaultFile, path: string): Promise<VaultFile> {
  try {
    return await openFile(path);
  } catch (error) {
    throw readProblem(error);
  }
}

async function createIfMissing(path: string, dataKeyId: string, chain: Chain): Promise<void> {
  try {
    await stat(path);
    return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw readProblem(error);
  }
  try {
    const journalId = randomBytes(16).toString('hex');
    const fields = { journalId, dataKeyId, origin: noOrigin };
    await writeAtomically(path, encodeFileHeader(fields, chain));
  } catch (error) {
    throw writeProblem(error);
  }
}
