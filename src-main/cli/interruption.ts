/** Ctrl+C, and the system's request to end. */
import { exitCodes } from './terminal';

/**
 * The first one ends in order, a second one at once. It listens for as long as the process lives:
 * libraries that see no other listener end the process themselves.
 */
export class Interruption {
  readonly #stop = new AbortController();
  #exitCode: number | null = null;

  constructor() {
    process.on('SIGINT', () => this.#interrupt(exitCodes.interrupted));
    process.on('SIGTERM', () => this.#interrupt(exitCodes.terminated));
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** What the process has to end with; null as long as nothing interrupted it. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  #interrupt(code: number): void {
    if (this.#exitCode !== null) process.exit(code);
    this.#exitCode = code;
    this.#stop.abort();
  }
}
