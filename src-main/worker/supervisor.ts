/** The worker, from main: gives it the data key at each start. */
import { randomUUID } from 'node:crypto';
import type { MessagePortMain, UtilityProcess } from 'electron';
import { AppError, problemOf } from '../domain/contract/errors';
import type { DeletionRule } from '../domain/contract/policy';
import type { ConfirmedAct } from '../domain/contract/stored-act';
import type { WorkerState } from '../domain/contract/ipc';
import type { NewTicket } from '../shell/save-tickets';
import { SupervisedProcess } from '../shell/supervised-process';
import type { BatchSummary } from '../domain/contract/batch';
import {
  fromWorkerSchema,
  type Act,
  type Answer,
  type HostNews,
  type LockedBoxMessage,
  type Question,
  type ToWorker,
} from './control';

type OnProgress = (done: number, total: number) => void;

/** Milliseconds for writes that were asked for before a lock. */
const lastWritesMs = 5_000;

/** The vault that it opens. */
export interface WorkerStore {
  readonly dataDir: string;
  readonly keyId: string;
  /** Wiped when they were sent. */
  readonly bytes: Uint8Array;
  readonly userId: string | null;
  readonly signPublic: string | null;
  readonly deletion: DeletionRule;
  readonly bulkAllowed: boolean;
}

/** All that it gets while the vault is locked. */
export interface LockedBatches {
  readonly boxes: readonly LockedBoxMessage[];
}

export interface WorkerSupervisorOptions {
  /** Path of the worker's built entry. */
  readonly entry: string;
  /** What it opens, asked at each start. */
  store(): WorkerStore | LockedBatches;
  /** It runs, and can be given a port to the model host. */
  onStarted(): void;
  /** How the batches go, a few times a second. */
  onBatches(batches: readonly BatchSummary[]): void;
  onState(state: WorkerState): void;
  /** A window has changed a record, and it is committed. */
  onAct(act: Act, recordId: string): void;
  /** A confirmed review is stored. */
  onConfirmed(act: ConfirmedAct): void;
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
    {
      resolve(answer: Answer): void;
      reject(error: AppError): void;
      onProgress: OnProgress | undefined;
    }
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
   * @param onProgress of a rotation: parts done of all parts
   * @throws AppError of the worker; `WORKER_DIED` when it does not run, or goes away meanwhile
   */
  ask(question: Question, onProgress?: OnProgress): Promise<Answer> {
    const { child } = this.#process;
    if (!child) return Promise.reject(new AppError('WORKER_DIED'));
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject, onProgress });
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
    return this.#announce(ticket.id, { type: 'ticket', ...ticket });
  }

  /** Tells it files and folders that a person chose, in the same way. @throws AppError `WORKER_DIED` */
  offer(id: string, paths: readonly string[]): Promise<void> {
    return this.#announce(id, { type: 'paths', id, paths: [...paths] });
  }

  /** Gives it a port to the model host, or closes that. */
  giveHost(port: MessagePortMain): void {
    const { child } = this.#process;
    if (child) child.postMessage({ type: 'host' } satisfies ToWorker, [port]);
    else port.close();
  }

  tellHost(news: HostNews): void {
    this.#process.child?.postMessage({ type: 'host-news', news } satisfies ToWorker);
  }

  #announce(id: string, message: ToWorker): Promise<void> {
    return new Promise((resolve, reject) => {
      const { child } = this.#process;
      if (!child) {
        reject(new AppError('WORKER_DIED'));
        return;
      }
      this.#granting.set(id, { resolve, reject });
      child.postMessage(message);
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
      const opens = this.#options.store();
      if ('boxes' in opens) {
        const boxes = [...opens.boxes];
        child.postMessage({ type: 'init-batches', boxes } satisfies ToWorker);
      } else {
        const { bytes, ...rest } = opens;
        child.postMessage({ type: 'init', ...rest, key: bytes } satisfies ToWorker);
        bytes.fill(0);
      }
      this.#options.onStarted();
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
      case 'confirmed':
        this.#options.onConfirmed(message.act);
        return;
      case 'batches':
        this.#options.onBatches(message.batches);
        return;
      case 'answer': {
        const { id, problem } = message;
        const question = this.#questions.get(id);
        this.#questions.delete(id);
        if (problem) question?.reject(new AppError(problem.code, problem));
        else question?.resolve(message);
        return;
      }
      case 'progress':
        this.#questions.get(message.id)?.onProgress?.(message.done, message.total);
        return;
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
