/** Tells of batches a few times a second, however quickly they go. */
import type { BatchItem, BatchSummary } from '../../domain/contract/batch';
import type { BatchesPayload } from '../../domain/contract/worker-port';

/** Milliseconds between two messages. */
const everyMs = 250;
/** Records whose changes are sent one by one; of more, a window asks for all. */
const mostItems = 400;

export interface NewsSource {
  readonly summaries: BatchSummary[];
  itemsOf(batchId: string, numbers: readonly number[]): BatchItem[];
}

export class BatchNews {
  readonly #source: () => NewsSource | null;
  readonly #send: (payload: BatchesPayload) => void;
  readonly #changed = new Map<string, Set<number>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(source: () => NewsSource | null, send: (payload: BatchesPayload) => void) {
    this.#source = source;
    this.#send = send;
  }

  changed(batchId: string, numbers: readonly number[]): void {
    const known = this.#changed.get(batchId) ?? new Set();
    for (const number of numbers) if (known.size <= mostItems) known.add(number);
    this.#changed.set(batchId, known);
    this.#timer ??= setTimeout(() => this.flush(), everyMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const source = this.#source();
    if (!source) return;
    const changed = [...this.#changed].map(([batchId, numbers]) => ({
      batchId,
      items: numbers.size > mostItems ? null : source.itemsOf(batchId, [...numbers]),
    }));
    this.#changed.clear();
    this.#send({ batches: source.summaries, changed });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
