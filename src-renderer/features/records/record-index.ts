/**
 * The list of records in memory: heads and, for each, its latest run and review. Plain and synchronous, so
 * that the order of events can be tested; `records.svelte.ts` shows it.
 *
 * The list is kept in order: with 50,000 records, sorting it for every batch that comes would take
 * longer than reading them.
 */
import type { RecordHead } from '@domain/contract/record';
import type { ReviewSummary, RunSummary } from '../../data/repository';

export interface RecordItem {
  readonly id: string;
  readonly head: RecordHead;
  readonly lastRun: RunSummary | null;
  /** The primary review of this version of the text, once anything of it is stored. */
  readonly review: ReviewSummary | null;
}

export type ReviewStage = 'none' | 'waiting' | 'under-way' | 'done';

/** Where a record stands in the queue of reviews: `none` before there is anything to review. */
export function reviewStage({ lastRun, review }: RecordItem): ReviewStage {
  if (review?.confirmedAt) return 'done';
  if (review) return 'under-way';
  return lastRun ? 'waiting' : 'none';
}

type Place = Pick<RecordItem, 'id' | 'head'>;

export class RecordIndex {
  readonly #items = new Map<string, RecordItem>();
  /** Those outside the bin, newest first. */
  #list: RecordItem[] = [];
  readonly #lastRuns = new Map<string, RunSummary>();
  readonly #reviews = new Map<string, ReviewSummary>();

  clear(): void {
    this.#items.clear();
    this.#list = [];
    this.#lastRuns.clear();
    this.#reviews.clear();
  }

  /** Forgets a record that was deleted for good. */
  remove(id: string): void {
    const item = this.#items.get(id);
    if (item) this.#takeOut(item);
    this.#items.delete(id);
    this.#lastRuns.delete(id);
    this.#reviews.delete(id);
  }

  putHead(id: string, head: RecordHead): void {
    const review = this.#reviewOf(id, head);
    this.#put({ id, head, lastRun: this.#lastRuns.get(id) ?? null, review });
  }

  /** Keeps the run if it is the record's latest; runs may come in any order. */
  putRun(run: RunSummary): void {
    const known = this.#lastRuns.get(run.recordId);
    if (known && run.startedAt < known.startedAt) return;
    this.#lastRuns.set(run.recordId, run);
    const item = this.#items.get(run.recordId);
    if (item) this.#put({ ...item, lastRun: run });
  }

  putReview(review: ReviewSummary): void {
    if (review.role !== 'primary') return;
    const { recordId } = review;
    this.#reviews.set(recordId, review);
    const item = this.#items.get(recordId);
    if (item) this.#put({ ...item, review: this.#reviewOf(recordId, item.head) });
  }

  get(id: string): RecordItem | null {
    return this.#items.get(id) ?? null;
  }

  /** Where a record stands in `list`; -1 for one that does not. */
  positionOf(id: string): number {
    const item = this.#items.get(id);
    if (!item || item.head.deletedAt !== null) return -1;
    return this.#placeOf(item);
  }

  /** Records in the bin, those deleted last first. */
  bin(): RecordItem[] {
    const items = [...this.#items.values()].filter(({ head }) => head.deletedAt !== null);
    return items.sort((a, b) => (b.head.deletedAt ?? 0) - (a.head.deletedAt ?? 0));
  }

  /** Records outside the bin, newest first. */
  list(): RecordItem[] {
    return this.#list.slice();
  }

  /** One of another version of the text says nothing of this one. */
  #reviewOf(id: string, head: RecordHead): ReviewSummary | null {
    const review = this.#reviews.get(id);
    return review?.textSha256 === head.textSha256 ? review : null;
  }

  #put(item: RecordItem): void {
    const old = this.#items.get(item.id);
    this.#items.set(item.id, item);
    const isListed = item.head.deletedAt === null;
    if (old?.head.deletedAt === null) {
      if (isListed && order(old, item) === 0) {
        this.#list[this.#placeOf(item)] = item;
        return;
      }
      this.#takeOut(old);
    }
    if (!isListed) return;
    const last = this.#list.at(-1);
    // As they come while they are read.
    if (!last || order(last, item) < 0) this.#list.push(item);
    else this.#list.splice(this.#placeOf(item), 0, item);
  }

  #takeOut(item: RecordItem): void {
    const at = this.#placeOf(item);
    if (this.#list[at]?.id === item.id) this.#list.splice(at, 1);
  }

  /** Where an item stands, or would. */
  #placeOf(item: Place): number {
    let from = 0;
    let to = this.#list.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const other = this.#list[middle];
      if (other && order(other, item) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Below 0 when `a` comes first: the newer, or the one with the greater id. */
function order(a: Place, b: Place): number {
  const byTime = b.head.createdAt - a.head.createdAt;
  if (byTime !== 0) return byTime;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
