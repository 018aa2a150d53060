/**
 * The order of the requests on one model. As many run as the model has sequences, each in turn with
 * its own; more would only wait for each other in the middle of their work. Batch requests begin when
 * nothing interactive is there; one that runs already is paused by the model's own pool.
 */
import type { Priority } from '../domain/contract/usage';
import { Cancelled } from '../domain/contract/rpc';

export interface QueuedRequest<T> {
  readonly priority: Priority;
  readonly signal: AbortSignal;
  /** Called once where it has to wait, with the number of requests before it. */
  onQueued(ahead: number): void;
  work(): Promise<T>;
}

export class RequestQueue {
  readonly #parallel: number;
  readonly #running: Record<Priority, number> = { interactive: 0, batch: 0 };
  readonly #waiting: Record<Priority, (() => void)[]> = { interactive: [], batch: [] };

  /** @param parallel requests of one kind that run at once */
  constructor(parallel: number) {
    this.#parallel = parallel;
  }

  get running(): number {
    return this.#running.interactive + this.#running.batch;
  }

  get waiting(): number {
    return this.#waiting.interactive.length + this.#waiting.batch.length;
  }

  /** Whether batch work waits for interactive work. */
  get isBatchPaused(): boolean {
    const batch = this.#running.batch + this.#waiting.batch.length;
    return batch > 0 && this.#running.interactive > 0;
  }

  /**
   * Works when it is its turn: interactive ones first, in the order asked.
   * @throws Cancelled at once when it is aborted before its turn
   */
  async run<T>({ priority, signal, onQueued, work }: QueuedRequest<T>): Promise<T> {
    if (signal.aborted) throw new Cancelled();
    if (!this.#mayStart(priority)) {
      const turn = this.#turn(priority, signal);
      onQueued(this.#before(priority));
      await turn;
    } else {
      this.#running[priority]++;
    }
    try {
      return await work();
    } finally {
      this.#running[priority]--;
      this.#startNext();
    }
  }

  #mayStart(priority: Priority): boolean {
    if (this.#waiting[priority].length > 0 || this.#running[priority] >= this.#parallel) {
      return false;
    }
    return priority === 'interactive' || this.#interactive === 0;
  }

  get #interactive(): number {
    return this.#running.interactive + this.#waiting.interactive.length;
  }

  /** Requests before the one that came last. */
  #before(priority: Priority): number {
    const same = this.#running[priority] + this.#waiting[priority].length - 1;
    return priority === 'interactive' ? same : same + this.#interactive;
  }

  #turn(priority: Priority, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting[priority];
      const cancel = (): void => {
        queue.splice(queue.indexOf(start), 1);
        reject(new Cancelled());
      };
      const start = (): void => {
        queue.splice(queue.indexOf(start), 1);
        signal.removeEventListener('abort', cancel);
        this.#running[priority]++;
        resolve();
      };
      queue.push(start);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  #startNext(): void {
    for (const priority of ['interactive', 'batch'] as const) {
      const room = this.#parallel - this.#running[priority];
      if (priority === 'batch' && this.#interactive > 0) return;
      for (const start of this.#waiting[priority].slice(0, Math.max(0, room))) start();
    }
  }
}
