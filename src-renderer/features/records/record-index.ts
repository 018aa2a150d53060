/**
 * The list of records in memory: heads and, for each, its latest run and, by schema, what there is to
 * review. Plain and synchronous, so that the order of events can be tested; `records.svelte.ts` shows it.
 *
 * The list is kept in order: with 50,000 records, sorting it for every batch that comes would take
 * longer than reading them.
 */
import type { RecordHead } from '@domain/contract/record';
import type { ReviewSummary, RunSummary } from '../../data/repository';

/** What came of a record under one schema, to be reviewed by itself. */
export interface RecordResult {
  readonly schema: string;
  /** The newest one that did not only fail, if there is any; null where a person marked by hand. */
  readonly run: RunSummary | null;
  /** The first review of this version of the text, once anything of it is stored. */
  readonly review: ReviewSummary | null;
}

export interface RecordItem {
  readonly id: string;
  readonly head: RecordHead;
  /** The newest one of all. */
  readonly lastRun: RunSummary | null;
  /** By the ids of their schemas. */
  readonly results: readonly RecordResult[];
}

/** In the order in which work is left. */
const stages = ['waiting', 'under-way', 'done'] as const;
export type ResultStage = (typeof stages)[number];
export type ReviewStage = 'none' | ResultStage;

export function stageOfResult({ review }: Pick<RecordResult, 'review'>): ResultStage {
  if (!review) return 'waiting';
  return review.confirmedAt === null ? 'under-way' : 'done';
}

/** The result with the most left to review; null where there is none. */
export function leastFinished({ results }: Pick<RecordItem, 'results'>): RecordResult | null {
  const left = (result: RecordResult): number => stages.indexOf(stageOfResult(result));
  const open = ({ review }: RecordResult): number => review?.progress.open ?? 0;
  return results.reduce<RecordResult | null>((least, result) => {
    if (!least) return result;
    return (left(result) - left(least) || open(least) - open(result)) < 0 ? result : least;
  }, null);
}

/**
 * Where a record stands in the queue of reviews: where its least finished result does; `none` before there
 * is anything to review.
 */
export function reviewStage(item: Pick<RecordItem, 'results'>): ReviewStage {
  const least = leastFinished(item);
  return least ? stageOfResult(least) : 'none';
}

/** The run of a record under a schema that is shown; null where there is none. */
export function runUnder({ lastRun, results }: RecordItem, schema: string): RunSummary | null {
  return (
    results.find((result) => result.schema === schema)?.run ??
    (lastRun?.schema === schema ? lastRun : null)
  );
}

type Place = Pick<RecordItem, 'id' | 'head'>;

export class RecordIndex {
  readonly #items = new Map<string, RecordItem>();
  /** Those outside the bin, newest first. */
  #list: RecordItem[] = [];
  readonly #lastRuns = new Map<string, RunSummary>();
  /** One for each schema. */
  readonly #runs = new Map<string, readonly RunSummary[]>();
  readonly #reviews = new Map<string, readonly ReviewSummary[]>();

  clear(): void {
    this.#items.clear();
    this.#list = [];
    this.#lastRuns.clear();
    this.#runs.clear();
    this.#reviews.clear();
  }

  /** Forgets a record that was deleted for good. */
  remove(id: string): void {
    const item = this.#items.get(id);
    if (item) this.#takeOut(item);
    this.#items.delete(id);
    this.#lastRuns.delete(id);
    this.#runs.delete(id);
    this.#reviews.delete(id);
  }

  putHead(id: string, head: RecordHead): void {
    this.#put({ id, head, lastRun: this.#lastRuns.get(id) ?? null, results: this.#of(id, head) });
  }

  /** Keeps the run if it is the record's latest or that of its schema; runs may come in any order. */
  putRun(run: RunSummary): void {
    const { recordId } = run;
    const last = this.#lastRuns.get(recordId);
    if (!last || run.startedAt >= last.startedAt) this.#lastRuns.set(recordId, run);
    const runs = this.#runs.get(recordId) ?? [];
    const known = runs.find(({ schema }) => schema === run.schema);
    if (!known || supersedes(run, known)) {
      this.#runs.set(recordId, [...runs.filter((each) => each !== known), run]);
    }
    this.#renew(recordId);
  }

  putReview(review: ReviewSummary): void {
    if (review.role !== 'primary') return;
    const { id, recordId } = review;
    const others = (this.#reviews.get(recordId) ?? []).filter((each) => each.id !== id);
    this.#reviews.set(recordId, [...others, review]);
    this.#renew(recordId);
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

  #renew(id: string): void {
    const item = this.#items.get(id);
    if (item) this.putHead(id, item.head);
  }

  #of(id: string, head: RecordHead): readonly RecordResult[] {
    const runs = this.#runs.get(id) ?? [];
    // One of another version of the text says nothing of this one.
    const reviews = (this.#reviews.get(id) ?? []).filter(
      ({ textSha256 }) => textSha256 === head.textSha256,
    );
    const known = [...runs.filter(saysSomething), ...reviews];
    // That all of them failed is something to look at, too.
    const last = this.#lastRuns.get(id);
    const schemas = new Set(
      (known.length > 0 || !last ? known : [last]).map((each) => each.schema),
    );
    return [...schemas].sort().map((schema) => ({
      schema,
      run: runs.find((run) => run.schema === schema) ?? null,
      review: reviews.find((review) => review.schema === schema) ?? null,
    }));
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

function saysSomething({ status, factCount }: RunSummary): boolean {
  return status === 'completed' || factCount > 0;
}

/** Whether it takes the place of the other one of its schema: the later does, but none that only failed. */
function supersedes(run: RunSummary, known: RunSummary): boolean {
  return saysSomething(run) === saysSomething(known)
    ? run.startedAt >= known.startedAt
    : saysSomething(run);
}

/** Below 0 when `a` comes first: the newer, or the one with the greater id. */
function order(a: Place, b: Place): number {
  const byTime = b.head.createdAt - a.head.createdAt;
  if (byTime !== 0) return byTime;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
