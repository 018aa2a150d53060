/**
 * What is known of a batch: made of the entries of its box, one after the other, and nothing else, so
 * that it is the same after every restart. Holds no texts; of 10,000 records it takes about one megabyte.
 */
import type {
  BatchCounts,
  BatchItem,
  BatchItemState,
  BatchPhase,
  BatchSummary,
} from '../../domain/contract/batch';
import { AppError, type Problem } from '../../domain/contract/errors';
import type { RunIdentity } from '../../domain/contract/extraction';
import { PackedNames } from '../../vault/packed-names';
import { PackedNumbers } from '../../vault/packed-numbers';
import { SameTexts } from '../same-texts';
import type { ItemEntry, OrderedEntry, ResultEntry, StateEntry } from './batch-entries';
import { BatchItems } from './batch-items';

/** Deaths of the model's process after which a record that was there each time is given up. */
export const mostDeaths = 2;

export class BatchState {
  readonly id: string;
  readonly ordered: OrderedEntry;
  /** Whether its records are those of the journal, as they are when their turn comes. */
  readonly ofJournal: boolean;
  readonly #items = new BatchItems();
  /** Numbers of the records that wait, in their order. */
  #queue: number[] = [];
  readonly #places = new PackedNames();
  /** Of records of the journal: 1 where the box has a copy of the text. */
  readonly #copies = new PackedNumbers();
  #copiedChars = 0;
  /** Likewise: 1 where the box has a run, be it of a text that is no more. */
  readonly #found = new PackedNumbers();
  /** Of the records that were to run, by their numbers. */
  readonly #texts = new SameTexts();
  /** Places of those that have no text, by their numbers. */
  readonly #unread = new Map<number, string>();
  /** Those of them that a person wants to be read again: number by place. */
  readonly #toRead = new Map<string, number>();
  readonly #counts: BatchCounts;
  #imported = false;
  /** Whether all there is to do was known once: what comes later is only read again. */
  #isListed = false;
  #paused = false;
  #problem: Problem | undefined;
  #frozen: RunIdentity | null = null;
  #results = 0;
  #saved = 0;
  #charsWaiting = 0;
  #archived = false;

  constructor(id: string, ordered: OrderedEntry) {
    this.id = id;
    this.ordered = ordered;
    this.#counts = {
      ...{ total: 0, waiting: 0, running: 0, completed: 0 },
      ...{ incomplete: 0, failed: 0, duplicate: 0, cancelled: 0 },
    };
    const { source } = ordered;
    this.ofJournal = source.kind === 'records';
    if (source.kind !== 'records') return;
    for (const recordId of source.recordIds) this.#list(recordId);
    // They are among the items from now on.
    this.ordered = { ...ordered, source: { kind: 'records', recordIds: [] } };
    this.#imported = this.#isListed = true;
  }

  get counts(): BatchCounts {
    return { ...this.#counts };
  }
  get imported(): boolean {
    return this.#imported;
  }
  get paused(): boolean {
    return this.#paused;
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }
  get frozen(): RunIdentity | null {
    return this.#frozen;
  }
  /** Results in the box, and how many of them, from the first, are known to be in the journal. */
  get results(): number {
    return this.#results;
  }
  get saved(): number {
    return this.#saved;
  }
  get size(): number {
    return this.#items.size;
  }
  /** Whether this is what is kept of a batch that is done. */
  get archived(): boolean {
    return this.#archived;
  }
  /** UTF-16 code units of what waits or runs; null where that is not known before it is read. */
  get charsLeft(): number | null {
    return this.ofJournal ? null : this.#charsWaiting;
  }
  /** Whether every record that there will be has its outcome. */
  get settled(): boolean {
    return this.#imported && this.#counts.waiting === 0 && this.#counts.running === 0;
  }

  get phase(): BatchPhase {
    if (this.settled) {
      const { total, cancelled, duplicate } = this.#counts;
      const ran = total - cancelled - duplicate;
      return ran === 0 && cancelled > 0 ? 'cancelled' : 'finished';
    }
    if (this.#paused) return 'paused';
    if (!this.#imported && this.#counts.running === 0) return 'importing';
    return this.#counts.running > 0 ? 'running' : 'waiting';
  }

  /** Whether nothing is to be read at this place any more. */
  hasPlace(place: string): boolean {
    return this.#places.has(place) && !this.#toRead.has(place);
  }

  /** Whether nothing is imported any more but what is to be read again. */
  get readsAgain(): boolean {
    return this.#isListed;
  }

  /** Numbers of those without a text that are to be read again, by their places. */
  get toRead(): ReadonlyMap<string, number> {
    return this.#toRead;
  }

  /** The record of this batch that has this text; one that is known to be of another case is another. */
  withText(textSha256: string, caseId: string | undefined): number | undefined {
    const [first] = this.#texts.owners(textSha256, caseId);
    return first;
  }

  /** Whether it runs this record, which has this text, already. */
  runs(recordId: string, textSha256: string): boolean {
    for (const number of this.#texts.owners(textSha256))
      if (this.#items.recordId(number) === recordId) return true;
    return false;
  }

  /** Whether the box has words of this record, or is to have them: its text, or what was found in it. */
  holdsWords(recordId: string): boolean {
    if (!this.ofJournal || this.ordered.order.whileLocked) return this.#items.holdsRecord(recordId);
    const number = this.#items.numberOf(recordId);
    return number >= 0 && this.#found.at(number) === 1;
  }

  /** Of a record of the journal: whether the box has a copy of its text, for a locked screen. */
  hasCopy(number: number): boolean {
    return this.#copies.at(number) === 1;
  }

  /** UTF-16 code units of all copies in the box. */
  get copiedChars(): number {
    return this.#copiedChars;
  }

  /** Whether it waits or is in the hands of the model. */
  isOpen(number: number): boolean {
    return isOpen(this.#items.state(number));
  }

  item(number: number): BatchItem {
    return this.#items.item(number);
  }

  /** How often it was tried anew by a person. */
  round(number: number): number {
    return this.#items.round(number);
  }

  /** How often the model's process ended while this one was in its hands. */
  deaths(number: number): number {
    return this.#items.deaths(number);
  }

  /** The first record that waits and that can be had; undefined where there is none. */
  next(canBeHad: (number: number) => boolean = () => true): number | undefined {
    return this.#queue.find(canBeHad);
  }

  /** All records: those that wait in their order, each other one where it was imported. */
  *inOrder(): Generator<number> {
    let at = 0;
    for (let number = 0; number < this.#items.size; number += 1) {
      if (this.#items.state(number) !== 'waiting' || this.#waitsForText(number)) yield number;
      else if (at < this.#queue.length) yield this.#queue[at++] as number;
    }
  }

  failedItems(): number[] {
    return this.#items.withState('failed');
  }

  /** In the hands of the model; lives in memory only, as no restart finds it there. */
  begin(number: number): void {
    this.#leaveQueue(number);
    this.#set(number, 'running');
  }

  /** Back to the front of the queue. */
  giveBack(number: number): void {
    if (this.#items.state(number) !== 'running') return;
    this.#set(number, 'waiting');
    this.#queue.unshift(number);
  }

  takeItem(entry: ItemEntry): void {
    const { number, outcome, textSha256 } = entry;
    if (this.ofJournal) {
      if (this.#items.recordId(number) !== entry.recordId) throw new AppError('BATCH_DAMAGED');
      this.#copies.set(number, 1);
      this.#copiedChars += entry.chars;
      return;
    }
    const again = this.#waitsForText(number);
    // Taken out while it was read again: it stays so.
    if (!again && this.#unread.has(number)) return;
    if (!again && number !== this.#items.size) throw new AppError('BATCH_DAMAGED');
    if (again) this.#leaveReading(number);
    this.#places.add(entry.place);
    this.#items.add(entry);
    if (entry.recordId === null) this.#unread.set(number, entry.place);
    else this.#unread.delete(number);
    if (again) this.#counts.waiting -= 1;
    else this.#counts.total += 1;
    this.#counts[outcome.state] += 1;
    if (outcome.state !== 'waiting') return;
    this.#charsWaiting += entry.chars;
    this.#queue.push(number);
    if (textSha256 !== null) this.#texts.add(textSha256, number, entry.caseId);
  }

  takeResult({ number, state, problem, facts }: ResultEntry): void {
    this.#results += 1;
    if (this.ofJournal && facts !== null) this.#found.set(number, 1);
    // One that was given up meanwhile keeps what was found all the same.
    this.#leaveQueue(number);
    this.#set(number, state);
    this.#items.setOutcome(number, problem, facts);
  }

  takeState(entry: StateEntry): void {
    switch (entry.what) {
      case 'ordered':
        throw new AppError('BATCH_DAMAGED');
      case 'imported':
        this.#imported = true;
        this.#isListed = true;
        return;
      case 'paused':
        this.#paused = true;
        this.#problem = entry.problem;
        return;
      case 'resumed':
        this.#paused = false;
        this.#problem = undefined;
        return;
      case 'cancelled':
        if (entry.items === undefined) this.#imported = this.#isListed = true;
        for (const number of entry.items ?? [...this.#openItems()]) this.#cancel(number);
        return;
      case 'retried':
        for (const number of entry.items) this.#retry(number);
        return;
      case 'moved':
        this.#move(entry.items, entry.before);
        return;
      case 'died':
        for (const number of entry.items) this.#items.noteDeath(number);
        return;
      case 'outdated':
        for (const number of entry.items) this.#runAnew(number);
        return;
      case 'frozen':
        this.#frozen = entry.run;
        return;
      case 'saved':
        this.noteSaved(entry.results);
        return;
      case 'archived':
        this.#archived = true;
        return;
      default:
        entry satisfies never;
    }
  }

  /** The first so many results are in the journal. */
  noteSaved(results: number): void {
    this.#saved = Math.max(this.#saved, results);
  }

  running(): number[] {
    return this.#counts.running === 0 ? [] : this.#items.withState('running');
  }

  summary(
    speed: Pick<BatchSummary, 'notesPerMinute' | 'secondsLeft'>,
    waits?: Problem,
  ): BatchSummary {
    const { order, createdAt, modelName } = this.ordered;
    const problem = this.#problem ?? (this.phase === 'waiting' ? waits : undefined);
    return {
      id: this.id,
      createdAt,
      phase: this.phase,
      ...(problem ? { problem } : {}),
      whileLocked: order.whileLocked,
      schema: order.schema,
      ...(order.definition ? { schemaName: order.definition.chinese } : {}),
      model: { name: modelName, sha256: order.model },
      counts: this.counts,
      canRetry: this.#counts.failed > 0 && !this.#archived,
      ...speed,
      unsaved: this.#results - this.#saved,
    };
  }

  #cancel(number: number): void {
    if (!isOpen(this.#items.state(number))) return;
    this.#leaveQueue(number);
    this.#leaveReading(number);
    this.#set(number, 'cancelled');
  }

  #openItems(): number[] {
    return [...this.#queue, ...this.#toRead.values(), ...this.running()];
  }

  #retry(number: number): void {
    const state = this.#items.state(number);
    if (state !== 'failed' && state !== 'cancelled') return;
    this.#items.beginRound(number);
    this.#set(number, 'waiting');
    const place = this.#unread.get(number);
    if (place === undefined) {
      this.#queue.push(number);
      return;
    }
    // There is nothing to run: its file is read again first.
    this.#toRead.set(place, number);
    this.#imported = false;
  }

  #runAnew(number: number): void {
    const state = this.#items.state(number);
    if (state !== 'completed' && state !== 'incomplete') return;
    this.#items.beginRound(number);
    this.#items.setOutcome(number, undefined, null);
    this.#set(number, 'waiting');
    this.#queue.push(number);
  }

  #list(recordId: string): void {
    const number = this.#items.size;
    this.#items.add({
      ...{ number, recordId, place: '', creates: false, title: '' },
      ...{ text: null, chars: 0, textSha256: null, source: null },
      outcome: { state: 'waiting' },
    });
    this.#counts.total += 1;
    this.#counts.waiting += 1;
    this.#queue.push(number);
  }

  #waitsForText(number: number): boolean {
    const place = this.#unread.get(number);
    return place !== undefined && this.#toRead.get(place) === number;
  }

  #leaveReading(number: number): void {
    const place = this.#unread.get(number);
    if (place !== undefined) this.#toRead.delete(place);
  }

  #move(items: readonly number[], before: number | null): void {
    const moved = new Set(items.filter((number) => this.#items.state(number) === 'waiting'));
    if (before !== null && moved.has(before)) return;
    const rest = this.#queue.filter((number) => !moved.has(number));
    const at = before === null ? rest.length : rest.indexOf(before);
    // What it was to be put before has left the queue meanwhile: then it is next.
    rest.splice(Math.max(0, at), 0, ...moved);
    this.#queue = rest;
  }

  #set(number: number, state: BatchItemState): void {
    const before = this.#items.state(number);
    const chars = this.#items.chars(number);
    this.#charsWaiting += (isOpen(state) ? chars : 0) - (isOpen(before) ? chars : 0);
    this.#counts[before] -= 1;
    this.#counts[state] += 1;
    this.#items.setState(number, state);
  }

  #leaveQueue(number: number): void {
    const at = this.#queue.indexOf(number);
    if (at >= 0) this.#queue.splice(at, 1);
  }
}

function isOpen(state: BatchItemState): boolean {
  return state === 'waiting' || state === 'running';
}
