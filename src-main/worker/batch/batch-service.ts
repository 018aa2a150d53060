/** The batches of a worker, as windows and main ask for them. */
import { isSettled, maxPastedChars, type BatchSummary } from '../../domain/contract/batch';
import { AppError, problemOf } from '../../domain/contract/errors';
import type { Handlers } from '../../domain/contract/rpc';
import type { BatchesPayload, WorkerMethods } from '../../domain/contract/worker-port';
import type { Vault } from '../../vault/vault';
import type { Act } from '../control';
import type { RecordStore } from '../store';
import { BatchDesk, type DeskParts, type LockedBox } from './batch-desk';
import type { Documents } from './batch-import';
import { BatchNews } from './batch-news';
import type { ChosenFiles } from './chosen-files';
import type { Extractor } from './extractor';

export interface BatchServiceParts {
  /** Settles once the vault is open, or is not to be; what a window asks before waits for it. */
  ready(): Promise<unknown>;
  readonly files: ChosenFiles;
  readonly documents: Documents;
  readonly extractor: Extractor;
  onInternalError(error: unknown, incident: string): void;
  onAct(act: Act, subject: string): void;
  /** A few times a second while something goes on. */
  onNews(payload: BatchesPayload): void;
}

/** Records that a window takes in one step. */
const itemsAtOnce = 500;

type BatchMethod = Extract<keyof WorkerMethods, `batch.${string}`>;

export class BatchService {
  readonly #parts: BatchServiceParts;
  readonly #news: BatchNews;
  /** Batches of which the audit log knows the end. */
  readonly #ended = new Set<string>();
  #desk: Promise<BatchDesk> | null = null;
  #current: BatchDesk | null = null;

  constructor(parts: BatchServiceParts) {
    this.#parts = parts;
    this.#news = new BatchNews(
      () => this.#current,
      (payload) => {
        this.#noteEnds(payload.batches);
        parts.onNews(payload);
      },
    );
  }

  /** Opens the batches of a vault; those that were at work go on. */
  open(vault: Vault, store: RecordStore): void {
    this.#begin(BatchDesk.ofVault(vault, store, this.#deskParts()));
  }

  /** Goes on with batches while the vault is locked. The keys are wiped here. */
  openBoxes(boxes: readonly LockedBox[]): void {
    const opening = BatchDesk.ofBoxes(boxes, this.#deskParts());
    this.#begin(opening.finally(() => boxes.forEach(({ key }) => key.fill(0))));
  }

  /**
   * That no batch has words of this record.
   *
   * @throws AppError `BATCH_HOLDS_RECORD`; `VAULT_LOCKED` once the batches rest; why they could not be opened
   */
  async demandWithout(recordId: string): Promise<void> {
    if ((await this.#open()).holds(recordId)) throw new AppError('BATCH_HOLDS_RECORD');
  }

  /** Stops all of them, and closes their boxes. */
  async rest(): Promise<LockedBox[]> {
    const desk = await this.#desk?.catch(() => null);
    this.#desk = null;
    if (!desk) return [];
    // An end that nobody was told of yet would not be told at the next opening, where it is no news.
    this.#news.flush();
    const boxes = await desk.rest();
    this.#news.stop();
    return boxes;
  }

  readonly handlers: Pick<Handlers<WorkerMethods>, BatchMethod> = {
    'batch.examine': ({ ticket }, { signal }) => this.#parts.files.examine(ticket, signal),
    'batch.table': ({ ticket, file, sheet, heading }) =>
      this.#parts.files.preview(ticket, file, {
        ...(sheet === undefined ? {} : { sheet }),
        ...(heading === undefined ? {} : { heading }),
      }),
    'batch.start': async ({ source, order, modelName, duplicates }) => {
      if (source.kind === 'notes') demandPasted(source.notes);
      const desk = await this.#open();
      const stored = this.#parts.files.stored(source);
      const batchId = await desk.start({ source: stored, order, modelName, duplicates });
      this.#parts.onAct('batch-started', batchId);
      return { batchId };
    },
    'batch.list': async () => ({ batches: (await this.#open()).summaries }),
    'batch.items': async ({ batchId }, { emit }) => {
      const items = (await this.#open()).items(batchId);
      // All in one step, so that no news comes between.
      for (let at = 0; at < items.length; at += itemsAtOnce)
        emit(items.slice(at, at + itemsAtOnce));
      return { total: items.length };
    },
    'batch.pause': async ({ batchId }) => this.#done((desk) => desk.pause(batchId)),
    'batch.resume': async ({ batchId }) => this.#done((desk) => desk.resume(batchId)),
    'batch.cancel': async ({ batchId, items }) => this.#done((desk) => desk.cancel(batchId, items)),
    'batch.retry': async ({ batchId, items }) => this.#done((desk) => desk.retry(batchId, items)),
    'batch.move': async ({ batchId, items, before }) =>
      this.#done((desk) => desk.move(batchId, items, before)),
    'batch.remove': async ({ batchId }) => this.#done((desk) => desk.remove(batchId)),
  };

  #begin(desk: Promise<BatchDesk>): void {
    this.#desk = desk;
    desk.then(
      (opened) => {
        this.#current = opened;
        for (const { id, phase } of opened.summaries) if (isSettled(phase)) this.#ended.add(id);
        this.#news.flush();
      },
      (error: unknown) => this.#report(error),
    );
  }

  /** @throws AppError `VAULT_LOCKED`, and why the vault could not be opened */
  async #open(): Promise<BatchDesk> {
    if (!this.#desk) await this.#parts.ready();
    if (!this.#desk) throw new AppError('VAULT_LOCKED');
    return this.#desk;
  }

  async #done(work: (desk: BatchDesk) => Promise<void>): Promise<Record<string, never>> {
    await work(await this.#open());
    this.#news.flush();
    return {};
  }

  #deskParts(): DeskParts {
    return {
      documents: this.#parts.documents,
      extractor: this.#parts.extractor,
      onChange: (batchId, numbers) => this.#news.changed(batchId, numbers),
      onRemoved: (batchId) => this.#news.changed(batchId, []),
      onCreated: (recordId) => this.#parts.onAct('record-created', recordId),
      onRunSaved: (recordId) => this.#parts.onAct('run-saved', recordId),
      onProblem: (error) => this.#report(error),
      onInternalError: (error, incident) => this.#parts.onInternalError(error, incident),
    };
  }

  #noteEnds(batches: readonly BatchSummary[]): void {
    for (const { id, phase } of batches) {
      if (!isSettled(phase)) this.#ended.delete(id);
      else if (!this.#ended.has(id)) {
        this.#ended.add(id);
        this.#parts.onAct('batch-ended', id);
      }
    }
  }

  #report(error: unknown): void {
    const problem = problemOf(error);
    this.#parts.onInternalError(error, problem.incident ?? problem.code);
  }
}

/** @throws AppError `TEXT_TOO_LARGE` */
function demandPasted(notes: readonly string[]): void {
  const chars = notes.reduce((sum, note) => sum + note.length, 0);
  if (chars > maxPastedChars) {
    throw new AppError('TEXT_TOO_LARGE', { params: { chars, limit: maxPastedChars } });
  }
}
