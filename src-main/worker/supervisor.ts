/** The worker, from main: gives it the data key at each start. */
import { randomUUID } from 'node:crypto';
import type { MessagePortMain, UtilityProcess } from 'electron';
import { AppError, problemOf } from '../domain/contract/errors';
import type { DeletionRule } from '../domain/contract/policy';
import type { WorkerState } from '../domain/contract/ipc';
import type { NewTicket } from '../shell/save-tickets';
import { SupervisedProcess } from '../shell/supervised-process';
import { fromWorkerSchema, type Act, type Answer, type Question, type ToWorker } from './control';

/** Milliseconds for writes that were asked for before a lock. */
const lastWritesMs = 5_000;

export interface WorkerSupervisorOptions {
  /** Path of the worker's built entry. */
  readonly entry: string;
  /** What it opens, asked at each start; the key is wiped when it was sent. */
  store(): {
    dataDir: string;
    keyId: string;
    bytes: Uint8Array;
    userId: string | null;
    deletion: DeletionRule;
  };
  onState(state: WorkerState): void;
  /** A window has changed a record, and it is committed. */
  onAct(act: Act, recordId: string): void;
  /** The file of a ticket is on the disk. */
  onWritten(ticket: string, records: number | undefined): void;
}

export class WorkerSupervisor {
  readonly #options: WorkerSupervisorOptions;
  readonly #process: SupervisedProcess;
  readonly #granting = new Map<string, { resolve(): void; reject(error: AppError): void }>();
  #state: WorkerState = { phase: 'starting' };
  #waiting: ((isReady: boolean) => void)[] = [];
  /** By their ids. */
  readonly #questions = new Map<
    string,
    { resolve(answer: Answer): void; reject(error: AppError): void }
  >();

  constructor(options: WorkerSupervisorOptions) {
    this.#options = options;
    this.#process = new SupervisedProcess({
      entry: options.entry,
      serviceName: 'chimed-worker',
      // Without it nothing can be saved, and nobody but it tries again.
      mostDeaths: 5,
      onSpawn: (child) => this.#init(child),
      onMessage: (raw) => this.#receive(raw),
      onEnd: ({ again }) => {
        this.#forgetQuestions();
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

  /** Whether it has opened the journal, once that is decided; false where it ends before. */
  settled(): Promise<boolean> {
    const { phase } = this.#state;
    if (phase === 'ready' || phase === 'failed') return Promise.resolve(phase === 'ready');
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A fresh port to the worker, or null when it does not run. */
  connect(): MessagePortMain | null {
    return this.#process.connect({ type: 'connect' } satisfies ToWorker);
  }

  /**
   * Asks something of the vault.
   *
   * @throws AppError of the worker; `WORKER_DIED` when it does not run, or goes away meanwhile
   */
  ask(question: Question): Promise<Answer> {
    const { child } = this.#process;
    if (!child) return Promise.reject(new AppError('WORKER_DIED'));
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      child.postMessage({ type: 'ask', id, question } satisfies ToWorker);
    });
  }

  /**
   * Tells it a place for a file; resolves once it knows the ticket, as the page's port may be quicker
   * than this way.
   *
   * @throws AppError `WORKER_DIED`
   */
  grant(ticket: NewTicket): Promise<void> {
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
    this.#forgetQuestions();
    this.#settle(false);
  }

  stop(): void {
    this.#process.stop();
  }

  #init(child: UtilityProcess): void {
    try {
      const { bytes, ...rest } = this.#options.store();
      child.postMessage({ type: 'init', ...rest, key: bytes } satisfies ToWorker);
      bytes.fill(0);
    } catch (error) {
      this.#setState({ phase: 'failed', problem: problemOf(error) });
    }
  }

  #receive(raw: unknown): void {
    const parsed = fromWorkerSchema.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case 'state':
        this.#setState(message.state);
        return;
      case 'act':
        this.#options.onAct(message.act, message.recordId);
        return;
      case 'answer': {
        const { id, problem } = message;
        const question = this.#questions.get(id);
        this.#questions.delete(id);
        if (problem) question?.reject(new AppError(problem.code, problem));
        else question?.resolve(message);
        return;
      }
      case 'granted':
        this.#granting.get(message.id)?.resolve();
        this.#granting.delete(message.id);
        return;
      case 'written':
        this.#options.onWritten(message.id, message.records);
        return;
      default:
        message satisfies never;
    }
  }

  #settle(isReady: boolean): void {
    for (const resolve of this.#waiting.splice(0)) resolve(isReady);
  }

  #forgetQuestions(): void {
    for (const { reject } of this.#questions.values()) reject(new AppError('WORKER_DIED'));
    this.#questions.clear();
  }

  #endGranting(): void {
    for (const { reject } of this.#granting.values()) reject(new AppError('WORKER_DIED'));
    this.#granting.clear();
  }

  #setState(state: WorkerState): void {
    this.#state = state;
    if (state.phase === 'ready' || state.phase === 'failed') this.#settle(state.phase === 'ready');
    this.#options.onState(state);
  }
}
