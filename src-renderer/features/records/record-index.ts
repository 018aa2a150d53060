/**
 * The list of records in memory: heads and, for each, its latest run. Plain and synchronous, so
 * that the order of events can be tested; `records.svelte.ts` shows it.
 */
import type { RecordHead } from '@domain/contract/record';
import type { RunSummary } from '../../data/repository';

export interface RecordItem {
  readonly id: string;
  readonly head: RecordHead;
  readonly lastRun: RunSummary | null;
}

export class RecordIndex {
  readonly #heads = new Map<string, RecordHead>();
  readonly #lastRuns = new Map<string, RunSummary>();

  clear(): void {
    this.#heads.clear();
    this.#lastRuns.clear();
  }

  /** Forgets a record that was deleted for good. */
  remove(id: string): void {
    this.#heads.delete(id);
    this.#lastRuns.delete(id);
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
    return head ? { id, head, lastRun: this.#lastRuns.get(id) ?? null } : null;
  }

  /** Records in the bin, those deleted last first. */
  bin(): RecordItem[] {
    const items: RecordItem[] = [];
    for (const [id, head] of this.#heads) {
      if (head.deletedAt !== null) {
        items.push({ id, head, lastRun: this.#lastRuns.get(id) ?? null });
      }
    }
    return items.sort((a, b) => (b.head.deletedAt ?? 0) - (a.head.deletedAt ?? 0));
  }

  /** Records outside the bin, newest first. */
  list(): RecordItem[] {
    const items: RecordItem[] = [];
    for (const [id, head] of this.#heads) {
      if (head.deletedAt === null) {
        items.push({ id, head, lastRun: this.#lastRuns.get(id) ?? null });
      }
    }
    return items.sort(
      (a, b) => b.head.createdAt - a.head.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
    );
  }
}
