/** The batches as this page knows them; the worker has them, and tells how they go. */
import type { BatchItem, BatchItemState, BatchSummary } from '@domain/contract/batch';
import type { RpcClient } from '@domain/contract/rpc';
import {
  batchesPayloadSchema,
  batchesTopic,
  type BatchesPayload,
  type WorkerMethods,
} from '@domain/contract/worker-port';
import type { Notices } from '../../ui/notices.svelte';
import { resultsOf, type BatchResults } from './batch-part';

/** What is needed of the connection to the worker. */
export interface WorkerLink {
  ready(): Promise<RpcClient<WorkerMethods>>;
  onClient(listener: (client: RpcClient<WorkerMethods>) => void): () => void;
}

type Control = 'batch.pause' | 'batch.resume' | 'batch.cancel' | 'batch.retry' | 'batch.remove';

export class BatchesState {
  readonly #worker: WorkerLink;
  readonly #notices: Notices;
  #batches = $state.raw<readonly BatchSummary[]>([]);
  #selectedId = $state<string | null>(null);
  /** Of the selected batch, in its order. */
  #items = $state.raw<readonly BatchItem[]>([]);
  #selectedItem = $state<number | null>(null);
  #filter = $state<BatchItemState | null>(null);
  /** Counts the questions, so that a slow answer never covers a later one. */
  #turn = 0;
  /** Whether the items could not be had, and so may miss what became of them. */
  #isStale = false;

  constructor(worker: WorkerLink, notices: Notices) {
    this.#worker = worker;
    this.#notices = notices;
  }

  /** Newest first. */
  get list(): readonly BatchSummary[] {
    return this.#batches;
  }
  get selected(): BatchSummary | null {
    return this.#batches.find(({ id }) => id === this.#selectedId) ?? null;
  }
  get filter(): BatchItemState | null {
    return this.#filter;
  }
  set filter(state: BatchItemState | null) {
    this.#filter = state;
  }
  /** Those that the filter lets through. */
  get items(): readonly BatchItem[] {
    const filter = this.#filter;
    return filter === null ? this.#items : this.#items.filter(({ state }) => state === filter);
  }
  get selectedItem(): BatchItem | null {
    return this.#items.find(({ number }) => number === this.#selectedItem) ?? null;
  }
  /** What of the selected batch can be exported. @param isThere whether a record is outside of the bin */
  results(isThere: (recordId: string) => boolean): BatchResults | null {
    const { selected } = this;
    return selected && resultsOf(selected, this.#items, isThere);
  }
  /** Of those that are shown; -1 where none is selected. */
  get selectedIndex(): number {
    return this.items.findIndex(({ number }) => number === this.#selectedItem);
  }

  /** Follows the worker from now on, and each one after it. */
  follow(): void {
    this.#worker.onClient((client) => {
      client.on(batchesTopic, (raw) => {
        const payload = batchesPayloadSchema.safeParse(raw);
        if (payload.success) this.#hear(payload.data);
      });
      client.call('batch.list', {}).then(
        ({ batches }) => this.#hear({ batches, changed: [] }),
        // A worker that went away is followed by the next one.
        () => undefined,
      );
      if (this.#selectedId !== null) void this.#load(this.#selectedId);
    });
  }

  select(id: string | null): void {
    if (this.#selectedId === id) return;
    this.#selectedId = id;
    this.#selectedItem = null;
    this.#filter = null;
    this.#items = [];
    if (id !== null) void this.#load(id);
  }

  selectItem(number: number | null): void {
    this.#selectedItem = number;
  }

  control(method: Control, items?: readonly number[]): void {
    const batchId = this.#selectedId;
    if (batchId === null) return;
    this.#attempt(async () => {
      const client = await this.#worker.ready();
      const only = items && (method === 'batch.cancel' || method === 'batch.retry');
      await client.call(method, { batchId, ...(only ? { items: [...items] } : {}) });
    });
  }

  /** Puts a record that waits before the first, one place up or down, or before another one. */
  move(number: number, where: 'first' | 'up' | 'down' | { readonly before: number }): void {
    const batchId = this.#selectedId;
    if (batchId === null) return;
    const waiting = this.#items
      .filter(({ state }) => state === 'waiting')
      .map((item) => item.number);
    const at = waiting.indexOf(number);
    if (at < 0) return;
    const before = this.#placeFor(waiting, at, where);
    if (before === undefined || before === number) return;
    this.#attempt(async () => {
      const client = await this.#worker.ready();
      await client.call('batch.move', { batchId, items: [number], before });
      await this.#load(batchId);
    });
  }

  #placeFor(
    waiting: readonly number[],
    at: number,
    where: Parameters<BatchesState['move']>[1],
  ): number | null | undefined {
    if (where === 'first') return at === 0 ? undefined : waiting[0];
    if (where === 'up') return at === 0 ? undefined : waiting[at - 1];
    if (where === 'down') return at + 1 >= waiting.length ? undefined : (waiting[at + 2] ?? null);
    return waiting.includes(where.before) ? where.before : undefined;
  }

  #hear({ batches, changed }: BatchesPayload): void {
    this.#batches = [...batches].reverse();
    const selected = this.#selectedId;
    if (selected === null || !batches.some(({ id }) => id === selected)) {
      this.select(batches.at(-1)?.id ?? null);
      return;
    }
    if (this.#isStale) {
      void this.#load(selected);
      return;
    }
    const mine = changed.find(({ batchId }) => batchId === selected);
    if (!mine) return;
    if (mine.items === null || mine.items.length === 0) {
      // Of more changes than are worth naming, or of the whole.
      if (mine.items === null || this.#items.length !== this.selected?.counts.total) {
        void this.#load(selected);
      }
      return;
    }
    this.#put(mine.items);
  }

  /** Known ones stay where they are; new ones come last, as they were imported. */
  #put(items: readonly BatchItem[]): void {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
    const changed = new Map(items.map((item) => [item.number, item]));
    const next = this.#items.map((item) => {
      const now = changed.get(item.number);
      changed.delete(item.number);
      return now ?? item;
    });
    const fresh = [...changed.values()].sort((a, b) => a.number - b.number);
    this.#items = [...next, ...fresh];
  }

  async #load(batchId: string): Promise<void> {
    const turn = ++this.#turn;
    this.#isStale = false;
    try {
      const client = await this.#worker.ready();
      const items: BatchItem[] = [];
      await client.call('batch.items', { batchId }, { onEvent: (some) => items.push(...some) });
      if (turn === this.#turn && batchId === this.#selectedId) this.#items = items;
    } catch {
      // It was taken off the list meanwhile, or the worker went away: with the next news, again.
      if (turn === this.#turn) this.#isStale = true;
    }
  }

  #attempt(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#notices.error(error));
  }
}
