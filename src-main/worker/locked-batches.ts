/** What main holds of batches that go on while the vault is locked: keys that open them and nothing else. */
import { doneOf, isSettled, type BatchSummary, type LockedBatch } from '../domain/contract/batch';
import type { LockedBoxMessage } from './control';

export class LockedBatchKeys {
  #boxes: readonly LockedBoxMessage[] = [];
  #shown: LockedBatch | null = null;

  /** Null where nothing goes on while it is locked. */
  get boxes(): readonly LockedBoxMessage[] | null {
    return this.#boxes.length === 0 ? null : this.#boxes;
  }

  /** For the lock screen. */
  get shown(): LockedBatch | null {
    return this.boxes && this.#shown;
  }

  hold(boxes: readonly LockedBoxMessage[]): void {
    this.drop();
    this.#boxes = boxes;
  }

  follow(batches: readonly BatchSummary[]): void {
    this.#shown = countsOf(batches);
  }

  /** Wipes the keys: the vault is open again, or the program ends. */
  drop(): void {
    for (const { key } of this.#boxes) key.fill(0);
    this.#boxes = [];
    this.#shown = null;
  }
}

/** All batches together, so that it is not told how many there are. */
export function countsOf(batches: readonly BatchSummary[]): LockedBatch | null {
  if (batches.length === 0) return null;
  const left = batches.map(({ secondsLeft }) => secondsLeft).filter((seconds) => seconds !== null);
  return {
    done: batches.reduce((sum, { counts }) => sum + doneOf(counts), 0),
    total: batches.reduce((sum, { counts }) => sum + counts.total, 0),
    secondsLeft: left.length === 0 ? null : left.reduce((sum, seconds) => sum + seconds, 0),
    running: batches.some(({ phase }) => phase === 'running'),
  };
}

/** Whether a batch goes on, so that the machine should not sleep and a quit should ask. */
export function isWorking(batches: readonly BatchSummary[]): boolean {
  return batches.some(({ phase }) => phase === 'running' || phase === 'importing');
}

/** Whether a batch has work left that a person did not stop. */
export function isPending(batches: readonly BatchSummary[]): boolean {
  return batches.some(({ phase }) => phase !== 'paused' && !isSettled(phase));
}
