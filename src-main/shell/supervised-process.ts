/**
 * A utility process that is started again when it dies, from main.
 *
 * Only the `exit` event always fires (uncaught errors and process.exit give no `child-process-gone`).
 * Several deaths in a short time end the attempts, until a person asks for another.
 */
import {
  MessageChannelMain,
  utilityProcess,
  type MessagePortMain,
  type UtilityProcess,
} from 'electron';
import { endProcess } from './end-process';

export interface SupervisedOptions {
  /** Path of the process's built entry. */
  readonly entry: string;
  /** Name under which the system lists it. */
  readonly serviceName: string;
  /** Deaths within a minute after which it is not started again. */
  readonly mostDeaths: number;
  /** Added to the environment that it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** It runs: the time to give it what it needs. */
  onSpawn(child: UtilityProcess): void;
  onMessage(message: unknown): void;
  /**
   * It ended without being asked to, or was ended by `renew`. `again` says whether it is being started
   * again.
   */
  onEnd(end: { readonly again: boolean; readonly renewed: boolean }): void;
}

const deathsWithinMs = 60_000;

export class SupervisedProcess {
  readonly #options: SupervisedOptions;
  #child: UtilityProcess | null = null;
  #deaths: number[] = [];
  #stopping = false;
  #renewing: UtilityProcess | null = null;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** The running child; null between a death and the next start. */
  get child(): UtilityProcess | null {
    return this.#child;
  }

  /** Starts it, unless it runs. */
  start(): void {
    if (this.#child || this.#stopping) return;
    const { entry, serviceName, env, onSpawn, onMessage } = this.#options;
    const child = utilityProcess.fork(entry, [], {
      serviceName,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.on('message', (message: unknown) => {
      if (this.#child === child) onMessage(message);
    });
    child.once('spawn', () => {
      if (this.#child === child) onSpawn(child);
    });
    child.once('exit', () => this.#died(child));
  }

  /** Forgets earlier deaths, so that it is tried as often as at first. */
  forgive(): void {
    this.#deaths = [];
  }

  /** Ends the running child in favour of a new one; that is no death. */
  renew(): void {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#renewing = child;
    // It may be deep in native code, where a polite signal waits.
    endProcess(child.pid);
  }

  /**
   * Ends the running child politely, and with force once `graceMs` have passed; `start` brings up the
   * next one. That is no death either.
   */
  async rest(graceMs: number): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const { pid } = child;
    child.kill();
    const force = setTimeout(() => {
      if (pid !== undefined) endProcess(pid);
    }, graceMs);
    await ended;
    clearTimeout(force);
  }

  /** Sends a message with a fresh port and returns the port's other end, or null when it does not run. */
  connect(message: unknown): MessagePortMain | null {
    if (!this.#child) return null;
    const { port1, port2 } = new MessageChannelMain();
    this.#child.postMessage(message, [port1]);
    return port2;
  }

  /** Ends it for good. */
  stop(): void {
    this.#stopping = true;
    this.#child?.kill();
  }

  #died(child: UtilityProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#stopping) return;
    if (this.#renewing === child) {
      this.#renewing = null;
      this.#options.onEnd({ again: true, renewed: true });
      this.start();
      return;
    }
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < deathsWithinMs), now];
    const again = this.#deaths.length <= this.#options.mostDeaths;
    this.#options.onEnd({ again, renewed: false });
    if (again) this.start();
  }
}
