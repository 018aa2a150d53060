/** The loaded model and the requests on it; what the host process is without its ports. */
import { AppError, problemOf } from '../domain/contract/errors';
import { modelAboutSchema, type HostMethods, type HostState } from '../domain/contract/host-port';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled, type Handlers } from '../domain/contract/rpc';
import type { LanguageModel } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';
import { extract } from '../tasks/extraction/extract';

/** Sequences of a small model's context: they share batches, which a large model on a CPU gains little from. */
const smallModelSequences = 4;
const smallModelParameters = 200_000_000;

export interface LoadCommand {
  readonly path: string;
  readonly card: ModelCard;
  readonly device: 'auto' | 'cpu';
  readonly threads?: number | undefined;
}

export class ModelService {
  readonly #publish: (state: HostState) => void;
  #loaded: { model: LanguageModel; card: ModelCard } | null = null;
  /** One run at a time, in the order asked; each window of a run may use several sequences. */
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(publish: (state: HostState) => void) {
    this.#publish = publish;
  }

  readonly handlers: Handlers<HostMethods> = {
    'extraction.run': async (request, { signal, emit }) => {
      const loaded = this.#loaded;
      if (!loaded) throw new AppError('MODEL_NOT_READY');
      if (this.#waiting > 0) emit({ kind: 'queued', ahead: this.#waiting });
      return this.#inTurn(signal, () => extract(request, { ...loaded, signal, onEvent: emit }));
    },
  };

  async load(command: LoadCommand): Promise<void> {
    const { card, path } = command;
    this.#publish({ phase: 'loading', progress: 0, name: card.name });
    let last = 0;
    try {
      const model = await loadLlamaModel({
        path,
        contextSize: card.context,
        sequences: card.shape.parameters < smallModelParameters ? smallModelSequences : 1,
        parameters: card.shape.parameters,
        backend: command.device,
        ...(command.threads === undefined ? {} : { threads: command.threads }),
        onProgress: (progress) => {
          // A 13B reports hundreds of steps; a person sees percents.
          if (progress - last < 0.01 && progress < 1) return;
          last = progress;
          this.#publish({ phase: 'loading', progress, name: card.name });
        },
      });
      this.#loaded = { model, card };
      this.#publish({
        phase: 'ready',
        device: model.device,
        model: {
          id: card.id,
          name: card.name,
          standing: card.standing,
          sha256: card.sha256,
          contextSize: model.contextSize,
          schemas: card.capabilities.schemas,
          strategy: card.strategies[0]?.kind ?? '',
          about: modelAboutSchema.parse({ ...card, parameters: card.shape.parameters }),
        },
      });
    } catch (error) {
      this.#publish({ phase: 'failed', problem: problemOf(error) });
    }
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.model.dispose();
  }

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
