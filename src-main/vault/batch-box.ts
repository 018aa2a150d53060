/**
 * A batch's box: what a batch works through and what came of it, sealed under a key of its own. Whoever
 * holds the batch key alone can go on with the batch, while the vault is locked, and opens nothing else;
 * who has the vault opens the box too.
 *
 * Like the journal it is only appended to, and its sync is the commit: what `append` resolved for is on
 * disk. Entries that were edited, moved, doubled or taken out of the middle are noticed. Entries taken
 * off the end look like entries that never came; where it stood can be noted elsewhere (`head`).
 */
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import { dataKeyBytes } from '../domain/sealing/row';
import {
  checkBatchId,
  encodeSlot,
  EntryChain,
  entryOverheadBytes,
  framesAt,
  maxEntryBytes,
  maxFrameBytes,
  maxFrameEntries,
  unwrapBatchKey,
  wrapBatchKey,
  type BoxHeader,
  type BoxKeys,
  type EntryKind,
} from './batch-box-format';
import { batchBoxSuffix, openBoxFile, readBoxHeader } from './batch-box-files';
import {
  readFully,
  readProblem,
  syncFolder,
  systemCode,
  writeAtomically,
  writeFully,
  writeProblem,
  type VaultFile,
} from './files';
import { endOfSoundFrame, ReadWindow } from './frame-scan';
import { acquireLock, type ReleaseLock } from './process-lock';

/** Entries that wait share a sync until they reach this, bytes. */
const groupBytes = 8 * 1024 * 1024;

export interface BatchEntry {
  /** 1 for the first. */
  readonly number: number;
  readonly kind: EntryKind;
  /** As it was given to `append`, by way of JSON; to be held against a schema before use. */
  readonly value: unknown;
}

/** The vault's keys, or the batch key, 32 bytes, which stay the caller's. */
export type BatchBoxKey = { readonly vault: BoxKeys } | { readonly batchKey: Uint8Array };

interface Waiting {
  readonly kind: EntryKind;
  readonly plain: Uint8Array;
  resolve(): void;
  reject(error: AppError): void;
}

/**
 * Makes the box of a new batch, `BATCH-ID.cmb`.
 *
 * @param folder made when it is not there; that of a vault is `batchFolderOf(dataDir)`
 * @param batchId 1 to 64 letters, digits and hyphens
 * @param vaultKeys ask the vault for them each time: a rotation exchanges them
 *   (`Vault.createBatchBox` waits for one)
 * @throws AppError `BAD_REQUEST` for such a name, or one that is taken; `STORE_LOCKED`, `DISK_FULL`,
 *   `STORE_WRITE_FAILED`
 */
export async function createBatchBox(
  folder: string,
  batchId: string,
  vaultKeys: BoxKeys,
): Promise<BatchBox> {
  checkBatchId(batchId);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeProblem(error);
  });
  const path = join(folder, batchId + batchBoxSuffix);
  const release = await acquireLock(lockOf(path));
  const raw = randomBytes(dataKeyBytes);
  try {
    if (await exists(path)) throw new AppError('BAD_REQUEST');
    const key = createSecretKey(raw);
    const slot = encodeSlot(batchId, vaultKeys.keyId, wrapBatchKey(vaultKeys, batchId, raw));
    const begin = new EntryChain(key, batchId).frame([{ kind: null, plain: new Uint8Array() }]);
    await writeAtomically(path, Buffer.concat([slot, slot, begin])).catch((error: unknown) => {
      throw writeProblem(error);
    });
    return await opened(path, () => key, release);
  } catch (error) {
    await release();
    throw error;
  } finally {
    raw.fill(0);
  }
}

/**
 * Opens a box to read it and to go on with it. A torn end, which no one was ever told is saved, is cut
 * off; a damaged, changed or newer box is left exactly as it is.
 *
 * @throws AppError `BATCH_MISSING` when there is none (any more); `BATCH_DAMAGED` with the offset;
 *   `BATCH_TAMPERED` when it was edited or put in another's place; `BATCH_OTHER_KEY` when it is of
 *   another vault, or the batch key another batch's; `STORE_NEWER`, `STORE_LOCKED`,
 *   `STORE_READ_FAILED`, `DISK_FULL`, `STORE_WRITE_FAILED`
 */
export async function openBatchBox(path: string, key: BatchBoxKey): Promise<BatchBox> {
  if (!(await exists(path))) throw new AppError('BATCH_MISSING');
  const release = await acquireLock(lockOf(path));
  try {
    return await opened(path, (header) => keyOf(header, key), release);
  } catch (error) {
    await release();
    const code = error instanceof AppError ? error.code : '';
    // Destroyed already, but for what an interruption left of it: zeros.
    if (code === 'BATCH_MISSING') await rm(path, { force: true }).catch(() => undefined);
    // Its first entry does not open although its wrapping did, or no wrapping vouched for the key.
    if (code === 'BATCH_TAMPERED' && 'batchKey' in key && isFirstEntry(error)) {
      throw new AppError('BATCH_OTHER_KEY');
    }
    throw error;
  }
}

export class BatchBox {
  readonly path: string;
  readonly batchId: string;
  readonly #file: VaultFile;
  readonly #key: KeyObject;
  readonly #release: ReleaseLock;
  readonly #queue: Waiting[] = [];
  #chain: EntryChain;
  #end: number;
  #flushing = false;
  #flushed: Promise<void> = Promise.resolve();
  #closed = false;
  /** Set when nothing more may be written. */
  #refusal: AppError | null = null;

  /** Use `createBatchBox` and `openBatchBox`. */
  constructor(parts: {
    readonly path: string;
    readonly batchId: string;
    readonly file: VaultFile;
    readonly key: KeyObject;
    readonly chain: EntryChain;
    readonly end: number;
    readonly release: ReleaseLock;
  }) {
    this.path = parts.path;
    this.batchId = parts.batchId;
    this.#file = parts.file;
    this.#key = parts.key;
    this.#chain = parts.chain;
    this.#end = parts.end;
    this.#release = parts.release;
  }

  /** How many entries are on disk. */
  get count(): number {
    return this.#chain.count - 1;
  }

  /** A copy of the batch key, 32 bytes, which the caller wipes. @throws AppError `BATCH_MISSING` once closed */
  batchKey(): Uint8Array<ArrayBuffer> {
    if (this.#closed) throw new AppError('BATCH_MISSING');
    const raw = this.#key.export();
    try {
      return new Uint8Array(raw);
    } finally {
      raw.fill(0);
    }
  }

  /**
   * Appends one entry; those that wait share a sync.
   *
   * @param value anything that JSON holds, 32 MiB of it at most
   * @returns once it is on disk
   * @throws AppError `TEXT_TOO_LARGE`, `BAD_REQUEST` for what JSON does not hold, `DISK_FULL`,
   *   `STORE_WRITE_FAILED`; then it is not stored
   */
  append(kind: EntryKind, value: unknown): Promise<void> {
    if (this.#closed) return Promise.reject(closedProblem());
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) return Promise.reject(new AppError('BAD_REQUEST'));
    const plain = Buffer.from(json, 'utf-8');
    if (plain.byteLength > maxEntryBytes) return Promise.reject(new AppError('TEXT_TOO_LARGE'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind, plain, resolve, reject });
      if (this.#flushing) return;
      this.#flushing = true;
      this.#flushed = this.#flush();
    });
  }

  /**
   * All entries that are on disk when it is called, oldest first.
   *
   * @throws AppError while it is read: `STORE_READ_FAILED`, `BATCH_TAMPERED` when it was changed since
   *   it was opened
   */
  entries(): AsyncGenerator<BatchEntry, void> {
    return this.#entriesTo(this.#end);
  }

  /** Waits for what was appended, closes the file and gives the box to others. Again: nothing happens. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushed;
    await this.#file.close();
    await this.#release();
  }

  /**
   * Ends the box for good: its wrapped key is overwritten before the file goes away, so that what a disk
   * keeps of it opens no more.
   *
   * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`; asked again, with the box opened again, it goes on
   */
  async destroy(): Promise<void> {
    if (this.#closed) throw closedProblem();
    this.#closed = true;
    await this.#flushed;
    try {
      await overwriteHeader(this.#file);
      await rm(this.path, { force: true });
      // A rotation may have written a slot in between; from here on it finds no such file.
      await overwriteHeader(this.#file);
      await syncFolder(dirname(this.path));
    } catch (error) {
      throw writeProblem(error);
    } finally {
      await this.#file.close();
      await this.#release();
    }
    await rm(lockOf(this.path), { force: true }).catch(() => undefined);
  }

  async *#entriesTo(end: number): AsyncGenerator<BatchEntry, void> {
    const chain = new EntryChain(this.#key, this.batchId);
    let number = 0;
    for await (const { kind, plain } of entriesOf(this.#file, end, chain)) {
      if (kind) yield { number, kind, value: parsed(plain) };
      number += 1;
    }
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit(this.#takeGroup());
    // In the same step as the look at the queue: otherwise an append in between would wait for ever.
    this.#flushing = false;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { plain } of this.#queue.slice(0, maxFrameEntries)) {
      bytes += plain.byteLength + entryOverheadBytes;
      if (count > 0 && bytes > groupBytes) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    // The chain goes on from what is on disk, whatever becomes of this frame.
    const chain = this.#chain.fork();
    try {
      if (this.#refusal) throw this.#refusal;
      const frame = chain.frame(group);
      await writeFully(this.#file, frame, this.#end);
      await this.#file.datasync();
      this.#end += frame.byteLength;
      this.#chain = chain;
    } catch (cause) {
      const problem = cause instanceof AppError ? cause : writeProblem(cause);
      if (!this.#refusal && !(await cutTo(this.#file, this.#end))) {
        // The file may hold half a frame now; opening it again finds out and cuts it off.
        this.#refusal = new AppError('STORE_WRITE_FAILED', { params: { system: 'truncate' } });
      }
      for (const { reject } of group) reject(problem);
      return;
    } finally {
      for (const { plain } of group) plain.fill(0);
    }
    for (const { resolve } of group) resolve();
  }
}

/** Opens the file under its lock, checks all of it and cuts off a torn end. */
async function opened(
  path: string,
  keyOfHeader: (header: BoxHeader) => KeyObject,
  release: ReleaseLock,
): Promise<BatchBox> {
  const file = await openBoxFile(path);
  try {
    const header = await readBoxHeader(file);
    if (basename(path) !== header.batchId + batchBoxSuffix) throw new AppError('BATCH_TAMPERED');
    const key = keyOfHeader(header);
    const chain = new EntryChain(key, header.batchId);
    const { size } = await file.stat();
    const reading = entriesOf(file, size, chain);
    let step = await reading.next();
    while (!step.done) {
      step.value.plain.fill(0);
      step = await reading.next();
    }
    const end = step.value;
    // A box is made with its first entry in one step; without one it was cut short.
    if (chain.count === 0) throw new AppError('BATCH_DAMAGED', { params: { offset: framesAt } });
    if (end < size && !(await cutTo(file, end))) throw new AppError('STORE_WRITE_FAILED');
    return new BatchBox({ path, batchId: header.batchId, file, key, chain, end, release });
  } catch (error) {
    // The first error is the one to report.
    await file.close().catch(() => undefined);
    throw error instanceof AppError ? error : readProblem(error);
  }
}

/**
 * @param chain fresh; stands behind the last entry afterwards
 * @returns where the last whole frame ends
 */
async function* entriesOf(
  file: VaultFile,
  size: number,
  chain: EntryChain,
): AsyncGenerator<{ kind: EntryKind | null; plain: Uint8Array }, number> {
  const window = new ReadWindow(file);
  let at = framesAt;
  while (at < size) {
    const end = await endOfSoundFrame(window, at, size, 'BATCH_DAMAGED');
    if (end === null) break;
    if (end - at > maxFrameBytes) throw new AppError('BATCH_DAMAGED', { params: { offset: at } });
    const frame = new Uint8Array(end - at);
    if ((await readFully(file, frame, at)) !== frame.byteLength) {
      throw new AppError('STORE_READ_FAILED');
    }
    yield* chain.open(frame);
    at = end;
  }
  return at;
}

function keyOf(header: BoxHeader, key: BatchBoxKey): KeyObject {
  if ('batchKey' in key) {
    if (key.batchKey.byteLength !== dataKeyBytes) throw new AppError('BATCH_OTHER_KEY');
    return createSecretKey(key.batchKey);
  }
  const wrapped = header.wrapped.get(key.vault.keyId);
  if (!wrapped) throw new AppError('BATCH_OTHER_KEY');
  const raw = unwrapBatchKey(key.vault, header.batchId, wrapped);
  if (!raw) throw new AppError('BATCH_TAMPERED');
  try {
    return createSecretKey(raw);
  } finally {
    raw.fill(0);
  }
}

function parsed(plain: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(plain).toString('utf-8'));
  } catch {
    // The cause is dropped on purpose: a JSON error quotes the text that it failed on.
    throw new AppError('BATCH_DAMAGED');
  } finally {
    plain.fill(0);
  }
}

async function overwriteHeader(file: VaultFile): Promise<void> {
  await writeFully(file, new Uint8Array(framesAt), 0);
  await file.datasync();
}

async function cutTo(file: VaultFile, end: number): Promise<boolean> {
  try {
    await file.truncate(end);
    await file.datasync();
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw readProblem(error);
  }
}

function isFirstEntry(error: unknown): boolean {
  return error instanceof AppError && error.params?.['entry'] === 0;
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

function closedProblem(): AppError {
  return new AppError('STORE_WRITE_FAILED', { params: { system: 'closed' } });
}
