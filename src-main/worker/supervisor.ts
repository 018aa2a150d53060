/** The worker, from main: gives it the data key at each start. */
import type { MessagePortMain, UtilityProcess } from 'electron';
import { problemOf } from '../domain/contract/errors';
import type { WorkerState } from '../domain/contract/ipc';
import { SupervisedProcess } from '../shell/supervised-process';
import { fromWorkerSchema, type ToWorker } from './control';

export interface WorkerSupervisorOptions {
  /** Path of the worker's built entry. */
  readonly entry: string;
  readonly dataDir: string;
  /** Reads the data key; called at each start, so that main need not hold it. */
  readKey(): Promise<{ keyId: string; bytes: Uint8Array }>;
  onState(state: WorkerState): void;
}

export class WorkerSupervisor {
  readonly #options: WorkerSupervisorOptions;
  readonly #process: SupervisedProcess;
  #state: WorkerState = { phase: 'starting' };

  constructor(options: WorkerSupervisorOptions) {
    this.#options = options;
    this.#process = new SupervisedProcess({
      entry: options.entry,
      serviceName: 'chimed-worker',
      // Without it nothing can be saved, and nobody but it tries again.
      mostDeaths: 5,
      onSpawn: (child) => void this.#init(child),
      onMessage: (raw) => {
        const message = fromWorkerSchema.safeParse(raw);
        if (message.success && message.data.type === 'state') this.#setState(message.data.state);
      },
      onEnd: ({ again }) =>
        this.#setState({
          phase: again ? 'restarting' : 'failed',
          problem: { code: 'WORKER_DIED' },
        }),
    });
  }

  get state(): WorkerState {
    return this.#state;
  }

  start(): void {
    this.#process.start();
  }

  /** A fresh port to the worker, or null when it does not run. */
  connect(): MessagePortMain | null {
    return this.#process.connect({ type: 'connect' } satisfies ToWorker);
  }

  stop(): void {
    this.#process.stop();
  }

  async #init(child: UtilityProcess): Promise<void> {
    try {
      const { keyId, bytes } = await this.#options.readKey();
      const { dataDir } = this.#options;
      child.postMessage({ type: 'init', dataDir, keyId, key: bytes } satisfies ToWorker);
      bytes.fill(0);
    } catch (error) {
      this.#setState({ phase: 'failed', problem: problemOf(error) });
    }
  }

  #setState(state: WorkerState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
