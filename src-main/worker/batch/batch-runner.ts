/**
 * Works through the records of a batch: as many at once as the model takes, and one more, so that the
 * next one is at hand when one ends. A record's result is in the box before it counts.
 */
import { createHash } from 'node:crypto';
import { AppError, problemOf, type ErrorCode, type Problem } from '../../domain/contract/errors';
import type { ExtractionResult, RunIdentity } from '../../domain/contract/extraction';
import type { StoredRun } from '../../domain/contract/record';
import { Cancelled } from '../../domain/contract/rpc';
import type { ResultEntry } from './batch-entries';
import type { BatchLog } from './batch-log';
import { mostDeaths } from './batch-state';
import type { BatchSpeed } from './batch-speed';
import { ofTheRecord, type BatchTexts, type RecordText } from './batch-texts';
import type { Extractor } from './extractor';

/** What says nothing of the record: it waits until the model is there (again). */
const ofTheModel: readonly ErrorCode[] = ['MODEL_NOT_READY', 'HOST_UNAVAILABLE', 'PORT_CLOSED'];
/** What every other record would meet too: the batch stops, and says why. */
const ofTheOrder: readonly ErrorCode[] = [
  'SCHEMA_UNKNOWN',
  'SCHEMA_NOT_SUPPORTED',
  'STRATEGY_NOT_SUPPORTED',
  'MODEL_CARD_INVALID',
];

/** Milliseconds before a model that said no is asked again, should nothing be heard of it. */
const askAgainMs = 1_000;

export interface RunnerParts {
  readonly log: BatchLog;
  readonly texts: BatchTexts;
  readonly extractor: Extractor;
  readonly speed: BatchSpeed;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What became of a record changed. */
  onItem(number: number): void;
  /** A result is in the box; `index` counts them from 1. Failing, it stops the batch, not the result. */
  onResult(index: number, result: ResultEntry): Promise<void>;
  /** Nothing is left to do, or nothing can be done just now. */
  onIdle(): void;
  onInternalError(error: unknown, incident: string): void;
}

export class BatchRunner {
  readonly #parts: RunnerParts;
  readonly #inHand = new Map<number, { abort: AbortController; done: Promise<void> }>();
  #freezing: Promise<void> | null = null;
  #stopped = false;
  #waits: Problem | undefined;
  #askAgain: NodeJS.Timeout | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Why nothing goes on although records wait. */
  get waits(): Problem | undefined {
    return this.#waits;
  }

  get busy(): boolean {
    return this.#inHand.size > 0;
  }

  /** Whether this record is in hand, be it that nobody wants it any more: its result may still come. */
  holds(recordId: string): boolean {
    const { state } = this.#parts.log;
    return [...this.#inHand.keys()].some((number) => state.item(number).recordId === recordId);
  }

  /** Begins what can begin. Also when the model, the order or the state has changed. */
  pump(): void {
    const { log, texts, extractor, speed } = this.#parts;
    const { state } = log;
    this.#askNoMore();
    this.#waits = undefined;
    if (this.#stopped || state.paused) {
      speed.pause();
      return;
    }
    const standing = extractor.standing(state.ordered.order.model);
    if ('problem' in standing) {
      this.#waits = standing.problem;
      speed.pause();
      this.#parts.onIdle();
      return;
    }
    if (state.counts.waiting > 0) speed.begin();
    const room = standing.sequences + 1;
    while (this.#inHand.size < room) {
      // One that was taken out and tried anew may still be in hand: then it waits until that has ended.
      const number = state.next((each) => texts.has(each) && !this.#inHand.has(each));
      if (number === undefined || this.#mustWaitAlone(number)) break;
      this.#begin(number);
    }
    if (this.#inHand.size === 0) this.#parts.onIdle();
  }

  /** Stops records, whose states say what they are from now on; without numbers all that are in hand. */
  drop(numbers: readonly number[] = [...this.#inHand.keys()]): void {
    for (const number of numbers) this.#inHand.get(number)?.abort.abort();
  }

  /** Ends; what was in hand waits again. Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#askNoMore();
    const all = [...this.#inHand.values()];
    for (const { abort } of all) abort.abort();
    await Promise.all(all.map(({ done }) => done));
  }

  #askNoMore(): void {
    clearTimeout(this.#askAgain);
    this.#askAgain = undefined;
  }

  /** A record that was there when the model's process ended is tried by itself, so that it is known which. */
  #mustWaitAlone(number: number): boolean {
    const { state } = this.#parts.log;
    if (this.#inHand.size === 0) return false;
    return [number, ...this.#inHand.keys()].some((each) => state.deaths(each) > 0);
  }

  #begin(number: number): void {
    const { state } = this.#parts.log;
    const abort = new AbortController();
    state.begin(number);
    const done = this.#run(number, abort.signal)
      .catch((error: unknown) => this.#halt(number, error))
      .finally(() => {
        this.#inHand.delete(number);
        this.#parts.onItem(number);
        // A model that said no would say so again at once.
        if (!this.#askAgain) this.pump();
      });
    this.#inHand.set(number, { abort, done });
    this.#parts.onItem(number);
  }

  async #run(number: number, signal: AbortSignal): Promise<void> {
    const { log, texts, extractor, now } = this.#parts;
    const { order } = log.state.ordered;
    let read: RecordText;
    try {
      read = await texts.read(number);
    } catch (error) {
      const problem = problemOf(error);
      if (!ofTheRecord.includes(problem.code)) throw error;
      if (signal.aborted) log.state.giveBack(number);
      else await this.#conclude({ number, state: 'failed', problem, facts: null });
      return;
    }
    const { text, sections } = read;
    if (signal.aborted) {
      log.state.giveBack(number);
      return;
    }
    const startedAt = now();
    let result: ExtractionResult;
    try {
      result = await extractor.extract(
        {
          text,
          schema: order.schema,
          model: order.model,
          ...(order.definition ? { definition: order.definition } : {}),
          ...(sections ? { sections: [...sections] } : {}),
        },
        signal,
      );
    } catch (error) {
      await this.#failed(number, error, signal);
      return;
    }
    if (signal.aborted) {
      log.state.giveBack(number);
      return;
    }
    await this.#freeze(result.run);
    const run = this.#runOf(number, read, result, startedAt);
    const { status, problem, facts } = result;
    await this.#conclude({
      ...{ number, state: status, facts: facts.length, run },
      ...(problem ? { problem } : {}),
    });
    this.#parts.speed.done(text.length);
  }

  async #conclude(result: ResultEntry): Promise<void> {
    const index = await this.#parts.log.appendResult(result);
    await this.#parts.onResult(index, result);
  }

  async #failed(number: number, error: unknown, signal: AbortSignal): Promise<void> {
    const { log, onInternalError } = this.#parts;
    if (error instanceof Cancelled || signal.aborted) {
      log.state.giveBack(number);
      return;
    }
    const problem = problemOf(error);
    if (problem.incident && !(error instanceof AppError)) onInternalError(error, problem.incident);
    if (ofTheModel.includes(problem.code)) {
      log.state.giveBack(number);
      if (this.#stopped) return;
      this.#waits = problem;
      this.#askAgain ??= setTimeout(() => this.pump(), askAgainMs);
      return;
    }
    if (ofTheOrder.includes(problem.code)) throw error;
    if (problem.code === 'HOST_DIED') {
      await log.appendState({ what: 'died', items: [number] });
      if (log.state.deaths(number) < mostDeaths) {
        log.state.giveBack(number);
        return;
      }
    }
    await this.#conclude({ number, state: 'failed', problem, facts: null });
  }

  /** Notes what the first result was made with. @throws AppError `BATCH_RUN_CHANGED` for another one */
  async #freeze(run: RunIdentity): Promise<void> {
    const { log } = this.#parts;
    if (!log.state.frozen) {
      this.#freezing ??= log.appendState({ what: 'frozen', run });
      await this.#freezing.finally(() => {
        this.#freezing = null;
      });
    }
    if (JSON.stringify(log.state.frozen) !== JSON.stringify(run)) {
      throw new AppError('BATCH_RUN_CHANGED');
    }
  }

  #runOf(
    number: number,
    { recordId, textSha256 }: RecordText,
    result: ExtractionResult,
    startedAt: number,
  ): StoredRun {
    const { log, now } = this.#parts;
    const { status, problem, run, facts } = result;
    return {
      id: runIdOf(log.state.id, number, log.state.round(number)),
      recordId,
      textSha256,
      startedAt,
      finishedAt: Math.max(startedAt, now()),
      status,
      ...(problem ? { problem } : {}),
      run,
      facts,
    };
  }

  /** Something that is not the record's fault: the batch stops, and the record waits again. */
  async #halt(number: number, error: unknown): Promise<void> {
    const { log, onInternalError } = this.#parts;
    log.state.giveBack(number);
    const problem = problemOf(error);
    if (problem.incident && !(error instanceof AppError)) onInternalError(error, problem.incident);
    if (this.#stopped) return;
    try {
      await log.appendState({ what: 'paused', problem });
    } catch {
      // The disk may be what is full: then it is paused for as long as this process lives.
      log.state.takeState({ what: 'paused', problem });
    }
  }
}

/** The same for the same record of the same batch, so that saving it twice saves it once. */
export function runIdOf(batchId: string, number: number, round: number): string {
  const of = `chimed batch run 1\n${batchId}\n${number}\n${round}`;
  const hex = createHash('sha256').update(of, 'utf-8').digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...parts, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
