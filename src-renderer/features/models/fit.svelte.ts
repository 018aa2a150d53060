/** How one model would fit this machine, while a person changes how it is to be loaded. */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { Alternative, ModelFit } from '@domain/contract/fit';
import type { Bridge } from '@domain/contract/ipc';
import type { ModelSettings } from '@domain/contract/model-settings';
import { invoke } from '../../data/bridge';

export class FitState {
  readonly #bridge: Bridge;
  readonly #id: string;
  #fit = $state.raw<ModelFit | null>(null);
  #problem = $state.raw<Problem | null>(null);
  /** On screen, also while their fit is being found out. */
  #settings = $state.raw<ModelSettings | null>(null);
  #kept = $state.raw<ModelSettings | null>(null);
  #saved = $state(false);
  /** Counts what was asked, so that a slow answer never covers a later one. */
  #turn = 0;

  constructor(bridge: Bridge, id: string) {
    this.#bridge = bridge;
    this.#id = id;
  }

  /** The newest fit that there is; one that was refused leaves the one before. */
  get fit(): ModelFit | null {
    return this.#fit;
  }
  /** Why the settings on screen are impossible, or the fit could not be found out. */
  get problem(): Problem | null {
    return this.#problem;
  }
  /** Whether the settings on screen differ from the ones that are kept. */
  get changed(): boolean {
    return JSON.stringify(this.#settings) !== JSON.stringify(this.#kept);
  }
  /** As they are on screen. */
  get settings(): ModelSettings | null {
    return this.#settings;
  }
  get saved(): boolean {
    return this.#saved;
  }

  /** With the settings that are kept. */
  async load(): Promise<void> {
    await this.#ask(undefined);
    this.#kept = this.#fit?.settings ?? null;
  }

  async set<K extends keyof ModelSettings>(name: K, value: ModelSettings[K]): Promise<void> {
    if (this.#settings) await this.#ask({ ...this.#settings, [name]: value });
  }

  /** Takes up what was offered instead; another file is not ours to take. */
  async take(alternative: Alternative): Promise<void> {
    if (!this.#settings || alternative.change === 'quantization') return;
    await this.#ask({ ...this.#settings, [alternative.change]: alternative.value });
  }

  async save(): Promise<void> {
    const settings = this.#settings;
    if (!settings) return;
    try {
      await invoke(this.#bridge, 'library.settings', { id: this.#id, settings });
      this.#kept = settings;
      this.#saved = true;
    } catch (error) {
      this.#problem = problemOf(error);
    }
  }

  async #ask(settings: ModelSettings | undefined): Promise<void> {
    const turn = ++this.#turn;
    if (settings) this.#settings = settings;
    try {
      const fit = await invoke(this.#bridge, 'library.fit', {
        id: this.#id,
        ...(settings ? { settings } : {}),
      });
      if (turn !== this.#turn) return;
      this.#fit = fit;
      this.#settings = fit.settings;
      this.#problem = null;
    } catch (error) {
      if (turn === this.#turn) this.#problem = problemOf(error);
    }
    this.#saved = false;
  }
}
