/** The requests on one model since it was loaded: their order, and what they cost. */
import type { ModelActivity } from '../domain/contract/host-port';
import type { Speed } from '../domain/contract/usage';
import { UsageMeter } from '../tasks/usage-meter';
import { RequestQueue, type QueuedRequest } from './request-queue';

export interface MeteredRequest<T> extends Omit<QueuedRequest<T>, 'work'> {
  work(meter: UsageMeter): Promise<T>;
}

export class ModelWork {
  readonly #queue: RequestQueue;
  /** Of the requests at work; their numbers still grow. */
  readonly #meters = new Set<UsageMeter>();
  /** Prompt tokens of the requests that have ended, however they did. */
  readonly #ended = { promptTokens: 0, reusedTokens: 0 };
  /** Of the requests that have ended; the latest one that evaluated anything counts. */
  #lastSpeed: Speed = { prefill: null, decode: null };

  constructor(sequences: number) {
    this.#queue = new RequestQueue(sequences);
  }

  /** @throws Cancelled, and whatever the work throws */
  run<T>(request: MeteredRequest<T>): Promise<T> {
    return this.#queue.run({
      priority: request.priority,
      signal: request.signal,
      onQueued: (ahead) => request.onQueued(ahead),
      work: async () => {
        const meter = new UsageMeter();
        this.#meters.add(meter);
        try {
          return await request.work(meter);
        } finally {
          this.#meters.delete(meter);
          this.#lastSpeed = this.#speedWith(meter);
          this.#ended.promptTokens += meter.usage.promptTokens;
          this.#ended.reusedTokens += meter.usage.reusedTokens;
        }
      },
    });
  }

  get activity(): Omit<ModelActivity, 'sha256'> {
    const { running, waiting, isBatchPaused } = this.#queue;
    const latest = [...this.#meters].at(-1);
    const speed = latest ? this.#speedWith(latest) : this.#lastSpeed;
    return { running, waiting, isBatchPaused, prefixHitRate: this.#hitRate, speed };
  }

  get #hitRate(): number | null {
    let { promptTokens, reusedTokens } = this.#ended;
    for (const { usage } of this.#meters) {
      promptTokens += usage.promptTokens;
      reusedTokens += usage.reusedTokens;
    }
    return promptTokens > 0 ? reusedTokens / promptTokens : null;
  }

  #speedWith({ speed }: UsageMeter): Speed {
    return {
      prefill: speed.prefill ?? this.#lastSpeed.prefill,
      decode: speed.decode ?? this.#lastSpeed.decode,
    };
  }
}
