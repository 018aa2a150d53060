/**
 * Copies of texts into a batch's box, for a batch of records of the journal that may go on while the vault
 * is locked: its key opens nothing but the box. They go with the box, and a record of which there is one
 * cannot be deleted for good before.
 */
import { AppError } from '../../domain/contract/errors';
import { Cancelled } from '../../domain/contract/rpc';
import type { RecordStore } from '../store';
import type { BatchLog } from './batch-log';
import { ofTheRecord } from './batch-texts';

/** Copies that share a sync. */
const groupSize = 32;

export class BatchCopies {
  readonly #log: BatchLog;
  readonly #store: Pick<RecordStore, 'text'>;
  /** Whose text cannot be had, which is told in their turn. */
  readonly #without = new Set<number>();

  constructor(log: BatchLog, store: Pick<RecordStore, 'text'>) {
    this.#log = log;
    this.#store = store;
  }

  /** Whether a text is to be copied that was not. */
  get isWanted(): boolean {
    return this.#next(0) !== undefined;
  }

  /** A person tries these anew: their texts may be there again. */
  retry(numbers: readonly number[]): void {
    for (const number of numbers) this.#without.delete(number);
  }

  /**
   * Copies until nothing is left, also of what comes meanwhile: in the order of the numbers, in which a box is
   * read best.
   *
   * @param mayGoOn asked before each group. Defaults to yes
   * @throws Cancelled
   * @throws AppError as `RecordStore.text`, but for what is wrong with one record; and as
   *   `BatchLog.appendItem`
   */
  async copy(signal: AbortSignal, mayGoOn: () => boolean = () => true): Promise<void> {
    let from = 0;
    for (;;) {
      if (signal.aborted) throw new Cancelled();
      // What was tried anew may lie behind.
      const first = this.#next(from) ?? this.#next(0);
      if (first === undefined || !mayGoOn()) return;
      const group: number[] = [];
      let number: number | undefined = first;
      while (number !== undefined && group.length < groupSize) {
        group.push(number);
        from = number + 1;
        number = this.#next(from);
      }
      await Promise.all(group.map((each) => this.#copy(each)));
    }
  }

  #next(from: number): number | undefined {
    const { state } = this.#log;
    if (!state.ofJournal || !state.ordered.order.whileLocked) return undefined;
    for (let number = from; number < state.size; number += 1) {
      if (state.isOpen(number) && !state.hasCopy(number) && !this.#without.has(number)) {
        return number;
      }
    }
    return undefined;
  }

  async #copy(number: number): Promise<void> {
    const recordId = this.#log.state.item(number).recordId ?? '';
    try {
      const { text, textSha256, sections } = await this.#store.text(recordId);
      await this.#log.appendItem({
        ...{ number, recordId, text, textSha256, chars: text.length },
        ...(sections ? { sections: [...sections] } : {}),
        ...{ place: '', creates: false, title: '', source: null },
        outcome: { state: 'waiting' },
      });
    } catch (error) {
      if (!(error instanceof AppError) || !ofTheRecord.includes(error.code)) throw error;
      this.#without.add(number);
    }
  }
}
