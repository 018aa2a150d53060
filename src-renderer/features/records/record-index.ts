/**
 * The list of records in memory: heads and, for each, its latest run. Plain and synchronous, so
 * that the order of events can be tested; `records.svelte.ts` shows it.
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

export class RecordIndex {
  readonly #heads = new Map<string, RecordHead>();
  readonly #lastRuns = new Map<string, RunSummary>();
  readonly #reviews = new Map<string, ReviewSummary>();

  clear(): void {
    this.#heads.clear();
    this.#lastRuns.clear();
    this.#reviews.clear();
  }

  /** Forgets a record that was deleted for good. */
  remove(id: string): void {
    this.#heads.delete(id);
    this.#lastRuns.delete(id);
    this.#reviews.delete(id);
  }

  putReview(review: ReviewSummary): void {
    if (review.role === 'primary') this.#reviews.set(review.recordId, review);
  }

  putHead(id: string, head: RecordHead): void {
    this.#heads.set(id, head);
  }

  /** Keeps the run if it is the record's latest; runs may come in any order. */
  putRun(run: RunSummary): void {
    const known = this.#lastRuns.get(run.recordId);
    if (!known || run.startedAt >= known.startedAt) this.#lastRuns.set(run.recordId, run);
  }

  get(id: string): RecordItem | null {
    const head = this.#heads.get(id);
    return head ? this.#item(id, head) : null;
  }

  /** Records in the bin, those deleted last first. */
  bin(): RecordItem[] {
    const items: RecordItem[] = [];
    for (const [id, head] of this.#heads) {
      if (head.deletedAt !== null) items.push(this.#item(id, head));
    }
    return items.sort((a, b) => (b.head.deletedAt ?? 0) - (a.head.deletedAt ?? 0));
  }

  /** Records outside the bin, newest first. */
  list(): RecordItem[] {
    const items: RecordItem[] = [];
    for (const [id, head] of this.#heads) {
      if (head.deletedAt === null) items.push(this.#item(id, head));
    }
    return items.sort(
      (a, b) => b.head.createdAt - a.head.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
    );
  }

  #item(id: string, head: RecordHead): RecordItem {
    const review = this.#reviews.get(id);
    return {
      ...{ id, head },
      lastRun: this.#lastRuns.get(id) ?? null,
      review: review?.textSha256 === head.textSha256 ? review : null,
    };
  }
}
