/** The requests on the models in memory; what the host process is without its ports. */
import type { HostMethods } from '../domain/contract/host-port';
import { Cancelled, type Handlers } from '../domain/contract/rpc';
import { extract } from '../tasks/extraction/extract';
import type { ModelSlots } from './model-slots';

export class ModelService {
  readonly #slots: ModelSlots;
  /** One run at a time, in the order asked; each window of a run may use several sequences. */
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(slots: ModelSlots) {
    this.#slots = slots;
  }

  readonly handlers: Handlers<HostMethods> = {
    'extraction.run': async (request, { signal: asked, emit }) =>
      this.#slots.use(request.model, ({ model, card, leaving }) => {
        const signal = AbortSignal.any([asked, leaving]);
        if (this.#waiting > 0) emit({ kind: 'queued', ahead: this.#waiting });
        return this.#inTurn(signal, () => extract(request, { model, card, signal, onEvent: emit }));
      }),
  };

  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (signal.aborted) throw new Cancelled();
      return work();
    });
    this.#waiting++;
    // The next in line waits for the end of this one, however it ends.
    this.#queue = turn.catch(() => undefined).finally(() => this.#waiting--);
    // Whoever is cancelled while waiting need not wait for it.
    const cancelled = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Cancelled()), { once: true });
    });
    return Promise.race([turn, cancelled]);
  }
}
