/** The audit log: appended to, anchored, read and verified; never rewritten. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/contract/errors';
import {
  auditEntrySchema,
  newAuditEntrySchema,
  type AuditEntry,
  type AuditEvent,
  type AuditFilter,
  type AuditPage,
  type AuditVerification,
  type NewAuditEntry,
} from '../../domain/contract/audit';
import {
  openVaultFile,
  writeAtomically,
  writeFully,
  writeProblem,
  type OpenVaultFile,
  type VaultFile,
} from '../files';
import { acquireLock, type ReleaseLock } from '../process-lock';
import { endOfLog } from './log-end';
import { beganAt, readAudit, type PageOptions } from './read-audit';
import { oldestToRemove } from './retention';
import {
  encodeEntry,
  encodeHead,
  genesis,
  hashOf,
  mostSegmentBytes,
  segmentBytes,
  segmentName,
  segmentsOf,
} from './segment';
import { anchorBytes, removalBytes, type AnchorState, type Sign } from './signed-entry';
import { verifyAudit, type VerifyOptions } from './verify-audit';

export const auditLockName = 'audit.lock';

/** Entries that wait share a sync until they reach this, bytes. */
const groupBytes = 1024 * 1024;

export interface AuditLogOptions {
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
  /** Bytes after which a segment is closed. Smaller in tests only. */
  readonly segmentBytes?: number;
  /** Defaults to real files. */
  readonly openFile?: OpenVaultFile;
}

interface Place {
  readonly n: number;
  readonly at: number;
  readonly clockBack?: true;
  readonly prev: string;
}

interface Waiting {
  /** Made when its turn comes, because it names the number and hash of the one before. */
  make(
    place: Place,
  ): Pick<AuditEntry, 'actor' | 'event'> & Partial<Pick<AuditEntry, 'subject' | 'result'>>;
  resolve(entry: AuditEntry): void;
  reject(error: Error): void;
}

/** Where the log stands: number and hash of its last line, the latest time that the clock has shown. */
interface Tip {
  readonly n: number;
  readonly hash: string;
  readonly at: number;
}

/** The segment that is being written. */
interface Current {
  readonly file: VaultFile;
  readonly number: number;
  /** Bytes of whole lines. */
  length: number;
  isEmpty: boolean;
}

export class AuditLog {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #segmentBytes: number;
  readonly #openFile: OpenVaultFile;
  readonly #release: ReleaseLock;
  readonly #queue: Waiting[] = [];
  #current: Current;
  #tip: Tip;
  #flushing: Promise<void> | null = null;
  #closed = false;
  /** Set when nothing more may be written. */
  #refusal: AppError | null = null;

  /**
   * Opens the log of a folder, or begins one. A torn last line, which nobody was told is stored, is
   * cut off, and an entry says so. A broken chain is left as it is and named by an entry in a new
   * segment that goes on from the last sound line.
   *
   * @throws AppError `STORE_LOCKED`, `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT`, `DISK_FULL`,
   *   `STORE_WRITE_FAILED`
   */
  static async open(folder: string, options: AuditLogOptions = {}): Promise<AuditLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeProblem(error);
    });
    // Two that append would each cut off the other's entries.
    const release = await acquireLock(join(folder, auditLockName));
    let log: AuditLog | null = null;
    try {
      const openFile = options.openFile ?? openVaultFile;
      const segments = await segmentsOf(folder);
      const last = segments.at(-1);
      if (last === undefined) {
        const tip = { n: 0, at: 0, hash: genesis };
        const begun = await beginSegment(folder, 1, tip, openFile);
        return new AuditLog(folder, begun, release, options);
      }
      const end = await endOfLog(folder, segments);
      if (!end.sound) {
        const begun = await beginSegment(folder, last + 1, end, openFile);
        log = new AuditLog(folder, begun, release, options);
        await log.append({ event: { kind: 'integrity', what: 'audit', count: 1 } });
        return log;
      }
      const file = await openFile(join(folder, segmentName(last))).catch((error: unknown) => {
        throw writeProblem(error);
      });
      const current = { file, number: last, length: end.wholeBytes, isEmpty: end.lines === 0 };
      log = new AuditLog(folder, { current, tip: end }, release, options);
      if (end.tornBytes > 0) {
        await log.#cutToEnd();
        await log.append({ event: { kind: 'audit-cut', bytes: end.tornBytes } });
      }
      return log;
    } catch (error) {
      // The first error is the one to report; a failing close adds nothing to it.
      if (log) await log.close().catch(() => undefined);
      else await release();
      throw error;
    }
  }

  private constructor(
    folder: string,
    { current, tip }: { current: Current; tip: Tip },
    release: ReleaseLock,
    options: AuditLogOptions,
  ) {
    this.#folder = folder;
    this.#release = release;
    this.#now = options.now ?? Date.now;
    this.#segmentBytes = options.segmentBytes ?? segmentBytes;
    this.#openFile = options.openFile ?? openVaultFile;
    this.#current = current;
    this.#tip = { n: tip.n, hash: tip.hash, at: tip.at };
  }

  /** Number of the newest entry and hash of the last line. */
  get head(): { n: number; hash: string } {
    return { n: this.#tip.n, hash: this.#tip.hash };
  }

  /**
   * Adds an entry. Those that wait together share one sync.
   *
   * @returns the entry, once it is on disk
   * @throws AppError `BAD_REQUEST` for what is no entry (a text where an id belongs) or an anchor,
   *   `DISK_FULL`,
   *   `STORE_WRITE_FAILED`
   */
  async append(entry: NewAuditEntry): Promise<AuditEntry> {
    const parsed = newAuditEntrySchema.safeParse(entry);
    if (!parsed.success) throw new AppError('BAD_REQUEST');
    return this.#enqueue(() => parsed.data);
  }

  /**
   * Adds a signed anchor.
   *
   * @param sign Ed25519 of the user who is signed in
   * @throws AppError as `append`, `VAULT_LOCKED` for somebody else's, and what `sign` throws
   */
  anchor(state: AnchorState, sign: Sign, userId: string): Promise<AuditEntry> {
    return this.#enqueue((place) => {
      const bytes = anchorBytes({ ...place, actor: userId }, state);
      const signature = signatureOf(bytes, sign, userId);
      const event: AuditEvent = { kind: 'anchor', anchor: { ...state, signature } };
      return { actor: userId, event };
    });
  }

  /**
   * Entries that fit, newest first. Memory is bounded by the page.
   *
   * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT`
   */
  async read(filter: AuditFilter, options: PageOptions = {}): Promise<AuditPage> {
    await this.#flushing;
    return readAudit(this.#folder, filter, options);
  }

  /** When its first entry was made that is still there, milliseconds; without one, never. @throws as `read` */
  async beganAt(): Promise<number> {
    await this.#flushing;
    return beganAt(this.#folder);
  }

  /**
   * Reads the whole log up to what is stored now.
   *
   * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`; what `signal` says
   */
  async verify(options: Omit<VerifyOptions, 'end'>): Promise<AuditVerification> {
    await this.#flushing;
    const end = { segment: this.#current.number, bytes: this.#current.length };
    return verifyAudit(this.#folder, { ...options, end });
  }

  /**
   * Removes whole segments all of whose entries are older than this, and says so in the log, signed,
   * before each. Never what is younger than 184 days, by the clock or by the time that the log has seen
   * pass: see `retention.ts`.
   *
   * @param sign Ed25519 of the user who is signed in
   * @returns number of segments removed
   * @throws AppError as `append` and `read`, and what `sign` throws
   */
  async removeOlderThan(days: number, sign: Sign, userId: string): Promise<number> {
    for (let removed = 0; ; removed += 1) {
      const segments = await segmentsOf(this.#folder);
      const old = await oldestToRemove(this.#folder, segments, days, this.#now());
      if (!old || old.number === this.#current.number) return removed;
      const { number, ...removal } = old;
      await this.#enqueue((place) => {
        const bytes = removalBytes({ ...place, actor: userId }, removal);
        const signature = signatureOf(bytes, sign, userId);
        return { actor: userId, event: { kind: 'audit-removed', ...removal, signature } };
      });
      await rm(join(this.#folder, segmentName(number))).catch((error: unknown) => {
        throw writeProblem(error);
      });
    }
  }

  /** Waits for what was appended, then closes the file and gives the lock back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    try {
      await this.#current.file.close();
    } finally {
      await this.#release();
    }
  }

  #enqueue(make: Waiting['make']): Promise<AuditEntry> {
    if (this.#closed) {
      return Promise.reject(new AppError('STORE_WRITE_FAILED', { params: { system: 'closed' } }));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ make, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    // Those that come in the same turn are written together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      if (this.#isSegmentOver(this.#now())) await this.#turnOver();
      await this.#writeGroup();
    }
    this.#flushing = null;
  }

  /** A segment ends by its length, and with its month, so that old ones can go. */
  #isSegmentOver(at: number): boolean {
    const { length, isEmpty } = this.#current;
    return length >= this.#segmentBytes || (!isEmpty && monthOf(at) > monthOf(this.#tip.at));
  }

  /** Writes as many as fit into one sync and into the segment; at least one. */
  async #writeGroup(): Promise<void> {
    const room = Math.min(groupBytes, this.#segmentBytes - this.#current.length);
    const lines: Buffer[] = [];
    const written: { waiting: Waiting; entry: AuditEntry }[] = [];
    let tip = this.#tip;
    let taken = 0;
    for (let bytes = 0; taken < this.#queue.length && (taken === 0 || bytes < room);) {
      const waiting = this.#queue[taken];
      if (!waiting) break;
      const at = this.#now();
      if (written.length > 0 && monthOf(at) > monthOf(tip.at)) break;
      taken += 1;
      try {
        if (this.#refusal) throw this.#refusal;
        const place = { n: tip.n + 1, at, ...(at < tip.at ? { clockBack: true as const } : {}) };
        const entry = auditEntrySchema.parse({
          ...place,
          result: 'ok',
          ...waiting.make({ ...place, prev: tip.hash }),
        });
        const { line, hash } = encodeEntry(entry, tip.hash);
        lines.push(line);
        bytes += line.byteLength;
        written.push({ waiting, entry });
        tip = { n: entry.n, hash, at: Math.max(tip.at, at) };
      } catch (error) {
        waiting.reject(error instanceof AppError ? error : new AppError('BAD_REQUEST'));
      }
    }
    this.#queue.splice(0, taken);
    if (written.length === 0) return;
    try {
      const bytes = Buffer.concat(lines);
      // Where no new segment could be begun, this one goes on, but never so far that it is not read.
      if (this.#current.length + bytes.byteLength > mostSegmentBytes) {
        throw new AppError('STORE_WRITE_FAILED', { params: { system: 'segment' } });
      }
      await writeFully(this.#current.file, bytes, this.#current.length);
      await this.#current.file.datasync();
      this.#current.length += bytes.byteLength;
    } catch (cause) {
      const problem = cause instanceof AppError ? cause : writeProblem(cause);
      await this.#cutToEnd().catch(() => {
        // It may end in half a line now; opening it again cuts that off.
        this.#refusal = problem;
      });
      for (const { waiting } of written) waiting.reject(problem);
      return;
    }
    this.#current.isEmpty = false;
    this.#tip = tip;
    for (const { waiting, entry } of written) waiting.resolve(entry);
  }

  /** Takes the segment back to its last whole line. @throws AppError `STORE_WRITE_FAILED` */
  async #cutToEnd(): Promise<void> {
    try {
      await this.#current.file.truncate(this.#current.length);
      await this.#current.file.datasync();
    } catch (error) {
      throw writeProblem(error);
    }
  }

  /** A segment that cannot be begun is tried again before the next group. */
  async #turnOver(): Promise<void> {
    const before = this.#current.file;
    try {
      const next = this.#current.number + 1;
      const begun = await beginSegment(this.#folder, next, this.#tip, this.#openFile);
      [this.#current, this.#tip] = [begun.current, begun.tip];
    } catch {
      return;
    }
    // Everything in it is synced; what closing it could still say changes nothing.
    await before.close().catch(() => undefined);
  }
}

/** @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`; then there is no such segment */
async function beginSegment(
  folder: string,
  number: number,
  { n, at, hash }: Tip,
  openFile: OpenVaultFile,
): Promise<{ current: Current; tip: Tip }> {
  const head = encodeHead({ firstN: n + 1, prev: hash });
  const path = join(folder, segmentName(number));
  try {
    await writeAtomically(path, head);
    const file = await openFile(path);
    return {
      current: { file, number, length: head.byteLength, isEmpty: true },
      tip: { n, at, hash: hashOf(head.subarray(0, -1)) },
    };
  } catch (error) {
    // A head behind which nothing is written would be taken for the end of the log.
    await rm(path, { force: true }).catch(() => undefined);
    throw writeProblem(error);
  }
}

/**
 * Who asked for it may have been locked out, and somebody else have signed in, before its turn came.
 *
 * @throws AppError `VAULT_LOCKED`, and what `sign` throws
 */
function signatureOf(bytes: Uint8Array, sign: Sign, userId: string): string {
  const signed = sign(bytes);
  if (signed.userId !== userId) throw new AppError('VAULT_LOCKED');
  return Buffer.from(signed.signature).toString('hex');
}

/** Months since the year 0, UTC. */
function monthOf(at: number): number {
  const date = new Date(at);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
