/** When the vault locks by itself: nobody at the desk, the system's own lock, sleep. */
import type { PowerMonitor, WebContents } from 'electron';
import type { LockReason } from '../domain/contract/vault';

const lookEveryMs = 2_000;

export interface LockTriggersOptions {
  readonly powerMonitor: PowerMonitor;
  /** Milliseconds without a hand on mouse or keyboard; asked at each look. */
  idleLimit(): number;
  lock(reason: LockReason): void;
}

export class LockTriggers {
  readonly #options: LockTriggersOptions;
  #lastInput = performance.now();
  /** Some desktops (Wayland without the right protocol) always say 0. */
  #systemTells = false;

  constructor(options: LockTriggersOptions) {
    this.#options = options;
    const { powerMonitor, lock } = options;
    powerMonitor.on('lock-screen', () => lock('system-lock'));
    powerMonitor.on('suspend', () => lock('sleep'));
    powerMonitor.on('shutdown', () => lock('sleep'));
    setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** Follows a window's keys and pointer, for desktops that do not tell how long nobody was there. */
  watch(contents: WebContents): void {
    contents.on('input-event', () => {
      this.#lastInput = performance.now();
    });
  }

  /** Somebody has just signed in. */
  awake(): void {
    this.#lastInput = performance.now();
  }

  #look(): void {
    const limit = this.#options.idleLimit();
    const systemIdle = this.#options.powerMonitor.getSystemIdleTime() * 1000;
    if (systemIdle > 0) this.#systemTells = true;
    const idle = this.#systemTells ? systemIdle : performance.now() - this.#lastInput;
    if (idle >= limit) this.#options.lock('idle');
  }
}
