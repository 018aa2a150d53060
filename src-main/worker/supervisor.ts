/** Keeps the worker alive, from main, and hands it the data key at each start. */
import {
  MessageChannelMain,
  utilityProcess,
  type MessagePortMain,
  type UtilityProcess,
} from 'electron';
import { problemOf } from '../domain/contract/errors';
import type { WorkerState } from '../domain/contract/ipc';
import { fromWorkerSchema, type ToWorker } from './control';

export interface WorkerSupervisorOptions {
  /** Path of the worker's built entry. */
  readonly entry: string;
  readonly dataDir: string;
  /** Reads the data key; called at each start, so that main need not hold it. */
  readKey(): Promise<{ keyId: string; bytes: Uint8Array }>;
  onState(state: WorkerState): void;
}

const mostDeaths = 5;
const deathsWithinMs = 60_000;

export class WorkerSupervisor {
  readonly #options: WorkerSupervisorOptions;
  #process: UtilityProcess | null = null;
  #state: WorkerState = { phase: 'starting' };
  #deaths: number[] = [];
  #stopping = false;

  constructor(options: WorkerSupervisorOptions) {
    this.#options = options;
  }

  get state(): WorkerState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    if (this.#process || this.#stopping) return;
    const child = utilityProcess.fork(this.#options.entry, [], {
      serviceName: 'chimed-worker',
      stdio: 'inherit',
    });
    this.#process = child;
    child.on('message', (raw: unknown) => {
      const message = fromWorkerSchema.safeParse(raw);
      if (message.success && this.#process === child) this.#setState(message.data.state);
    });
    child.once('spawn', () => void this.#init(child));
    child.once('exit', () => this.#died(child));
  }

  /** A fresh port to the worker, or null when it does not run. */
  connect(): MessagePortMain | null {
    if (!this.#process) return null;
    const { port1, port2 } = new MessageChannelMain();
    this.#process.postMessage({ type: 'connect' } satisfies ToWorker, [port1]);
    return port2;
  }

  stop(): void {
    this.#stopping = true;
    this.#process?.kill();
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

  #died(child: UtilityProcess): void {
    if (this.#process !== child) return;
    this.#process = null;
    if (this.#stopping) return;
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < deathsWithinMs), now];
    if (this.#deaths.length > mostDeaths) {
      this.#setState({ phase: 'failed', problem: { code: 'WORKER_DIED' } });
      return;
    }
    this.#setState({ phase: 'restarting', problem: { code: 'WORKER_DIED' } });
    this.start();
  }

  #setState(state: WorkerState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
