/** One conversion at a time, from main: the converter, the quantizer that it asks for, and their end. */
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { utilityProcess, type UtilityProcess } from 'electron';
import type { ConversionPhase, ConversionState } from '../domain/contract/conversion';
import { AppError, problemOf } from '../domain/contract/errors';
import type { ModelCard } from '../domain/contract/model-card';
import { endProcess } from '../shell/end-process';
import { fromConverterSchema, type ConversionOrder, type ToConverter } from './control';
import type { QuantizeJob } from './quantize';

export interface ConversionSupervisorOptions {
  /** Paths of the built entries. */
  readonly converter: string;
  readonly quantizer: string;
  onState(state: ConversionState): void;
  /** Takes over the file that was written. @returns its id in the library */
  adopt(path: string, card: ModelCard): Promise<string>;
}

/** Milliseconds that a converter may take to stop by itself: a person cancels within a second. */
const cancelGrace = 800;

/** Milliseconds of a step after which its pace says something. */
const paceAfter = 2_000;

interface Running {
  readonly order: ConversionOrder;
  readonly child: UtilityProcess;
  /** Of the child, also when it has ended: the names of what it leaves hold it. */
  pid: number | undefined;
  quantizer: UtilityProcess | null;
  step: ConversionPhase | null;
  /** When the step began, by `performance.now`. */
  begun: number;
  cancelling: boolean;
  ended: boolean;
}

export class ConversionSupervisor {
  readonly #options: ConversionSupervisorOptions;
  #running: Running | null = null;
  #state: ConversionState = { phase: 'idle' };

  constructor(options: ConversionSupervisorOptions) {
    this.#options = options;
  }

  get state(): ConversionState {
    return this.#state;
  }

  /** @throws AppError `CONVERSION_BUSY` */
  start(order: ConversionOrder): void {
    if (this.#running) throw new AppError('CONVERSION_BUSY');
    const child = utilityProcess.fork(this.#options.converter, [], {
      serviceName: 'chimed-converter',
      stdio: 'inherit',
    });
    const running: Running = {
      order,
      child,
      pid: undefined,
      quantizer: null,
      step: null,
      begun: 0,
      cancelling: false,
      ended: false,
    };
    this.#running = running;
    this.#show({
      phase: 'running',
      name: basename(order.folder),
      step: 'write',
      done: 0,
      total: 0,
      secondsLeft: null,
    });
    child.once('spawn', () => {
      running.pid = child.pid;
      tell(child, { type: 'convert', order });
    });
    child.on('message', (raw: unknown) => this.#receive(running, raw));
    child.once('exit', (code) => {
      const problem = new AppError('CONVERTER_DIED', { params: { code } });
      void this.#end(
        running,
        running.cancelling
          ? { phase: 'cancelled' }
          : { phase: 'failed', name: basename(order.folder), problem: problem.toProblem() },
      );
    });
  }

  cancel(): void {
    const running = this.#running;
    if (!running || running.cancelling) return;
    running.cancelling = true;
    tell(running.child, { type: 'cancel' });
    setTimeout(() => void kill(running.child), cancelGrace).unref();
  }

  stop(): void {
    if (!this.#running) return;
    void kill(this.#running.quantizer);
    void kill(this.#running.child);
  }

  #receive(running: Running, raw: unknown): void {
    const parsed = fromConverterSchema.safeParse(raw);
    if (!parsed.success || this.#running !== running) return;
    const message = parsed.data;
    const name = basename(running.order.folder);
    switch (message.type) {
      case 'progress':
        this.#progress(running, message.step, message.done, message.total);
        return;
      case 'quantize':
        this.#quantize(running, message.job);
        return;
      case 'kill-quantizer':
        void kill(running.quantizer);
        return;
      case 'done':
        this.#options.adopt(running.order.out, message.card).then(
          (modelId) => this.#end(running, { phase: 'done', modelId }),
          (error: unknown) =>
            this.#end(running, { phase: 'failed', name, problem: problemOf(error) }),
        );
        return;
      case 'cancelled':
        void this.#end(running, { phase: 'cancelled' });
        return;
      case 'problem':
        void this.#end(running, { phase: 'failed', name, problem: message.problem });
        return;
      default:
        message satisfies never;
    }
  }

  #progress(running: Running, step: ConversionPhase, done: number, total: number): void {
    const now = performance.now();
    if (running.step !== step) {
      running.step = step;
      running.begun = now;
    }
    const spent = now - running.begun;
    const secondsLeft =
      spent > paceAfter && done > 0 ? ((spent / done) * (total - done)) / 1_000 : null;
    const name = basename(running.order.folder);
    this.#show({ phase: 'running', name, step, done, total, secondsLeft });
  }

  #quantize(running: Running, job: QuantizeJob): void {
    const quantizer = utilityProcess.fork(this.#options.quantizer, [JSON.stringify(job)], {
      serviceName: 'chimed-quantizer',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.quantizer = quantizer;
    quantizer.stderr?.on('data', (text: Buffer) =>
      tell(running.child, { type: 'quantizer-log', text: text.toString('utf8') }),
    );
    quantizer.once('exit', (code) => {
      running.quantizer = null;
      tell(running.child, { type: 'quantizer-ended', code });
    });
  }

  async #end(running: Running, state: ConversionState): Promise<void> {
    if (running.ended) return;
    running.ended = true;
    // A system may not let go of a file that a living process has open.
    await Promise.all([kill(running.quantizer), kill(running.child)]);
    if (running.pid !== undefined) await removeUnfinished(dirname(running.order.out), running.pid);
    this.#running = null;
    this.#show(state);
  }

  #show(state: ConversionState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

function tell(child: UtilityProcess, message: ToConverter): void {
  child.postMessage(message);
}

/** Not politely: native code and long reads do not listen. Resolves when it has ended. */
async function kill(child: UtilityProcess | null): Promise<void> {
  // A process that has ended has no id any more.
  if (child?.pid === undefined) return;
  const ended = once(child, 'exit');
  endProcess(child.pid);
  await ended;
}

/** What a process that was killed had not finished; the names hold its id. */
async function removeUnfinished(folder: string, pid: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (new RegExp(`\\.${pid}\\.(partial|source)\\b`).test(name)) {
      await rm(join(folder, name), { force: true });
    }
  }
}
