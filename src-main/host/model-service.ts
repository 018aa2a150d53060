/** The requests on the models in memory; what the host process is without its ports. */
import type { Activity, HostMethods } from '../domain/contract/host-port';
import type { Handlers } from '../domain/contract/rpc';
import { extract, previewPrompt } from '../tasks/extraction/extract';
import type { LoadedSlot, ModelSlots } from './model-slots';
import { ModelWork } from './model-work';

export class ModelService {
  readonly #slots: ModelSlots;
  readonly #work = new Map<LoadedSlot, ModelWork>();

  constructor(slots: ModelSlots) {
    this.#slots = slots;
  }

  readonly handlers: Handlers<HostMethods> = {
    'extraction.run': async (request, { signal: asked, emit }) =>
      this.#slots.use(request.model, (loaded) => {
        const { model, card, leaving } = loaded;
        const signal = AbortSignal.any([asked, leaving]);
        return this.#workOn(loaded).run({
          priority: request.priority ?? 'interactive',
          signal,
          onQueued: (ahead) => emit({ kind: 'queued', ahead }),
          work: (meter) => extract(request, { model, card, signal, meter, onEvent: emit }),
        });
      }),
    'prompt.preview': async (request) =>
      this.#slots.use(request.model, (loaded) => Promise.resolve(previewPrompt(request, loaded))),
  };

  get activity(): Activity {
    return {
      models: [...this.#work].map(([{ card }, work]) => ({
        sha256: card.sha256,
        ...work.activity,
      })),
    };
  }

  #workOn(loaded: LoadedSlot): ModelWork {
    let work = this.#work.get(loaded);
    if (!work) {
      work = new ModelWork(loaded.model.sequences);
      this.#work.set(loaded, work);
      loaded.leaving.addEventListener('abort', () => this.#work.delete(loaded), { once: true });
    }
    return work;
  }
}
