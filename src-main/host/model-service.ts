/** The requests on the models in memory; what the host process is without its ports. */
import type { Activity, HostMethods } from '../domain/contract/host-port';
import type { Handlers } from '../domain/contract/rpc';
import type { Priority } from '../domain/contract/usage';
import { findSections } from '../domain/rules/sections';
import { draftReplies } from '../tasks/dialogue/draft';
import { planDraft } from '../tasks/dialogue/draft-plan';
import { extract, previewPrompt } from '../tasks/extraction/extract';
import { answerQuestion } from '../tasks/qa/answer';
import { previewQuestion } from '../tasks/qa/preview';
import type { UsageMeter } from '../tasks/usage-meter';
import type { LoadedSlot, ModelSlots } from './model-slots';
import { ModelWork } from './model-work';

interface Call {
  readonly signal: AbortSignal;
  emit(event: { readonly kind: 'queued'; readonly ahead: number }): void;
}

type WorkContext = Pick<LoadedSlot, 'model' | 'card'> & {
  readonly signal: AbortSignal;
  readonly meter: UsageMeter;
};

export class ModelService {
  readonly #slots: ModelSlots;
  readonly #work = new Map<LoadedSlot, ModelWork>();

  constructor(slots: ModelSlots) {
    this.#slots = slots;
  }

  readonly handlers: Handlers<HostMethods> = {
    'extraction.run': (request, call) =>
      this.#on(request, call, (context) => extract(request, { ...context, onEvent: call.emit })),
    'qa.ask': (request, call) =>
      this.#on(request, call, (context) =>
        answerQuestion(request, { ...context, findSections, onEvent: call.emit }),
      ),
    'qa.preview': async (request) =>
      this.#slots.use(request.model, (loaded) =>
        Promise.resolve(previewQuestion(request, { ...loaded, findSections })),
      ),
    'dialogue.draft': (request, call) =>
      this.#on(request, call, (context) =>
        draftReplies(request, { ...context, onEvent: call.emit }),
      ),
    'dialogue.preview': async (request) =>
      this.#slots.use(request.model, (loaded) =>
        Promise.resolve(planDraft(request, loaded).preview),
      ),
    'prompt.preview': async (request) =>
      this.#slots.use(request.model, (loaded) => Promise.resolve(previewPrompt(request, loaded))),
  };

  /** In its turn, on the model that is asked for. */
  #on<T>(
    {
      model: wanted,
      priority = 'interactive',
    }: { model?: string | undefined; priority?: Priority | undefined },
    { signal: asked, emit }: Call,
    work: (context: WorkContext) => Promise<T>,
  ): Promise<T> {
    return this.#slots.use(wanted, (loaded) => {
      const { model, card, leaving } = loaded;
      const signal = AbortSignal.any([asked, leaving]);
      return this.#workOn(loaded).run({
        priority,
        signal,
        onQueued: (ahead) => emit({ kind: 'queued', ahead }),
        work: (meter) => work({ model, card, signal, meter }),
      });
    });
  }

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
