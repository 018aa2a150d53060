/** A batch's box with what follows from its entries. An entry counts once it is on the disk, never before. */
import { AppError } from '../../domain/contract/errors';
import type { BatchBox } from '../../vault/batch-box';
import {
  itemEntrySchema,
  resultEntrySchema,
  stateEntrySchema,
  type ItemEntry,
  type ResultEntry,
  type StateEntry,
} from './batch-entries';
import { BatchState } from './batch-state';

type Box = Pick<BatchBox, 'batchId' | 'append' | 'entries'>;

export class BatchLog {
  readonly state: BatchState;
  readonly #box: Box;
  #items: AsyncGenerator<ItemEntry> | null = null;
  /** Of the record that `#items` gives next. */
  #nextItem = 0;
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(box: Box, state: BatchState) {
    this.#box = box;
    this.state = state;
  }

  /** Begins the log of a new batch. @throws AppError as `BatchBox.append` */
  static async begin(
    box: Box,
    ordered: Extract<StateEntry, { what: 'ordered' }>,
  ): Promise<BatchLog> {
    await box.append('state', ordered);
    return new BatchLog(box, new BatchState(box.batchId, structuredClone(ordered)));
  }

  /**
   * Reads a log as it lies.
   *
   * @returns null for a box that holds no batch yet: its making was interrupted
   * @throws AppError `BATCH_DAMAGED`, and as `BatchBox.entries`
   */
  static async open(box: Box): Promise<BatchLog | null> {
    let log: BatchLog | null = null;
    for await (const { kind, value } of box.entries()) {
      if (!log) {
        const first = kind === 'state' ? read(stateEntrySchema, value) : null;
        if (first?.what !== 'ordered') throw new AppError('BATCH_DAMAGED');
        log = new BatchLog(box, new BatchState(box.batchId, first));
      } else if (kind === 'item') log.state.takeItem(read(itemEntrySchema, value));
      else if (kind === 'result') log.state.takeResult(read(resultEntrySchema, value));
      else log.state.takeState(read(stateEntrySchema, value));
    }
    return log;
  }

  async appendItem(entry: ItemEntry): Promise<void> {
    await this.#box.append('item', entry);
    this.state.takeItem(entry);
  }

  /** @returns which result it is, from 1 */
  async appendResult(entry: ResultEntry): Promise<number> {
    await this.#box.append('result', entry);
    this.state.takeResult(entry);
    return this.state.results;
  }

  async appendState(entry: StateEntry): Promise<void> {
    await this.#box.append('state', entry);
    this.state.takeState(entry);
  }

  /**
   * A record as it was imported, with its text. The box is read from front to back, so records that are
   * asked for in their order cost one reading in all.
   *
   * @throws AppError as `BatchBox.entries`; `BATCH_DAMAGED` for a number that is not there
   */
  item(number: number): Promise<ItemEntry> {
    const mine = this.#reading.then(() => this.#read(number));
    this.#reading = mine.catch(() => undefined);
    return mine;
  }

  /** All records, in the order in which they were imported; of records of the journal, copies of texts. */
  async *items(): AsyncGenerator<ItemEntry> {
    for await (const { kind, value } of this.#box.entries())
      if (kind === 'item') yield read(itemEntrySchema, value);
  }

  /** All results, in the order in which they came. */
  async *results(): AsyncGenerator<ResultEntry> {
    for await (const { kind, value } of this.#box.entries())
      if (kind === 'result') yield read(resultEntrySchema, value);
  }

  async #read(number: number): Promise<ItemEntry> {
    // A second time from the front: what is wanted may lie behind, or was not there when it was begun.
    for (const again of [false, true]) {
      if (again || !this.#items || number < this.#nextItem) this.#rewind();
      for (;;) {
        const { value, done } = (await this.#items?.next()) ?? { done: true, value: undefined };
        if (done || !value) break;
        this.#nextItem = value.number + 1;
        // One that was read again is there a second time, with its text.
        const { recordId } = this.state.item(number);
        if (value.number === number && value.recordId === recordId) return value;
      }
    }
    throw new AppError('BATCH_DAMAGED');
  }

  #rewind(): void {
    this.#items = this.items();
    this.#nextItem = 0;
  }
}

function read<T>(schema: { safeParse(value: unknown): { data?: T } }, value: unknown): T {
  const { data } = schema.safeParse(value);
  if (data === undefined) throw new AppError('BATCH_DAMAGED');
  return data;
}
