/** The model host, from main: gives it the model, and the CPU when the GPU was the death of it. */
import type { MessagePortMain, UtilityProcess } from 'electron';
import type { Problem } from '../domain/contract/errors';
import type { HostState } from '../domain/contract/host-port';
import type { ModelCard } from '../domain/contract/model-card';
import { SupervisedProcess } from '../shell/supervised-process';
import { fromHostSchema, type ToHost } from './control';

export interface ModelToLoad {
  readonly path: string;
  readonly card: ModelCard;
}

export interface HostSupervisorOptions {
  /** Path of the host's built entry. */
  readonly entry: string;
  /** Finds and verifies the model; what is wrong with it is an answer, not a rejection. */
  findModel(): Promise<{ model: ModelToLoad } | { problem: Problem }>;
  onState(state: HostState): void;
  readonly threads?: number;
}

export class HostSupervisor {
  readonly #options: HostSupervisorOptions;
  readonly #process: SupervisedProcess;
  #state: HostState = { phase: 'starting' };
  #device: 'auto' | 'cpu' = 'auto';

  constructor(options: HostSupervisorOptions) {
    this.#options = options;
    this.#process = new SupervisedProcess({
      entry: options.entry,
      serviceName: 'chimed-model-host',
      mostDeaths: 3,
      onSpawn: (child) => void this.#load(child),
      onMessage: (raw) => {
        const message = fromHostSchema.safeParse(raw);
        if (message.success) this.#setState(message.data.state);
      },
      onDeath: (again) => {
        // It died before it was ready: the graphics driver is the likeliest reason.
        if (this.#state.phase === 'loading') this.#device = 'cpu';
        this.#setState({ phase: again ? 'restarting' : 'failed', problem: { code: 'HOST_DIED' } });
      },
    });
  }

  get state(): HostState {
    return this.#state;
  }

  start(): void {
    this.#process.start();
  }

  /** Tries again after `failed`, by a person's wish. */
  restart(): void {
    this.#process.forgive();
    this.#device = 'auto';
    this.#setState({ phase: 'starting' });
    // A host without a model is alive: it only has to be given one.
    const { child } = this.#process;
    if (child) void this.#load(child);
    else this.#process.start();
  }

  /** A fresh port to the host, or null when it does not run. */
  connect(): MessagePortMain | null {
    return this.#process.connect({ type: 'connect' } satisfies ToHost);
  }

  stop(): void {
    this.#process.stop();
  }

  async #load(child: UtilityProcess): Promise<void> {
    const found = await this.#options.findModel();
    if (this.#process.child !== child) return;
    if ('problem' in found) {
      this.#setState({ phase: 'failed', problem: found.problem });
      return;
    }
    const { threads } = this.#options;
    child.postMessage({
      type: 'load',
      ...found.model,
      device: this.#device,
      ...(threads === undefined ? {} : { threads }),
    } satisfies ToHost);
  }

  #setState(state: HostState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
