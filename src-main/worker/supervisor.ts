/** The worker, from main: gives it the data key at each start. */
import type { MessagePortMain, UtilityProcess } from 'electron';
import { AppError, problemOf } from '../domain/contract/errors';
import type { WorkerState } from '../domain/contract/ipc';
import type { SaveFormat } from '../domain/contract/save-file';
import { SupervisedProcess } from '../shell/supervised-process';
import { fromWorkerSchema, type FromWorker, type ToWorker } from './control';

/** Milliseconds for writes that were asked for before a lock. */
const lastWritesMs = 5_000;

export interface WorkerSupervisorOptions {
  /** Path of the worker's built entry. */
  readonly entry: string;
  /** What it opens, asked at each start; the key is wiped when it was sent. */
  store(): Promise<{ dataDir: string; keyId: string; bytes: Uint8Array }>;
  onState(state: WorkerState): void;
  /** The file of a ticket is on the disk. */
  onWritten(ticket: string): void;
}

export class WorkerSupervisor {
  readonly #options: WorkerSupervisorOptions;
  readonly #process: SupervisedProcess;
  readonly #granting = new Map<string, { resolve(): void; reject(error: AppError): void }>();
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
        if (message.success) this.#receive(message.data);
      },
      onEnd: ({ again }) => {
        this.#endGranting();
        this.#setState({
          phase: again ? 'restarting' : 'failed',
          problem: { code: 'WORKER_DIED' },
        });
      },
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

  /**
   * Tells it a place for a file; resolves once it knows the ticket, as the page's port may be quicker
   * than this way.
   *
   * @throws AppError `WORKER_DIED`
   */
  grant(ticket: { id: string; path: string; format: SaveFormat }): Promise<void> {
    return new Promise((resolve, reject) => {
      const { child } = this.#process;
      if (!child) {
        reject(new AppError('WORKER_DIED'));
        return;
      }
      this.#granting.set(ticket.id, { resolve, reject });
      child.postMessage({ type: 'ticket', ...ticket } satisfies ToWorker);
    });
  }

  /** Ends it, after what was asked of it, and with it the keys that it holds. */
  async rest(): Promise<void> {
    this.#endGranting();
    this.#setState({ phase: 'starting' });
    await this.#process.rest(lastWritesMs);
  }

  stop(): void {
    this.#process.stop();
  }

  async #init(child: UtilityProcess): Promise<void> {
    try {
      const { dataDir, keyId, bytes } = await this.#options.store();
      child.postMessage({ type: 'init', dataDir, keyId, key: bytes } satisfies ToWorker);
      bytes.fill(0);
    } catch (error) {
      this.#setState({ phase: 'failed', problem: problemOf(error) });
    }
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'state':
        this.#setState(message.state);
        return;
      case 'granted':
        this.#granting.get(message.id)?.resolve();
        this.#granting.delete(message.id);
        return;
      case 'written':
        this.#options.onWritten(message.id);
        return;
      default:
        message satisfies never;
    }
  }

  #endGranting(): void {
    for (const { reject } of this.#granting.values()) reject(new AppError('WORKER_DIED'));
    this.#granting.clear();
  }

  #setState(state: WorkerState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
