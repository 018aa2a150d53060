/** How a change of the data key goes, as main says. */
import type { Bridge } from '@domain/contract/ipc';
import type { RotationState } from '@domain/contract/rotation';
import { AppError } from '@domain/contract/errors';
import { invoke } from '../../data/bridge';
import { i18n } from '../../ui/i18n.svelte';
import type { Notices } from '../../ui/notices.svelte';

export class RotationModel {
  readonly #bridge: Bridge;
  #state = $state.raw<RotationState>({ phase: 'idle' });

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  get state(): RotationState {
    return this.#state;
  }

  /** Follows main from now on, and says how one went that this page began anew after. */
  async follow(notices: Notices): Promise<void> {
    let pushed = false;
    this.#bridge.subscribe('rotation.state', (state) => {
      pushed = true;
      this.#state = state;
    });
    const state = await invoke(this.#bridge, 'rotation.state');
    if (!pushed) this.#state = state;
    if (state.phase === 'done') notices.toast(i18n.m.rotation.done);
    else if (state.phase === 'failed')
      notices.error(new AppError(state.problem.code, state.problem), i18n.m.rotation.failed);
    else return;
    await invoke(this.#bridge, 'rotation.seen');
  }

  /** @throws AppError `PASSPHRASE_WRONG`, `SIGN_IN_DELAYED`, `FORBIDDEN_ROLE` before anything is begun */
  start(passphrase: string): Promise<void> {
    return invoke(this.#bridge, 'rotation.start', { passphrase });
  }
}
