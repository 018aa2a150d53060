/**
 * One batch at work: imports, runs, saves, and ends. Without a store (while the vault is locked) it runs
 * what was imported, and its results wait in the box.
 */
import { AppError, problemOf, type Problem } from '../../domain/contract/errors';
import { isSettled, type BatchItem, type BatchSummary } from '../../domain/contract/batch';
import { Cancelled } from '../../domain/contract/rpc';
import type { BatchBox } from '../../vault/batch-box';
import type { RecordStore } from '../store';
import { BatchCopies } from './batch-copies';
import { importBatch, type Documents } from './batch-import';
import type { BatchLog } from './batch-log';
import { BatchRunner } from './batch-runner';
import { BatchSaver } from './batch-saver';
import { BatchSpeed } from './batch-speed';
import { textsOf, type BatchTexts } from './batch-texts';
import type { Extractor } from './extractor';

export interface WorkParts {
  readonly box: BatchBox;
  readonly log: BatchLog;
  /** Null while the vault is locked. */
  readonly store: RecordStore | null;
  readonly documents: Documents;
  readonly extractor: Extractor;
  readonly now: () => number;
  /** These records of it, or it itself, have changed. */
  onChange(numbers: readonly number[]): void;
  onCreated(recordId: string): void;
  onRunSaved(recordId: string): void;
  onInternalError(error: unknown, incident: string): void;
}

export class BatchWork {
  readonly box: BatchBox;
  readonly log: BatchLog;
  readonly #parts: WorkParts;
  readonly #speed = new BatchSpeed();
  readonly #saver: BatchSaver | null;
  readonly #texts: BatchTexts;
  readonly #copies: BatchCopies | null;
  #runner: BatchRunner | null = null;
  /** What goes on beside the run. */
  #background: { abort: AbortController; done: Promise<void> } | null = null;
  #active = false;
  /** All of it is being given up: nothing begins any more. */
  #givingUp = false;

  constructor(parts: WorkParts) {
    this.#parts = parts;
    this.box = parts.box;
    this.log = parts.log;
    const { log, store } = parts;
    this.#texts = textsOf(log, store);
    this.#copies = store && new BatchCopies(log, store);
    this.#saver =
      store &&
      new BatchSaver({
        ...{ log, store },
        onSaved: (id) => parts.onRunSaved(id),
        onOutdated: (number) => parts.onChange([number]),
      });
  }

  get id(): string {
    return publicId(this.box.batchId);
  }

  get summary(): BatchSummary {
    const { charsLeft, counts } = this.log.state;
    const speed = this.#speed.of(charsLeft, counts.waiting + counts.running);
    return { ...this.log.state.summary(speed, this.#runner?.waits), id: this.id };
  }

  get phase(): BatchSummary['phase'] {
    return this.log.state.phase;
  }

  /** Whether it has work that it may do by itself. */
  get wantsWork(): boolean {
    const { state } = this.log;
    return !state.archived && !state.paused && !isSettled(state.phase);
  }

  /** The same of now: while the vault is locked nothing is read, and only what is in the box can be run. */
  get canWork(): boolean {
    if (!this.wantsWork || this.#parts.store) return this.wantsWork;
    const { state } = this.log;
    return state.counts.running > 0 || state.next((each) => this.#texts.has(each)) !== undefined;
  }

  /** Whether texts are to be copied for a lock. */
  get wantsCopies(): boolean {
    return this.wantsWork && !this.#background && (this.#copies?.isWanted ?? false);
  }

  /** Whether all that it found is in the journal and nothing of it will be asked for again. */
  get isDone(): boolean {
    const { state } = this.log;
    if (!this.#saver || this.#runner?.busy || this.#background) return false;
    return (
      isSettled(state.phase) && state.saved === state.results && state.failedItems().length === 0
    );
  }

  /** Whether it has words of this record, or may have them soon. */
  holds(recordId: string): boolean {
    const { state } = this.log;
    if (state.archived) return false;
    return state.holdsWords(recordId) || (this.#runner?.holds(recordId) ?? false);
  }

  items(): BatchItem[] {
    return [...this.log.state.inOrder()].map((number) => this.log.state.item(number));
  }

  /** Begins or goes on; safe to call again. */
  work(): void {
    const { log, store } = this.#parts;
    this.#active = true;
    if (this.#givingUp) return;
    if (log.state.paused) {
      this.#runner?.pump();
      return;
    }
    if (store && !this.#background) this.#beginBackground(store);
    // What is read from front to back must not grow meanwhile; a locked batch grows no more, and one of
    // records of the journal is not read while the vault is open.
    if (!this.#background || log.state.ofJournal) this.#run();
  }

  /**
   * Copies texts for a lock while another batch is at work.
   *
   * @param mayGoOn asked before each group
   * @returns whether it may be asked again; what is in the way is told when its turn comes, and it is in the
   *   way then too
   */
  async copyAhead(mayGoOn: () => boolean): Promise<boolean> {
    const copies = this.#copies;
    if (!copies || this.#background) return false;
    let isWell = true;
    await this.#inBackground(
      (signal) => copies.copy(signal, mayGoOn),
      () => {
        isWell = false;
      },
    );
    return isWell;
  }

  /** Stops working on it, without a word in its box. */
  async rest(): Promise<void> {
    this.#active = false;
    this.#background?.abort.abort();
    await this.#background?.done;
    await this.#runner?.stop();
    this.#runner = null;
    this.#speed.pause();
    await this.#saver?.note().catch(() => undefined);
  }

  /** Saves results that came while the vault was locked. */
  async catchUp(): Promise<void> {
    try {
      await this.#saver?.catchUp();
    } catch (error) {
      this.#pausedBy(error);
    }
    this.#parts.onChange([]);
  }

  async pause(): Promise<void> {
    await this.log.appendState({ what: 'paused' });
    this.#background?.abort.abort();
    this.#runner?.pump();
    this.#parts.onChange([]);
  }

  async resume(): Promise<void> {
    await this.log.appendState({ what: 'resumed' });
    await this.catchUp();
  }

  /** @param numbers without them, all that wait. @throws AppError `BAD_REQUEST` for one that no record has */
  async cancel(numbers?: readonly number[]): Promise<void> {
    this.#demandKnown(numbers);
    if (numbers) await this.log.appendState({ what: 'cancelled', items: [...numbers] });
    else await this.#giveUp();
    this.#runner?.drop(numbers);
    this.#parts.onChange(numbers ?? [...Array(this.log.state.size).keys()]);
  }

  /** @param numbers without them, all that failed. @throws AppError as `cancel`, `BATCH_MISSING` once it is done */
  async retry(numbers?: readonly number[]): Promise<void> {
    this.#demandKnown(numbers);
    if (this.log.state.archived) throw new AppError('BATCH_MISSING');
    const items = numbers ? [...numbers] : this.log.state.failedItems();
    await this.log.appendState({ what: 'retried', items });
    this.#copies?.retry(items);
    if (this.log.state.paused) await this.log.appendState({ what: 'resumed' });
    this.#parts.onChange(items);
  }

  /** @throws AppError as `cancel` */
  async move(numbers: readonly number[], before: number | null): Promise<void> {
    this.#demandKnown(numbers);
    await this.log.appendState({ what: 'moved', items: [...numbers], before });
    this.#parts.onChange([...numbers]);
  }

  /** Before it is written: a box with a number that no record has cannot be opened again. */
  #demandKnown(numbers: readonly number[] = []): void {
    if (numbers.some((number) => number >= this.log.state.size)) throw new AppError('BAD_REQUEST');
  }

  /** An import that was still going on would bring records that nobody has given up. */
  async #giveUp(): Promise<void> {
    this.#givingUp = true;
    try {
      this.#background?.abort.abort();
      await this.#background?.done;
      await this.log.appendState({ what: 'cancelled' });
    } finally {
      this.#givingUp = false;
      if (this.#active) this.work();
    }
  }

  #run(): void {
    const { log, extractor, now, onInternalError } = this.#parts;
    this.#runner ??= new BatchRunner({
      ...{ log, extractor, now, onInternalError, speed: this.#speed },
      texts: this.#texts,
      onItem: (number) => this.#parts.onChange([number]),
      onResult: async (index, result) => this.#saver?.save(index, result),
      onIdle: () => this.#parts.onChange([]),
    });
    this.#runner.pump();
  }

  /** Imports what is not imported, or copies what may be wanted while the vault is locked. */
  #beginBackground(store: RecordStore): void {
    const { log, documents, onCreated } = this.#parts;
    const copies = this.#copies;
    const onProblem = (error: unknown): void => this.#pausedBy(error);
    if (!log.state.imported) {
      const onItem = (number: number): void => this.#parts.onChange([number]);
      const parts = { log, store, documents, onCreated, onItem };
      void this.#inBackground((signal) => importBatch({ ...parts, signal }), onProblem);
    } else if (copies?.isWanted) {
      void this.#inBackground((signal) => copies.copy(signal), onProblem);
    }
  }

  /** @param work is told when it is to end */
  #inBackground(
    work: (signal: AbortSignal) => Promise<void>,
    onProblem: (error: unknown) => void,
  ): Promise<void> {
    const abort = new AbortController();
    const done = work(abort.signal)
      .catch((error: unknown) => {
        if (!(error instanceof Cancelled)) onProblem(error);
      })
      .finally(() => {
        this.#background = null;
        this.#parts.onChange([]);
        if (this.#active) this.work();
      });
    this.#background = { abort, done };
    return done;
  }

  /** For as long as this process lives, where the disk does not even take that. */
  #pausedBy(error: unknown): void {
    const problem: Problem = problemOf(error);
    if (problem.incident && !(error instanceof AppError)) {
      this.#parts.onInternalError(error, problem.incident);
    }
    this.log.state.takeState({ what: 'paused', problem });
  }
}

const archiveSuffix = '-done';

/** What is kept of a batch that is done has a box of its own. */
export function archiveIdOf(batchId: string): string {
  return `${batchId}${archiveSuffix}`;
}

export function isArchiveId(batchId: string): boolean {
  return batchId.endsWith(archiveSuffix);
}

export function publicId(batchId: string): string {
  return isArchiveId(batchId) ? batchId.slice(0, -archiveSuffix.length) : batchId;
}
