/**
 * The one live client to the model host or to the worker.
 *
 * Processes die and are restarted by main, so a port is never for good. This keeps exactly one
 * client: it asks for a port when the process is up, adopts the port that arrives, drops it when
 * the process goes, and asks again. Requests in flight end with the typed error of their client.
 */
import { AppError, problemOf, type ErrorCode, type Problem } from '@domain/contract/errors';
import { RpcClient, type MethodTable, type Port } from '@domain/contract/rpc';

export type ProcessPhase = 'starting' | 'ready' | 'restarting' | 'failed';

export interface ConnectionOptions<T extends MethodTable> {
  readonly table: T;
  /** Code that requests end with when the process goes away. */
  readonly whenClosed: ErrorCode;
  /** Asks main for a port; it arrives at `adopt`. */
  request(): Promise<void>;
  /** Milliseconds before asking again after a failed or lost connection. Defaults to 300. */
  readonly retryDelay?: number;
}

/** Milliseconds that a promised port may take. */
const portWait = 5_000;

export class Connection<T extends MethodTable> {
  readonly #options: ConnectionOptions<T>;
  readonly #listeners = new Set<(client: RpcClient<T>) => void>();
  readonly #waiting = new Set<{
    resolve(client: RpcClient<T>): void;
    reject(error: AppError): void;
  }>();
  #client: RpcClient<T> | null = null;
  #phase: ProcessPhase = 'starting';
  #asking = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: ConnectionOptions<T>) {
    this.#options = options;
  }

  get client(): RpcClient<T> | null {
    return this.#client;
  }

  /** Called with each new client, at once if there is one already. */
  onClient(listener: (client: RpcClient<T>) => void): () => void {
    this.#listeners.add(listener);
    if (this.#client) listener(this.#client);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The live client, or the next one if the process is just coming up.
   *
   * @throws AppError with the problem's code once the process has failed for good
   */
  ready(): Promise<RpcClient<T>> {
    if (this.#client) return Promise.resolve(this.#client);
    if (this.#phase === 'failed' || this.#stopped) {
      return Promise.reject(new AppError(this.#options.whenClosed));
    }
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  /** Follows what main says of the process. */
  setPhase(phase: ProcessPhase, problem?: Problem): void {
    this.#phase = phase;
    if (phase === 'restarting' || phase === 'failed') {
      // The old process is gone even if its port has not said so yet.
      this.#drop();
      if (phase === 'failed') this.#fail(problem ?? { code: this.#options.whenClosed });
      return;
    }
    this.#ask();
  }

  /** Takes a port that main brokered; an older one is closed first. */
  adopt(port: Port): void {
    clearTimeout(this.#retry);
    this.#asking = false;
    if (this.#stopped) {
      port.close();
      return;
    }
    this.#drop();
    const client = new RpcClient(port, this.#options.table, this.#options.whenClosed);
    this.#client = client;
    port.onClose(() => {
      if (this.#client !== client) return;
      this.#client = null;
      this.#askLater();
    });
    for (const waiting of this.#waiting) waiting.resolve(client);
    this.#waiting.clear();
    for (const listener of this.#listeners) listener(client);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#drop();
    this.#fail({ code: this.#options.whenClosed });
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    client?.close({ code: this.#options.whenClosed });
  }

  #fail(problem: Problem): void {
    for (const waiting of this.#waiting) waiting.reject(new AppError(problem.code));
    this.#waiting.clear();
  }

  #ask(): void {
    if (this.#client || this.#asking || this.#stopped) return;
    clearTimeout(this.#retry);
    this.#asking = true;
    this.#options.request().then(
      // Main posts the port before it answers; should it never come, ask again. Asking too early
      // would get a second port, and taking that one ends what runs on the first.
      () => this.#askLater(portWait),
      (error: unknown) => {
        this.#asking = false;
        if (this.#phase === 'failed') this.#fail(problemOf(error));
        else this.#askLater();
      },
    );
  }

  #askLater(delay = this.#options.retryDelay ?? 300): void {
    if (this.#stopped || this.#client) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#asking = false;
      if (this.#phase !== 'restarting' && this.#phase !== 'failed') this.#ask();
    }, delay);
  }
}
