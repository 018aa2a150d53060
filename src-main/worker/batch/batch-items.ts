/** The records of a batch as they stand, by number, some 50 bytes each; what few of them have, beside. */
import {
  batchItemStateSchema,
  type BatchItem,
  type BatchItemState,
} from '../../domain/contract/batch';
import { AppError, type Problem } from '../../domain/contract/errors';
import { PackedNames } from '../../vault/packed-names';
import { PackedNumbers } from '../../vault/packed-numbers';
import type { ItemEntry } from './batch-entries';

const states = batchItemStateSchema.options;

/** Every method throws AppError `BATCH_DAMAGED` for a number that no record has. */
export class BatchItems {
  readonly #recordIds = new PackedNames();
  /** By number: what it is in `states`. */
  readonly #states = new PackedNumbers();
  /** By number, each 1 more, 0 where there is none: its record among the ids, its facts. */
  readonly #records = new PackedNumbers();
  readonly #facts = new PackedNumbers();
  readonly #chars = new PackedNumbers();
  /** By number: its row in a table; 0 where there is none. */
  readonly #rows = new PackedNumbers();
  /** Of those without a record, and of those whose record is another one's. */
  readonly #names = new Map<number, string>();
  readonly #caseIds = new Map<number, string>();
  readonly #problems = new Map<number, Problem>();
  readonly #duplicateOf = new Map<number, number>();
  readonly #rounds = new Map<number, number>();
  readonly #deaths = new Map<number, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes the next one, or anew one that could not be read before. */
  add({ number, recordId, title, caseId, row, source, chars, outcome }: ItemEntry): void {
    if (number === this.#size) this.#size += 1;
    this.#demand(number);
    for (const of of [this.#names, this.#caseIds, this.#problems, this.#duplicateOf])
      of.delete(number);
    for (const of of [this.#rounds, this.#deaths]) of.delete(number);
    this.setState(number, outcome.state);
    if (recordId !== null) this.#records.set(number, 1 + this.#recordIds.add(recordId));
    // A record is called what the page calls it; a duplicate is not what it equals.
    if (recordId === null || outcome.state === 'duplicate') {
      this.#names.set(number, title);
      if (caseId !== undefined) this.#caseIds.set(number, caseId);
    }
    this.#rows.set(number, row ?? source?.row ?? 0);
    this.#chars.set(number, chars);
    if (outcome.state === 'failed') this.#problems.set(number, outcome.problem);
    if (outcome.state === 'duplicate' && outcome.of !== undefined) {
      this.#duplicateOf.set(number, outcome.of);
    }
  }

  item(number: number): BatchItem {
    const problem = this.#problems.get(number);
    const duplicateOf = this.#duplicateOf.get(number);
    const row = this.#rows.at(number);
    const caseId = this.#caseIds.get(number);
    return {
      number,
      state: this.state(number),
      recordId: this.recordId(number),
      name: this.#names.get(number) ?? null,
      ...(row === 0 ? {} : { row }),
      ...(caseId === undefined ? {} : { caseId }),
      ...(problem ? { problem } : {}),
      facts: this.facts(number),
      chars: this.chars(number),
      ...(duplicateOf === undefined ? {} : { duplicateOf }),
    };
  }

  state(number: number): BatchItemState {
    this.#demand(number);
    return states[this.#states.at(number)] ?? 'failed';
  }

  setState(number: number, state: BatchItemState): void {
    this.#demand(number);
    this.#states.set(number, states.indexOf(state));
  }

  /** Numbers of all that stand so, in their order. */
  withState(state: BatchItemState): number[] {
    const wanted = states.indexOf(state);
    const found: number[] = [];
    for (let number = 0; number < this.#size; number += 1)
      if (this.#states.at(number) === wanted) found.push(number);
    return found;
  }

  recordId(number: number): string | null {
    this.#demand(number);
    const record = this.#records.at(number);
    return record === 0 ? null : this.#recordIds.nameOf(record - 1);
  }

  holdsRecord(recordId: string): boolean {
    return this.#recordIds.has(recordId);
  }

  /** Of records of the journal, whose numbers are in the order of their ids' coming; -1 where it has none. */
  numberOf(recordId: string): number {
    return this.#recordIds.numberOf(recordId);
  }

  /** UTF-16 code units. */
  chars(number: number): number {
    this.#demand(number);
    return this.#chars.at(number);
  }

  facts(number: number): number | null {
    this.#demand(number);
    const facts = this.#facts.at(number);
    return facts === 0 ? null : facts - 1;
  }

  /** How often a person tried it anew. */
  round(number: number): number {
    return this.#rounds.get(number) ?? 0;
  }

  /** How often the model's process ended while it was in its hands, in this round. */
  deaths(number: number): number {
    return this.#deaths.get(number) ?? 0;
  }

  noteDeath(number: number): void {
    this.#demand(number);
    this.#deaths.set(number, this.deaths(number) + 1);
  }

  /** Forgets why it failed. */
  beginRound(number: number): void {
    this.#demand(number);
    this.#problems.delete(number);
    this.#deaths.delete(number);
    this.#rounds.set(number, this.round(number) + 1);
  }

  setOutcome(number: number, problem: Problem | undefined, facts: number | null): void {
    this.#demand(number);
    if (problem) this.#problems.set(number, problem);
    else this.#problems.delete(number);
    this.#facts.set(number, facts === null ? 0 : 1 + facts);
  }

  #demand(number: number): void {
    if (number < 0 || number >= this.#size) throw new AppError('BATCH_DAMAGED');
  }
}
