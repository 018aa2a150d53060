/**
 * Keeps the model host alive, from main: starts it, hands it the model, restarts it when it dies.
 *
 * Only the `exit` event of a utility process always fires. A death while the GPU is being started
 * is answered by a start on the CPU; several deaths in a short time end in `failed`, with a way to
 * try again.
 */
import {
  MessageChannelMain,
  utilityProcess,
  type MessagePortMain,
  type UtilityProcess,
} from 'electron';
import type { Problem } from '../domain/contract/errors';
import type { HostState } from '../domain/contract/host-port';
import type { ModelCard } from '../domain/contract/model-card';
import { fromHostSchema, type ToHost } from './control';

export interface ModelToLoad {
  readonly path: string;
  readonly card: ModelCard;
}

export interface HostSupervisorOptions {
  /** Path of the host's built entry. */
  readonly entry: string;
  /** Finds and verifies the model; a rejection is a typed problem. */
  findModel(): Promise<{ model: ModelToLoad } | { problem: Problem }>;
  onState(state: HostState): void;
  readonly threads?: number;
}

/** This many deaths within the time below, and the supervisor stops trying by itself. */
const mostDeaths = 3;
const deathsWithinMs = 60_000;

export class HostSupervisor {
  readonly #options: HostSupervisorOptions;
  #process: UtilityProcess | null = null;
  #state: HostState = { phase: 'starting' };
  #deaths: number[] = [];
  #device: 'auto' | 'cpu' = 'auto';
  #stopping = false;

  constructor(options: HostSupervisorOptions) {
    this.#options = options;
  }

  get state(): HostState {
    return this.#state;
  }

  /** Process id of the running host, for diagnostics and tests. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    if (this.#process || this.#stopping) return;
    const child = utilityProcess.fork(this.#options.entry, [], {
      serviceName: 'chimed-model-host',
      stdio: 'inherit',
    });
    this.#process = child;
    child.on('message', (raw: unknown) => {
      const message = fromHostSchema.safeParse(raw);
      if (message.success && this.#process === child) this.#setState(message.data.state);
    });
    child.once('spawn', () => void this.#load(child));
    child.once('exit', () => this.#died(child));
  }

  /** Tries again after `failed`, by a person's wish. */
  restart(): void {
    this.#deaths = [];
    this.#device = 'auto';
    this.#setState({ phase: 'starting' });
    // A host without a model is alive: it only has to be given one.
    if (this.#process) void this.#load(this.#process);
    else this.start();
  }

  /** A fresh port to the host, or null when it does not run. */
  connect(): MessagePortMain | null {
    if (!this.#process) return null;
    const { port1, port2 } = new MessageChannelMain();
    this.#process.postMessage({ type: 'connect' } satisfies ToHost, [port1]);
    return port2;
  }

  stop(): void {
    this.#stopping = true;
    this.#process?.kill();
  }

  async #load(child: UtilityProcess): Promise<void> {
    const found = await this.#options.findModel();
    if (this.#process !== child) return;
    if ('problem' in found) {
      this.#setState({ phase: 'failed', problem: found.problem });
      return;
    }
    child.postMessage({
      type: 'load',
      ...found.model,
      device: this.#device,
      ...(this.#options.threads === undefined ? {} : { threads: this.#options.threads }),
    } satisfies ToHost);
  }

  #died(child: UtilityProcess): void {
    if (this.#process !== child) return;
    this.#process = null;
    if (this.#stopping) return;
    const problem: Problem = { code: 'HOST_DIED' };
    // It died before it was ready: the graphics driver is the likeliest reason.
    if (this.#state.phase === 'loading' || this.#state.phase === 'starting') this.#device = 'cpu';
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < deathsWithinMs), now];
    if (this.#deaths.length > mostDeaths) {
      this.#setState({ phase: 'failed', problem });
      return;
    }
    this.#setState({ phase: 'restarting', problem });
    this.start();
  }

  #setState(state: HostState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
