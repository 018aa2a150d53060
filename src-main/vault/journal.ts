/**
 * The journal: append-only, sealed, outside IndexedDB. Its sync is the commit: what `append`
 * resolved for is on disk, and the renderer's database can be rebuilt from here at any time.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import type { JournalRow, TableName } from '../domain/contract/record';
import {
  openVaultFile,
  readProblem,
  systemCode,
  writeAtomically,
  writeFully,
  writeProblem,
  type OpenVaultFile,
  type VaultFile,
} from './files';
import {
  encodeFileHeader,
  encodeFrame,
  isStorable,
  journalFileName,
  maxFrameRows,
  maxSealedBytes,
  rowBytes,
  type NewRow,
} from './journal-format';
import { addressKey, JournalIndex } from './journal-index';
import { pageOf, readRows } from './journal-read';
import { scanJournal, type ScanResult } from './journal-scan';
import { acquireLock, type ReleaseLock } from './process-lock';

export { journalFileName, type NewRow } from './journal-format';
export const lockFileName = 'journal.lock';

/** Transactions that wait share a sync until they reach this, bytes. */
const groupBytes = 8 * 1024 * 1024;
export interface JournalOptions {
  /** Called after each commit with its rows, in order, before `append` resolves. */
  readonly onCommit?: (rows: readonly JournalRow[]) => void;
  /** Defaults to real files. */
  readonly openFile?: OpenVaultFile;
}

interface Transaction {
  readonly rows: readonly NewRow[];
  readonly bytes: number;
  resolve(rows: JournalRow[]): void;
  reject(error: Error): void;
}

export class Journal {
  readonly #file: VaultFile;
  readonly #release: ReleaseLock;
  readonly #index: JournalIndex;
  readonly #scan: ScanResult;
  readonly #onCommit: (rows: readonly JournalRow[]) => void;
  readonly #queue: Transaction[] = [];
  #end: number;
  /** Whether a flush is under way that will also see what is queued now. */
  #flushing = false;
  #flushed: Promise<void> = Promise.resolve();
  #closed = false;
  /** Set when nothing more may be written. */
  #refusal: AppError | null = null;

  /**
   * Opens the journal of a data folder, or begins one. A torn tail, which no one was ever told is
   * saved, is cut off; a damaged or newer journal is left exactly as it is.
   *
   * @throws AppError `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_NEWER`, `STORE_READ_FAILED`,
   *   `DISK_FULL`, `STORE_WRITE_FAILED`
   */
  static async open(dataDir: string, options: JournalOptions = {}): Promise<Journal> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeProblem(error);
    });
    const release = await acquireLock(join(dataDir, lockFileName));
    let file: VaultFile | null = null;
    try {
      const path = join(dataDir, journalFileName);
      await createIfMissing(path);
      file = await (options.openFile ?? openVaultFile)(path).catch((error: unknown) => {
        throw readProblem(error);
      });
      const index = new JournalIndex();
      const scan = await scanJournal(file, index).catch((error: unknown) => {
        throw error instanceof AppError ? error : readProblem(error);
      });
      const journal = new Journal(file, release, index, scan, options);
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
    file: VaultFile,
    release: ReleaseLock,
    index: JournalIndex,
    scan: ScanResult,
    options: JournalOptions,
  ) {
    this.#file = file;
    this.#release = release;
    this.#index = index;
    this.#scan = scan;
    this.#end = scan.end;
    this.#onCommit = options.onCommit ?? (() => undefined);
  }

  /** 32 hexadecimal digits; another journal has another one. */
  get journalId(): string {
    return this.#scan.journalId;
  }

  /** Sequence number of the last committed row; 0 while there is none. */
  get lastSeq(): number {
    return this.#index.lastSeq;
  }

  /** Bytes of a torn last frame that opening cut off. */
  get cutBytes(): number {
    return this.#scan.tornBytes;
  }

  /**
   * Commits the rows of one transaction: after a crash all of them are there or none.
   * Transactions that wait at the same time share one sync.
   *
   * @param rows at least one; each must be the next version of its row
   * @returns the rows with their sequence numbers, once they are on disk
   * @throws AppError `VERSION_CONFLICT`, `DISK_FULL`, `STORE_WRITE_FAILED`, `TEXT_TOO_LARGE`;
   *   then none of the rows is stored
   */
  append(rows: readonly NewRow[]): Promise<JournalRow[]> {
    if (rows.length === 0 || rows.length > maxFrameRows || !rows.every(isStorable)) {
      return Promise.reject(new AppError('BAD_REQUEST'));
    }
    if (this.#closed) {
      return Promise.reject(new AppError('STORE_WRITE_FAILED', { params: { system: 'closed' } }));
    }
    const bytes = rows.reduce((sum, row) => sum + rowBytes(row), 0);
    if (bytes > maxSealedBytes) return Promise.reject(new AppError('TEXT_TOO_LARGE'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ rows, bytes, resolve, reject });
      if (this.#flushing) return;
      this.#flushing = true;
      this.#flushed = this.#flush();
    });
  }

  /**
   * Committed rows after `after`, oldest first: at most `limit`, and about 8 MB.
   *
   * @throws AppError `STORE_READ_FAILED`, `STORE_CORRUPT`
   */
  read(after: number, limit: number): Promise<JournalRow[]> {
    return readRows(this.#file, pageOf(this.#index, after, limit));
  }

  /** The newest version of a row, or null. @throws as `read` */
  async latest(table: TableName, id: string): Promise<JournalRow | null> {
    const place = this.#index.newest(table, id);
    if (!place) return null;
    const [row] = await readRows(this.#file, [place]);
    return row ?? null;
  }

  /** Version of the newest committed version of a row; 0 when there is none. */
  latestVersion(table: TableName, id: string): number {
    return this.#index.newest(table, id)?.version ?? 0;
  }

  /** Waits for what was appended, then closes the file and gives the lock back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushed;
    await this.#file.close();
    await this.#release();
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      if (group.length > 0) await this.#commit(group);
    }
    // In the same step as the look at the queue: otherwise an append in between would wait for ever.
    this.#flushing = false;
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
    let frame: ReturnType<typeof encodeFrame>;
    try {
      if (this.#refusal) throw this.#refusal;
      frame = encodeFrame(this.#index.lastSeq + 1, rows);
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
      const offset = this.#end + (frame.rowOffsets[at] ?? 0);
      const seq = this.#index.add(row.table, row.id, row.version, offset, rowBytes(row));
      return { ...row, seq };
    });
    this.#end += frame.bytes.byteLength;
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

async function createIfMissing(path: string): Promise<void> {
  try {
    await stat(path);
    return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw readProblem(error);
  }
  try {
    await writeAtomically(path, encodeFileHeader(randomBytes(16).toString('hex')));
  } catch (error) {
    throw writeProblem(error);
  }
}
