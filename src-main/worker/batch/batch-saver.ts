/** Results out of a batch's box into the journal, each once: asked again, the journal knows the run. */
import { AppError } from '../../domain/contract/errors';
import type { RecordStore } from '../store';
import type { ResultEntry } from './batch-entries';
import type { BatchLog } from './batch-log';
import { runIdOf } from './batch-runner';

/** Results after which the box notes how far they are saved; a restart looks at most at so many again. */
const noteEvery = 64;

export interface SaverParts {
  readonly log: BatchLog;
  readonly store: Pick<RecordStore, 'saveRun'>;
  /** A run is in the journal. */
  onSaved(recordId: string): void;
  /** It is to be run anew, on the text that its record has now. */
  onOutdated(number: number): void;
}

export class BatchSaver {
  readonly #parts: SaverParts;
  /** Saved ones behind the first that is not. */
  readonly #ahead = new Set<number>();
  #noted: number;

  constructor(parts: SaverParts) {
    this.#parts = parts;
    this.#noted = parts.log.state.saved;
  }

  /** Saves what is not known to be saved. @throws AppError as `RecordStore.saveRun` and the box */
  async catchUp(): Promise<void> {
    const { state } = this.#parts.log;
    if (state.saved >= state.results) return;
    let index = 0;
    for await (const result of this.#parts.log.results()) {
      index += 1;
      if (index > state.saved && !this.#ahead.has(index)) await this.save(index, result);
    }
    await this.note();
  }

  /** @param index counts results from 1. @throws as `catchUp` */
  async save(index: number, { number, run }: ResultEntry): Promise<void> {
    const { log, store, onSaved, onOutdated } = this.#parts;
    const { state } = log;
    if (run) {
      try {
        await store.saveRun(run);
        onSaved(run.recordId);
      } catch (error) {
        // The record was deleted for good meanwhile, or has another text by now: nobody can use the run.
        const code = error instanceof AppError ? error.code : null;
        if (code !== 'RECORD_NOT_FOUND' && code !== 'VERSION_CONFLICT') throw error;
        // The round is the next one then: asked again after a kill, it is not begun a second time.
        const isLatest = run.id === runIdOf(state.id, number, state.round(number));
        if (state.ofJournal && isLatest) {
          await log.appendState({ what: 'outdated', items: [number] });
          onOutdated(number);
        }
      }
    }
    this.#ahead.add(index);
    while (this.#ahead.delete(state.saved + 1)) state.noteSaved(state.saved + 1);
    if (state.saved - this.#noted >= noteEvery) await this.note();
  }

  /** Notes in the box how far it is. */
  async note(): Promise<void> {
    const { state } = this.#parts.log;
    if (state.saved === this.#noted) return;
    this.#noted = state.saved;
    await this.#parts.log.appendState({ what: 'saved', results: state.saved });
  }
}
