/**
 * Brings one model file at a time into the library: read whole in a process that may die, copied where it
 * could go away, and listed only then.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError, problemOf } from '../domain/contract/errors';
import type { ImportState, ModelPlace } from '../domain/contract/library';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled } from '../domain/contract/rpc';
import { expecting, type Ask } from './ask';
import { sameStamp, stampOf, type FileStamp } from './file-stamp';
import { incomingPrefix } from './library-file';
import type { Question } from './probe-messages';
import { volumeOf } from './volume';

export interface ImportOrder {
  readonly path: string;
  readonly place: Exclude<ModelPlace, 'built-in'>;
  /** SHA-256: refuse any other file. */
  readonly expected?: string;
}

/** The library that a file is brought into. */
export interface ImportTarget {
  /** Where copies lie. */
  readonly folder: string;
  readonly ask: Ask;
  /** Whether the list has a file of so many bytes. */
  hasFileOf(size: number): Promise<boolean>;
  isPresent(id: string): Promise<boolean>;
  /** Lists a file that stays where it is. */
  refer(path: string, card: ModelCard, stamp: FileStamp): Promise<void>;
  /** Gives a whole file in the folder its own name, and lists it. */
  take(from: string, fileName: string, card: ModelCard): Promise<void>;
  /** Called before an end is told. */
  settle(): Promise<void>;
  onChange(state: ImportState): void;
}

interface Running {
  readonly abort: AbortController;
  control: (action: 'pause' | 'resume') => void;
}

export class ModelImport {
  readonly #target: ImportTarget;
  #running: Running | null = null;
  #state: ImportState = { phase: 'idle' };

  constructor(target: ImportTarget) {
    this.#target = target;
  }

  get state(): ImportState {
    return this.#state;
  }

  /** @throws AppError `IMPORT_BUSY` while there is another one */
  start(order: ImportOrder): void {
    if (this.#running) throw new AppError('IMPORT_BUSY');
    const running: Running = { abort: new AbortController(), control: () => undefined };
    this.#running = running;
    const fileName = basename(order.path);
    void this.#run(order, fileName, running)
      .catch((error: unknown): ImportState =>
        error instanceof Cancelled || running.abort.signal.aborted
          ? { phase: 'cancelled' }
          : { phase: 'failed', fileName, problem: problemOf(error) },
      )
      .then(async (state) => {
        this.#running = null;
        await this.#target.settle().catch(() => undefined);
        this.#show(state);
      });
  }

  control(action: 'pause' | 'resume' | 'cancel'): void {
    if (action === 'cancel') {
      this.#running?.abort.abort();
      return;
    }
    this.#running?.control(action);
    if (this.#state.phase === 'running') {
      this.#show({ ...this.#state, paused: action === 'pause' });
    }
  }

  async #run(order: ImportOrder, fileName: string, running: Running): Promise<ImportState> {
    const { path, expected } = order;
    const target = this.#target;
    const stamp = await stampOf(path);
    if (!stamp) throw new AppError('MODEL_MISSING');
    const done = ({ sha256 }: ModelCard, already: boolean): ImportState => ({
      phase: 'done',
      modelId: sha256,
      already,
    });
    const copies = order.place === 'copied' || volumeOf(path) !== 'fixed';
    // A file as large as one of the library's may be that one: then no copy is needed to find out.
    if (!copies || (await target.hasFileOf(stamp.size))) {
      const card = await this.#read({ type: 'verify', path }, fileName, running);
      demandExpected(card, expected);
      if (await target.isPresent(card.sha256)) return done(card, true);
      if (!copies) {
        if (!sameStamp(await stampOf(path), stamp)) throw new AppError('MODEL_CHANGED');
        await target.refer(path, card, stamp);
        return done(card, false);
      }
    }
    const incoming = join(target.folder, `${incomingPrefix}${randomUUID()}.gguf`);
    try {
      const card = await this.#read({ type: 'copy', path, target: incoming }, fileName, running);
      demandExpected(card, expected);
      const already = await target.isPresent(card.sha256);
      if (!already) await target.take(incoming, fileName, card);
      return done(card, already);
    } finally {
      await rm(incoming, { force: true });
      // A killed process leaves what it was writing.
      await rm(`${incoming}.partial`, { force: true });
    }
  }

  /** Reads the whole file, and copies it if that is the question. */
  async #read(
    question: Extract<Question, { type: 'verify' | 'copy' }>,
    fileName: string,
    running: Running,
  ): Promise<ModelCard> {
    const step = question.type === 'copy' ? 'copy' : 'hash';
    const show = (done: number, total: number): void => {
      const paused = this.#state.phase === 'running' && this.#state.paused;
      this.#show({ phase: 'running', fileName, step, done, total, paused });
    };
    show(0, 0);
    const answer = await this.#target.ask(question, {
      signal: running.abort.signal,
      onProgress: show,
      onControl: (control) => (running.control = control),
    });
    return expecting(answer, 'verified').card;
  }

  #show(state: ImportState): void {
    this.#state = state;
    this.#target.onChange(state);
  }
}

function demandExpected(card: ModelCard, expected: string | undefined): void {
  if (expected !== undefined && card.sha256 !== expected) throw new AppError('MODEL_CHANGED');
}
