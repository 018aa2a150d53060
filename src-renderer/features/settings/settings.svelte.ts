/** Preferences of this desktop: applied to the page at once, kept by main. */
import type { Bridge, Settings } from '@domain/contract/ipc';
import { invoke } from '../../data/bridge';
import { i18n } from '../../ui/i18n.svelte';

/** The page's part of applying settings; main applies the zoom. */
export interface SettingsTarget {
  apply(settings: Settings): void;
}

export class SettingsState {
  readonly #bridge: Bridge;
  readonly #target: SettingsTarget;
  #known = $state(false);
  #current = $state.raw<Settings>({ locale: 'zh-CN', theme: 'system', zoom: 1 });

  constructor(bridge: Bridge, target: SettingsTarget) {
    this.#bridge = bridge;
    this.#target = target;
  }

  get current(): Settings {
    return this.#current;
  }

  /** Whether main has answered, be it with a failure: until then the values are guesses. */
  get known(): boolean {
    return this.#known;
  }

  async load(): Promise<void> {
    try {
      this.#show(await invoke(this.#bridge, 'settings.get'));
    } finally {
      this.#known = true;
    }
  }

  /** Shows the change at once and keeps what main answers. @throws AppError when it was not kept */
  async change(part: Partial<Settings>): Promise<void> {
    this.#show({ ...this.#current, ...part });
    this.#show(await invoke(this.#bridge, 'settings.set', part));
  }

  #show(settings: Settings): void {
    this.#current = settings;
    i18n.locale = settings.locale;
    this.#target.apply(settings);
  }
}
