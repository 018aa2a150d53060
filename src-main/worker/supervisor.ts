/** The worker, from main: gives it the data key at each start. */
import { randomUUID } from 'node:crypto';
import type { MessagePortMain, UtilityProcess } from 'electron';
import { AppError, problemOf } from '../domain/contract/errors';
import type { DeletionRule } from '../domain/contract/policy';
import type { WorkerState } from '../domain/contract/ipc';
import { SupervisedProcess } from '../shell/supervised-process';
import { fromWorkerSchema, type Act, type Answer, type Question, type ToWorker } from './control';

/** Milliseconds for writes that were asked for before a lock. */
const lastWritesMs = 5_000;

export interface WorkerSupervisorOptions {
  /** Path of the worker's built entry. */
  readonly entry: string;
  /** What it opens, asked at each start; the key is wiped when it was sent. */
  store(): Promise<{
    dataDir: string;
    keyId: string;
    bytes: Uint8Array;
    userId: string | null;
    deletion: DeletionRule;
  }>;
  onState(state: WorkerState): void;
  /** A window has changed a record, and it is committed. */
  onAct(act: Act, recordId: string): void;
}

export class WorkerSupervisor {
  readonly #options: WorkerSupervisorOptions;
  readonly #process: SupervisedProcess;
  #state: WorkerState = { phase: 'starting' };
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
      onSpawn: (child) => void this.#init(child),
      onMessage: (raw) => this.#receive(raw),
      onEnd: ({ again }) => {
        this.#forgetQuestions();
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

  /** Ends it, after what was asked of it, and with it the keys that it holds. */
  async rest(): Promise<void> {
    this.#setState({ phase: 'starting' });
    await this.#process.rest(lastWritesMs);
    this.#forgetQuestions();
  }

  stop(): void {
    this.#process.stop();
  }

  async #init(child: UtilityProcess): Promise<void> {
    try {
      const { bytes, ...rest } = await this.#options.store();
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
      default:
        message satisfies never;
    }
  }

  #forgetQuestions(): void {
    for (const { reject } of this.#questions.values()) reject(new AppError('WORKER_DIED'));
    this.#questions.clear();
  }

  #setState(state: WorkerState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
