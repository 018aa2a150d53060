/** The models in memory: at most the small one that ships and one imported. */
import { AppError, problemOf } from '../domain/contract/errors';
import { modelAboutSchema, type ModelSlot, type ModelState } from '../domain/contract/host-port';
import type { Machine } from '../domain/contract/machine';
import type { ModelCard } from '../domain/contract/model-card';
import type { LoadPlan } from '../domain/contract/model-settings';
import { Cancelled } from '../domain/contract/rpc';
import type { LoadedLanguageModel } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';

/** Memory that may stay with the process after an unload without being worth a restart. */
const keptBytes = 256 * 1024 * 1024;

export interface LoadCommand {
  readonly slot: ModelSlot;
  readonly path: string;
  readonly card: ModelCard;
  readonly plan: LoadPlan;
}

export interface LoadedSlot {
  readonly model: LoadedLanguageModel;
  readonly card: ModelCard;
  /** Aborted when the model is to leave memory. */
  readonly leaving: AbortSignal;
}

interface Slot {
  abort: AbortController;
  /** Resident bytes of the process before it was loaded. */
  readonly before: number;
  loaded: LoadedSlot | null;
  /** Work that uses the model; it must have ended before the model may go. */
  readonly users: Set<Promise<unknown>>;
  /** Ends when the load has, however it ended. */
  done: Promise<void>;
}

export class ModelSlots {
  readonly #publish: (state: ModelState) => void;
  readonly #slots = new Map<ModelSlot, Slot>();
  /** Loads and unloads, one after the other: two imported models are never in memory together. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(publish: (state: ModelState) => void) {
    this.#publish = publish;
  }

  /**
   * Works with the model of this SHA-256, or with the first one that is ready. The model stays in
   * memory until the work has ended, which `leaving` asks it to do soon.
   * @throws AppError `MODEL_NOT_READY` where there is none, or where it has to leave
   */
  async use<T>(sha256: string | undefined, work: (loaded: LoadedSlot) => Promise<T>): Promise<T> {
    const slot = [...this.#slots.values()].find(
      ({ loaded }) => loaded && (sha256 === undefined || loaded.card.sha256 === sha256),
    );
    if (!slot?.loaded || slot.loaded.leaving.aborted) throw new AppError('MODEL_NOT_READY');
    const { loaded } = slot;
    const working = work(loaded);
    slot.users.add(working);
    try {
      return await working;
    } catch (error) {
      if (error instanceof Cancelled && loaded.leaving.aborted) {
        throw new AppError('MODEL_NOT_READY');
      }
      throw error;
    } finally {
      slot.users.delete(working);
    }
  }

  /** Resolves when the model is ready or has failed; which of them is published, never thrown. */
  async load(command: LoadCommand): Promise<void> {
    this.#slots.get(command.slot)?.abort.abort();
    return this.#inTurn(async () => {
      await this.#empty(command.slot);
      const slot: Slot = {
        abort: new AbortController(),
        before: process.memoryUsage.rss(),
        loaded: null,
        users: new Set(),
        done: Promise.resolve(),
      };
      this.#slots.set(command.slot, slot);
      slot.done = this.#fill(slot, command);
      await slot.done;
    });
  }

  /** @returns whether the memory went back to the system */
  async unload(name: ModelSlot): Promise<boolean> {
    this.#slots.get(name)?.abort.abort();
    return this.#inTurn(() => this.#empty(name));
  }

  /**
   * Ends all work and gives up every context with what it holds of records; the weights stay.
   * A model whose new context cannot be made is published as failed.
   */
  async forget(): Promise<void> {
    for (const { loaded, abort } of this.#slots.values()) if (loaded) abort.abort();
    await this.#inTurn(async () => {
      for (const [name, slot] of this.#slots) await this.#forgetIn(name, slot);
    });
  }

  async #forgetIn(name: ModelSlot, slot: Slot): Promise<void> {
    const { loaded } = slot;
    if (!loaded) return;
    await Promise.allSettled(slot.users);
    slot.abort = new AbortController();
    try {
      const model = await loaded.model.withFreshContext();
      slot.loaded = { ...loaded, model, leaving: slot.abort.signal };
    } catch (error) {
      slot.loaded = null;
      this.#slots.delete(name);
      const problem = problemOf(error);
      this.#publish({ phase: 'failed', slot: name, name: loaded.card.name, problem });
    }
  }

  async #fill(slot: Slot, { slot: name, path, card, plan }: LoadCommand): Promise<void> {
    const { signal } = slot.abort;
    const publish = (progress: number): void =>
      this.#publish({ phase: 'loading', slot: name, name: card.name, progress });
    publish(0);
    let last = 0;
    try {
      const model = await loadLlamaModel({
        path,
        ...plan,
        parameters: card.shape.parameters,
        signal,
        onProgress: (progress) => {
          // A 13B reports hundreds of steps; a person sees percents.
          if (signal.aborted || (progress - last < 0.01 && progress < 1)) return;
          last = progress;
          publish(progress);
        },
      });
      if (signal.aborted) {
        await model.dispose();
        return;
      }
      slot.loaded = { model, card, leaving: signal };
      this.#publish({
        phase: 'ready',
        slot: name,
        device: model.device,
        model: {
          id: card.id,
          name: card.name,
          standing: card.standing,
          sha256: card.sha256,
          contextSize: model.contextSize,
          sequences: model.sequences,
          schemas: card.capabilities.schemas,
          strategy: card.strategies[0]?.kind ?? '',
          about: modelAboutSchema.parse({ ...card, parameters: card.shape.parameters }),
        },
      });
    } catch (error) {
      this.#slots.delete(name);
      if (error instanceof Cancelled || signal.aborted) return;
      this.#publish({ phase: 'failed', slot: name, name: card.name, problem: problemOf(error) });
    }
  }

  async #empty(name: ModelSlot): Promise<boolean> {
    const slot = this.#slots.get(name);
    if (!slot) return true;
    await slot.done;
    this.#slots.delete(name);
    await Promise.allSettled(slot.users);
    await slot.loaded?.model.dispose();
    slot.loaded = null;
    return process.memoryUsage.rss() - slot.before < keptBytes;
  }

  /** Resolves when no load or unload is going on, so that what is free is free. */
  settled(): Promise<void> {
    return this.#inTurn(() => Promise.resolve());
  }

  /** What would be free again without the imported model: it goes before another one comes. */
  withoutImported(machine: Machine): Machine {
    const model = this.#slots.get('imported')?.loaded?.model;
    if (!model) return machine;
    const { ramBytes, vramBytes } = model.memory();
    return {
      ...machine,
      ramAvailable: machine.ramAvailable + ramBytes,
      devices: machine.devices.map((device) =>
        device.kind === model.device.kind
          ? { ...device, vramFree: Math.min(device.vramTotal, device.vramFree + vramBytes) }
          : device,
      ),
    };
  }

  /** Bytes on graphics cards; null where no model is on one. */
  videoBytes(): number | null {
    const onCards = [...this.#slots.values()].flatMap(({ loaded }) =>
      loaded && loaded.model.device.kind !== 'cpu' ? [loaded.model.memory().vramBytes] : [],
    );
    return onCards.length === 0 ? null : onCards.reduce((sum, bytes) => sum + bytes, 0);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
