/** Keeps the machine from falling asleep by itself while a batch goes on; the screen may go dark. */
import type { PowerSaveBlocker } from 'electron';

export class SleepPrevention {
  readonly #blocker: Pick<PowerSaveBlocker, 'start' | 'stop'>;
  #id: number | null = null;

  constructor(blocker: Pick<PowerSaveBlocker, 'start' | 'stop'>) {
    this.#blocker = blocker;
  }

  /** @param wanted whether something goes on just now */
  set(wanted: boolean): void {
    if (wanted === (this.#id !== null)) return;
    if (this.#id === null) {
      this.#id = this.#blocker.start('prevent-app-suspension');
      return;
    }
    this.#blocker.stop(this.#id);
    this.#id = null;
  }
}
