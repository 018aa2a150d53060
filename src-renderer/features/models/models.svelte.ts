/** What a person is told of the loaded model: the notice above a run, and the dialog with its card. */
import type { LoadedModel } from '@domain/contract/host-port';
import { isBuiltInModel } from '@domain/contract/model-card';
import type { Notices } from '../../ui/notices.svelte';
import type { SettingsState } from '../settings';
import type { SystemState } from '../status';

/** `builtIn` is shown until it was read once; the others for as long as such a model is loaded. */
export type ModelNotice = 'test' | 'provisional' | 'builtIn';

/** What the dialog begins with; it always holds both. */
export type ModelTopic = 'card' | 'chimedGpt';

export class ModelsState {
  readonly #system: SystemState;
  readonly #settings: SettingsState;
  readonly #notices: Notices;
  #topic = $state<ModelTopic>('card');
  dialogOpen = $state(false);

  constructor(system: SystemState, settings: SettingsState, notices: Notices) {
    this.#system = system;
    this.#settings = settings;
    this.#notices = notices;
  }

  get model(): LoadedModel | null {
    return this.#system.model;
  }

  get topic(): ModelTopic {
    return this.#topic;
  }

  get notice(): ModelNotice | null {
    const { model } = this;
    if (!model) return null;
    if (model.standing === 'test' || model.standing === 'provisional') return model.standing;
    // Before the settings are known a notice that was read long ago would flash up.
    const unread = this.#settings.known && this.#settings.current.modelNoticeRead !== model.sha256;
    return isBuiltInModel(model) && unread ? 'builtIn' : null;
  }

  /** Notes the built-in model's notice as read, also for the next starts. */
  dismissNotice(): void {
    if (!this.model || this.notice !== 'builtIn') return;
    this.#settings
      .change({ modelNoticeRead: this.model.sha256 })
      .catch((error: unknown) => this.#notices.error(error));
  }

  show(topic: ModelTopic): void {
    if (!this.model) return;
    this.#topic = topic;
    this.dialogOpen = true;
  }
}
