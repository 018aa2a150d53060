/**
 * The batches of a vault: one works at a time, in the order in which they were given; the others wait.
 * While the vault is locked it knows only those whose keys it was given.
 */
import { randomUUID } from 'node:crypto';
import type { BatchItem, BatchSummary } from '../../domain/contract/batch';
import { AppError, problemOf } from '../../domain/contract/errors';
import { openBatchBox, type BatchBox, type BatchBoxKey } from '../../vault/batch-box';
import { batchBoxesIn, batchFolderOf } from '../../vault/batch-box-files';
import type { Vault } from '../../vault/vault';
import type { RecordStore } from '../store';
import { archive } from './batch-archive';
import type { OrderedEntry } from './batch-entries';
import type { Documents } from './batch-import';
import { BatchLog } from './batch-log';
import { archiveIdOf, BatchWork, isArchiveId, publicId, type WorkParts } from './batch-work';
import type { Extractor } from './extractor';

export interface DeskParts {
  readonly documents: Documents;
  readonly extractor: Extractor;
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
  /** Smaller in tests only. Defaults to `mostCharsAhead`. */
  readonly mostCharsAhead?: number;
  onChange(batchId: string, numbers: readonly number[]): void;
  onRemoved(batchId: string): void;
  onCreated(recordId: string): void;
  onRunSaved(recordId: string): void;
  /** A box cannot be opened; it is left as it is. */
  onProblem(error: unknown): void;
  onInternalError(error: unknown, incident: string): void;
}

/**
 * UTF-16 code units of texts that batches which only wait may have in their boxes: some 300 MB on the disk. The
 * one at work has copies of all of its texts.
 */
const mostCharsAhead = 100_000_000;

/** What a batch needs to go on while the vault is locked. */
export interface LockedBox {
  readonly path: string;
  /** 32 bytes; opens this batch and nothing else. */
  readonly key: Uint8Array<ArrayBuffer>;
}

export class BatchDesk {
  readonly #parts: DeskParts;
  readonly #open: { readonly vault: Vault; readonly store: RecordStore } | null;
  readonly #works = new Map<string, BatchWork>();
  #active: BatchWork | null = null;
  /** A batch that waits has its texts copied. */
  #isAhead = false;
  /** Of which copying did not go well: it is told when their turn comes. */
  readonly #notAhead = new WeakSet<BatchWork>();
  #resting = false;
  /** Ending one batch and beginning the next follow one another. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: DeskParts,
    open: { readonly vault: Vault; readonly store: RecordStore } | null,
  ) {
    this.#parts = parts;
    this.#open = open;
    parts.extractor.onChange(() => {
      if (!this.#resting) this.#active?.work();
    });
  }

  /** All batches of an open vault; those that were at work go on by themselves. */
  static async ofVault(vault: Vault, store: RecordStore, parts: DeskParts): Promise<BatchDesk> {
    const desk = new BatchDesk(parts, { vault, store });
    const paths = await batchBoxesIn(batchFolderOf(vault.dataDir));
    for (const path of paths) await desk.#adopt(path, { vault: vault.keys });
    await desk.#settleArchives();
    for (const work of desk.#works.values()) await work.catchUp();
    desk.#advance();
    return desk;
  }

  /** Batches whose starters allowed them to go on while the vault is locked. The keys stay the caller's. */
  static async ofBoxes(boxes: readonly LockedBox[], parts: DeskParts): Promise<BatchDesk> {
    const desk = new BatchDesk(parts, null);
    for (const { path, key } of boxes) await desk.#adopt(path, { batchKey: key });
    desk.#advance();
    return desk;
  }

  /** In the order in which they were given. */
  get summaries(): BatchSummary[] {
    return this.#inOrder().map(({ summary }) => summary);
  }

  summary(id: string): BatchSummary | null {
    return this.#works.get(id)?.summary ?? null;
  }

  /** @throws AppError `BATCH_MISSING` */
  items(id: string): BatchItem[] {
    return this.#work(id).items();
  }

  /** What is known of some records, for a window that follows. */
  itemsOf(id: string, numbers: readonly number[]): BatchItem[] {
    const state = this.#works.get(id)?.log.state;
    return state ? numbers.map((number) => state.item(number)) : [];
  }

  /** Whether a batch that is not done has words of this record, or may have them soon. */
  holds(recordId: string): boolean {
    return [...this.#works.values()].some((work) => work.holds(recordId));
  }

  /** @returns the id of the new batch, once it is on the disk */
  async start(ordered: Omit<OrderedEntry, 'what' | 'createdAt'>): Promise<string> {
    if (!this.#open) throw new AppError('VAULT_LOCKED');
    const id = randomUUID();
    const box = await this.#open.vault.createBatchBox(id);
    try {
      const createdAt = (this.#parts.now ?? Date.now)();
      const log = await BatchLog.begin(box, { what: 'ordered', ...ordered, createdAt });
      this.#works.set(id, this.#workOf(box, log));
    } catch (error) {
      await box.destroy().catch(() => undefined);
      throw error;
    }
    this.#parts.onChange(id, []);
    this.#advance();
    return id;
  }

  async pause(id: string): Promise<void> {
    await this.#work(id).pause();
    this.#advance();
  }

  async resume(id: string): Promise<void> {
    await this.#work(id).resume();
    this.#advance();
  }

  async cancel(id: string, numbers?: readonly number[]): Promise<void> {
    await this.#work(id).cancel(numbers);
    this.#advance();
  }

  async retry(id: string, numbers?: readonly number[]): Promise<void> {
    await this.#work(id).retry(numbers);
    this.#advance();
  }

  async move(id: string, numbers: readonly number[], before: number | null): Promise<void> {
    await this.#work(id).move(numbers, before);
  }

  /** Takes a batch off the list; one that is not done is cancelled first. Records and results stay. */
  async remove(id: string): Promise<void> {
    const work = this.#work(id);
    if (work.wantsWork || work.log.state.paused) await work.cancel();
    await this.#inTurn(async () => {
      if (this.#active === work) this.#active = null;
      await work.rest();
      await work.catchUp();
      const { state } = work.log;
      if (state.saved < state.results)
        throw new AppError(state.problem?.code ?? 'STORE_WRITE_FAILED');
      this.#works.delete(id);
      await work.box.destroy();
      this.#parts.onRemoved(id);
    });
    this.#advance();
  }

  /**
   * Stops everything, for a lock or the end, and closes all boxes.
   *
   * @returns what those need that may go on while the vault is locked
   */
  async rest(): Promise<LockedBox[]> {
    this.#resting = true;
    await this.#turn.catch(() => undefined);
    const boxes: LockedBox[] = [];
    for (const work of this.#inOrder()) {
      await work.rest();
      const { order } = work.log.state.ordered;
      if (work.wantsWork && order.whileLocked) {
        boxes.push({ path: work.box.path, key: work.box.batchKey() });
      }
      await work.box.close();
    }
    this.#works.clear();
    this.#active = null;
    return boxes;
  }

  async #adopt(path: string, key: BatchBoxKey): Promise<void> {
    try {
      const box = await openBatchBox(path, key);
      const log = await BatchLog.open(box).catch(async (error: unknown) => {
        await box.close();
        throw error;
      });
      // Until it is known which of the two holds, a batch and what is kept of it are both there.
      if (log) this.#works.set(box.batchId, this.#workOf(box, log));
      else await box.destroy();
    } catch (error) {
      if (problemOf(error).code !== 'BATCH_MISSING') this.#parts.onProblem(error);
    }
  }

  #workOf(box: BatchBox, log: BatchLog): BatchWork {
    const { documents, extractor, now = Date.now } = this.#parts;
    const { onCreated, onRunSaved, onInternalError } = this.#parts;
    const id = publicId(box.batchId);
    const parts: WorkParts = {
      ...{ box, log, documents, extractor, now, store: this.#open?.store ?? null },
      ...{ onCreated, onRunSaved, onInternalError },
      onChange: (numbers) => this.#changed(id, numbers),
    };
    return new BatchWork(parts);
  }

  /** Of a batch and what was to be kept of it, one goes: the latter where it is not whole. */
  async #settleArchives(): Promise<void> {
    for (const [name, kept] of [...this.#works]) {
      if (!isArchiveId(name)) continue;
      this.#works.delete(name);
      const id = publicId(name);
      const whole = this.#works.get(id);
      if (!kept.log.state.archived) {
        await kept.box.destroy().catch((error: unknown) => this.#parts.onProblem(error));
        continue;
      }
      await whole?.box.destroy().catch((error: unknown) => this.#parts.onProblem(error));
      this.#works.set(id, kept);
    }
  }

  #changed(id: string, numbers: readonly number[]): void {
    this.#parts.onChange(id, numbers);
    const work = this.#works.get(id);
    if (!work || work.canWork || work.log.state.archived) return;
    if (this.#active === work || work.isDone) this.#advance();
  }

  /** Ends what is done, and begins the next one that may. */
  #advance(): void {
    void this.#inTurn(async () => {
      if (this.#resting) return;
      for (const work of [...this.#works.values()]) {
        if (work.log.state.archived || !work.isDone) continue;
        if (this.#active === work) this.#active = null;
        await this.#archive(work);
      }
      const next = this.#inOrder().find(({ canWork }) => canWork) ?? null;
      const before = this.#active;
      if (next !== before) {
        this.#active = null;
        // One that was paused ends what it has in hand by itself.
        if (before?.wantsWork) await before.rest();
        this.#active = next;
      }
      next?.work();
      this.#copyAhead();
    }).catch((error: unknown) => this.#parts.onProblem(error));
  }

  /** One batch after the other, so that memory holds the texts of one group. */
  #copyAhead(): void {
    if (this.#isAhead || this.#resting || !this.#hasRoomAhead()) return;
    const next = this.#inOrder().find(
      (work) => work !== this.#active && !this.#notAhead.has(work) && work.wantsCopies,
    );
    if (!next) return;
    this.#isAhead = true;
    void next
      .copyAhead(() => next === this.#active || this.#hasRoomAhead())
      .then((isWell) => {
        if (!isWell) this.#notAhead.add(next);
        this.#isAhead = false;
        this.#copyAhead();
      })
      .catch((error: unknown) => this.#parts.onProblem(error));
  }

  #hasRoomAhead(): boolean {
    const { mostCharsAhead: most = mostCharsAhead } = this.#parts;
    const chars = [...this.#works.values()].reduce(
      (sum, work) => sum + (work === this.#active ? 0 : work.log.state.copiedChars),
      0,
    );
    return chars < most;
  }

  async #archive(work: BatchWork): Promise<void> {
    const open = this.#open;
    if (!open) return;
    await work.rest();
    let kept: BatchBox | null = null;
    try {
      kept = await open.vault.createBatchBox(archiveIdOf(work.box.batchId));
      await archive(work.box, kept);
      const log = await BatchLog.open(kept);
      if (!log) throw new AppError('BATCH_DAMAGED');
      this.#works.set(work.id, this.#workOf(kept, log));
    } catch (error) {
      // It stays as it is, with its texts, until the next start tries again.
      await kept?.destroy().catch(() => undefined);
      throw error;
    }
    await work.box.destroy();
    this.#parts.onChange(work.id, []);
  }

  #inOrder(): BatchWork[] {
    return [...this.#works.values()].sort(
      (a, b) => a.log.state.ordered.createdAt - b.log.state.ordered.createdAt,
    );
  }

  /** @throws AppError `BATCH_MISSING` */
  #work(id: string): BatchWork {
    const work = this.#works.get(id);
    if (!work) throw new AppError('BATCH_MISSING');
    return work;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
