/** The audit log: appended to, anchored, read and verified; never rewritten. */
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/contract/errors';
import {
  auditEntrySchema,
  newAuditEntrySchema,
  type AuditEntry,
  type AuditEvent,
  type AuditFilter,
  type AuditPage,
  type NewAuditEntry,
} from '../../domain/contract/audit';
import { leastAuditDays } from '../../domain/contract/policy';
import { writeAtomically, writeProblem } from '../files';
import { anchorBytes, type AnchorState } from './anchor';
import {
  encodeEntry,
  encodeHead,
  genesis,
  hashOf,
  readSegment,
  segmentBytes,
  segmentName,
  segmentsOf,
  type Segment,
} from './segment';
import { matches } from './audit-filter';

const dayMs = 86_400_000;

export interface AuditLogOptions {
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
  /** Bytes after which a segment is closed. Smaller in tests only. */
  readonly segmentBytes?: number;
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

export class AuditLog {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #segmentBytes: number;
  readonly #queue: Waiting[] = [];
  #file: FileHandle;
  #segment: number;
  /** Bytes of the segment that are whole lines. */
  #length: number;
  #n: number;
  #lastAt: number;
  #hash: string;
  #flushing: Promise<void> | null = null;
  #closed = false;
  #refusal: AppError | null = null;

  /**
   * Opens the log of a folder, or begins one. A torn last line, which nobody was told is stored, is
   * cut off, and an entry says so. A broken chain is left as it is and named by an entry in a new
   * segment that goes on from the last sound line.
   *
   * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT`, `DISK_FULL`,
   *   `STORE_WRITE_FAILED`
   */
  static async open(folder: string, options: AuditLogOptions = {}): Promise<AuditLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeProblem(error);
    });
    const segments = await segmentsOf(folder);
    const last = segments.at(-1);
    if (last === undefined) {
      const start = { n: 0, at: 0, hash: genesis };
      return new AuditLog(folder, await beginSegment(folder, 1, start), options);
    }
    const segment = await readSegment(folder, last);
    const { end, sound } = lastSound(segment);
    if (!sound) {
      const log = new AuditLog(folder, await beginSegment(folder, last + 1, end), options);
      await log.append({ event: { kind: 'integrity', what: 'audit', count: 1 } });
      return log;
    }
    const length = segment.bytes - segment.tornBytes;
    const file = await open(join(folder, segmentName(last)), 'r+').catch((error: unknown) => {
      throw writeProblem(error);
    });
    const log = new AuditLog(folder, { file, segment: last, length, ...end }, options);
    if (segment.tornBytes > 0) {
      await file.truncate(length).catch((error: unknown) => {
        throw writeProblem(error);
      });
      await log.append({ event: { kind: 'audit-cut', bytes: segment.tornBytes } });
    }
    return log;
  }

  private constructor(
    folder: string,
    start: {
      file: FileHandle;
      segment: number;
      length: number;
      n: number;
      at: number;
      hash: string;
    },
    options: AuditLogOptions,
  ) {
    this.#folder = folder;
    this.#now = options.now ?? Date.now;
    this.#segmentBytes = options.segmentBytes ?? segmentBytes;
    this.#file = start.file;
    this.#segment = start.segment;
    this.#length = start.length;
    this.#n = start.n;
    this.#lastAt = start.at;
    this.#hash = start.hash;
  }

  /** Number and hash of the newest entry. */
  get head(): { n: number; hash: string } {
    return { n: this.#n, hash: this.#hash };
  }

  /**
   * Adds an entry. Those that wait together share one sync.
   *
   * @returns the entry, once it is on disk
   * @throws AppError `BAD_REQUEST` for what is no entry (a text where an id belongs), `DISK_FULL`,
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
   * @throws AppError as `append`, and what `sign` throws
   */
  anchor(
    state: AnchorState,
    sign: (bytes: Uint8Array) => { userId: string; signature: Uint8Array },
    userId: string,
  ): Promise<AuditEntry> {
    return this.#enqueue((place) => {
      const bytes = anchorBytes({ ...place, actor: userId }, place.prev, state);
      const signature = Buffer.from(sign(bytes).signature).toString('hex');
      const event: AuditEvent = { kind: 'anchor', anchor: { ...state, signature } };
      return { actor: userId, event };
    });
  }

  /**
   * Entries that fit, newest first. Memory is bounded by one segment.
   *
   * @param before number of the entry to go on from
   * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT`
   */
  async read(
    filter: AuditFilter,
    { before = Infinity, limit = 200 }: { before?: number | undefined; limit?: number } = {},
  ): Promise<AuditPage> {
    await this.#flushing;
    const entries: AuditEntry[] = [];
    for (const number of (await segmentsOf(this.#folder)).reverse()) {
      const segment = await readSegment(this.#folder, number);
      if ((segment.head?.firstN ?? 0) >= before) continue;
      for (const line of [...segment.lines].reverse()) {
        if (!line || line.entry.n >= before || !matches(line.entry, filter)) continue;
        if (entries.length === limit) return { entries, next: entries.at(-1)?.n ?? null };
        entries.push(line.entry);
      }
    }
    return { entries, next: null };
  }

  /**
   * Removes whole segments all of whose entries are older than this, and says so in the log. What a
   * clock that runs ahead makes look old stays: the newest entry of a segment decides, and never less
   * than 184 days.
   *
   * @returns number of segments removed
   * @throws AppError as `append`
   */
  async removeOlderThan(days: number): Promise<number> {
    const limit = this.#now() - Math.max(days, leastAuditDays) * dayMs;
    let removed = 0;
    for (const number of await segmentsOf(this.#folder)) {
      if (number === this.#segment) break;
      const segment = await readSegment(this.#folder, number);
      const { end, sound } = lastSound(segment);
      const newest = Math.max(0, ...segment.lines.map((line) => line?.entry.at ?? Infinity));
      // Evidence of a change is not cleaned away.
      if (!sound || newest >= limit) break;
      await this.append({ event: { kind: 'audit-removed', upTo: end.n, hash: end.hash } });
      await rm(join(this.#folder, segmentName(number)));
      removed += 1;
    }
    return removed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#file.close();
  }

  #enqueue(make: Waiting['make']): Promise<AuditEntry> {
    if (this.#closed) return Promise.reject(new AppError('STORE_WRITE_FAILED'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ make, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    // Those that come in the same turn are written together.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#write(this.#queue.splice(0));
    this.#flushing = null;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    if (this.#length >= this.#segmentBytes) await this.#turnOver();
    const lines: Buffer[] = [];
    const written: { waiting: Waiting; entry: AuditEntry }[] = [];
    let [n, hash, lastAt] = [this.#n, this.#hash, this.#lastAt];
    for (const waiting of group) {
      try {
        if (this.#refusal) throw this.#refusal;
        const at = this.#now();
        const clockBack = at < lastAt ? { clockBack: true as const } : {};
        const place = { n: n + 1, at, ...clockBack };
        const entry = auditEntrySchema.parse({
          ...place,
          result: 'ok',
          ...waiting.make({ ...place, prev: hash }),
        });
        const encoded = encodeEntry(entry, hash);
        lines.push(encoded.line);
        written.push({ waiting, entry });
        [n, hash, lastAt] = [entry.n, encoded.hash, Math.max(lastAt, at)];
      } catch (error) {
        waiting.reject(error instanceof AppError ? error : new AppError('BAD_REQUEST'));
      }
    }
    if (written.length === 0) return;
    const bytes = Buffer.concat(lines);
    try {
      await this.#file.write(bytes, 0, bytes.byteLength, this.#length);
      await this.#file.datasync();
    } catch (cause) {
      const problem = writeProblem(cause);
      await this.#file.truncate(this.#length).catch(() => {
        // It may end in half a line now; opening it again cuts that off.
        this.#refusal = problem;
      });
      for (const { waiting } of written) waiting.reject(problem);
      return;
    }
    this.#length += bytes.byteLength;
    [this.#n, this.#hash, this.#lastAt] = [n, hash, lastAt];
    for (const { waiting, entry } of written) waiting.resolve(entry);
  }

  /** A segment that cannot be begun is tried again before the next entry. */
  async #turnOver(): Promise<void> {
    try {
      const end = { n: this.#n, at: this.#lastAt, hash: this.#hash };
      const next = await beginSegment(this.#folder, this.#segment + 1, end);
      await this.#file.close();
      this.#file = next.file;
      this.#segment = next.segment;
      this.#length = next.length;
      this.#hash = next.hash;
    } catch {
      return;
    }
  }
}

interface End {
  readonly n: number;
  readonly at: number;
  readonly hash: string;
}

/** The last line up to which a segment follows from its own head. */
export function lastSound({ head, headHash, lines }: Segment): { end: End; sound: boolean } {
  if (!head) return { end: { n: 0, at: 0, hash: genesis }, sound: false };
  let end: End = { n: head.firstN - 1, at: 0, hash: headHash };
  for (const line of lines) {
    if (line?.prev !== end.hash || line.entry.n !== end.n + 1) return { end, sound: false };
    end = { n: line.entry.n, at: Math.max(end.at, line.entry.at), hash: line.hash };
  }
  return { end, sound: true };
}

async function beginSegment(
  folder: string,
  segment: number,
  end: End,
): Promise<{ file: FileHandle; segment: number; length: number } & End> {
  const head = encodeHead({ format: 1, firstN: end.n + 1, prev: end.hash });
  const path = join(folder, segmentName(segment));
  try {
    await writeAtomically(path, head);
    const file = await open(path, 'r+');
    const headHash = hashOf(head.subarray(0, -1));
    return { file, segment, length: head.byteLength, n: end.n, at: end.at, hash: headHash };
  } catch (error) {
    throw writeProblem(error);
  }
}
