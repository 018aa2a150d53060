/** `chimed model bench`: how fast a model file evaluates a prompt and generates on this machine. */
import { availableParallelism } from 'node:os';
import { AppError } from '../domain/contract/errors';
import type { Device } from '../domain/contract/host-port';
import type { ModelCard } from '../domain/contract/model-card';
import { maxContextSize } from '../domain/contract/model-settings';
import { Cancelled } from '../domain/contract/rpc';
import { threadsFor } from '../domain/rules/threads';
import { formatterFor, messagesFor } from '../domain/messages';
import type { LanguageModel } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';
import { measureSpeed, nameOf, type Speed, type SpeedTest } from '../evaluation/speed';
import { verifyModel } from '../library/verify';
import { Interruption } from './interruption';
import { standardOutput } from './output';
import { alignedColumns } from './table';
import { exitCodes, locale, note, ProgressLine } from './terminal';

export interface BenchOptions {
  /** Tokens of the prompt. Defaults to 512, or to the model's context where that is shorter. */
  readonly prompt?: number;
  /** Tokens to generate. Defaults to 128, or to the model's context where that is shorter. */
  readonly generate?: number;
  /** Each is a run of both tests with so many sequences side by side. */
  readonly sequences: readonly number[];
  readonly repetitions: number;
  readonly format: 'text' | 'json';
  /** Defaults to what suits the model. */
  readonly threads?: number;
}

/** What `--format json` prints; the stable interface of the command. */
interface BenchReport {
  readonly version: 1;
  readonly model: {
    readonly name: string;
    readonly sha256: string;
    readonly fileSize: number;
    readonly parameters: number;
    readonly quantization: string;
  };
  readonly device: Device;
  readonly threads: number;
  readonly repetitions: number;
  readonly results: readonly BenchResult[];
}

interface BenchResult {
  /** `pp512`, `tg128`, as `llama-bench` calls them. */
  readonly test: string;
  readonly sequences: number;
  /** Of all sequences together. */
  readonly tokensPerSecond: Speed;
}

/** Those of `llama-bench`, so that numbers can be compared. */
const usualLengths = { prompt: 512, generate: 128 };

/** llama.cpp pads a context to a multiple of this. */
const contextStep = 256;

/**
 * Prints once all tests are done, so that there are never results of a part by accident.
 * @returns the exit code: 0, or 130 or 143 where it was interrupted
 * @throws AppError `CONTEXT_EXCEEDED` before the model is loaded, and those of `verifyModel`,
 *   `loadLlamaModel`, `measureSpeed`
 */
export async function benchCommand(path: string, options: BenchOptions): Promise<number> {
  const interruption = new Interruption();
  const progress = new ProgressLine();
  const texts = messagesFor(locale).speed;
  try {
    const { card, summary } = await verifyModel(path, { signal: interruption.signal });
    const capacity = Math.min(summary.context, maxContextSize) - 1;
    const prompt = options.prompt ?? Math.min(usualLengths.prompt, capacity);
    const generate = options.generate ?? Math.min(usualLengths.generate, capacity);
    const needed = Math.max(prompt, generate);
    if (needed > capacity)
      throw new AppError('CONTEXT_EXCEEDED', {
        params: { needed, capacity, over: needed - capacity },
      });
    const threads = options.threads ?? threadsFor(card.shape.parameters, availableParallelism());
    note(texts.started(card.name));
    const { percent } = formatterFor(locale);
    const model = await loadLlamaModel({
      path,
      contextSize: Math.ceil((needed + 1) / contextStep) * contextStep,
      sequences: Math.max(...options.sequences),
      threads,
      signal: interruption.signal,
      onProgress: (share) => progress.show(texts.loading(percent(share))),
    });
    const { sequences, repetitions } = options;
    const tests = sequences.flatMap((count): SpeedTest[] => [
      { kind: 'pp', tokens: prompt, sequences: count },
      { kind: 'tg', tokens: generate, sequences: count },
    ]);
    const results = await runTests(model, tests, repetitions, interruption.signal, progress);
    progress.clear();
    const report = reportOf(card, model.device, threads, repetitions, results);
    const text = options.format === 'json' ? JSON.stringify(report) : speedTable(report);
    await standardOutput().write(`${text}\n`);
    return exitCodes.ok;
  } catch (error) {
    progress.clear();
    if (!(error instanceof Cancelled) || interruption.exitCode === null) throw error;
    note(texts.interrupted);
    return interruption.exitCode;
  }
}

/** @throws Cancelled also where the interruption came after the last token */
async function runTests(
  model: LanguageModel,
  tests: readonly SpeedTest[],
  repetitions: number,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<BenchResult[]> {
  const { integer } = formatterFor(locale);
  const total = integer(tests.length * repetitions);
  const results: BenchResult[] = [];
  for (const [i, test] of tests.entries()) {
    const tokensPerSecond = await measureSpeed(model, test, {
      repetitions,
      signal,
      onProgress: (done) =>
        progress.show(
          messagesFor(locale).speed.progress(nameOf(test), integer(i * repetitions + done), total),
        ),
    });
    results.push({ test: nameOf(test), sequences: test.sequences, tokensPerSecond });
  }
  if (signal.aborted) throw new Cancelled();
  return results;
}

function reportOf(
  card: ModelCard,
  device: Device,
  threads: number,
  repetitions: number,
  results: readonly BenchResult[],
): BenchReport {
  const { name, sha256, fileSize, shape } = card;
  const { parameters, quantization } = shape;
  return {
    version: 1,
    model: { name, sha256, fileSize, parameters, quantization },
    device,
    threads,
    repetitions,
    results,
  };
}

function speedTable({ model, device, threads, results }: BenchReport): string {
  const texts = messagesFor(locale).speed;
  const { integer } = formatterFor(locale);
  const rows = results.map(({ test, sequences, tokensPerSecond: { mean, sd } }) => [
    test,
    integer(sequences),
    `${mean.toFixed(2)} ± ${sd.toFixed(2)}`,
  ]);
  return [
    texts.model(model.name, model.quantization, integer(model.parameters)),
    texts.computed(texts.device[device.kind], integer(threads)),
    '',
    ...alignedColumns([[texts.test, texts.sequences, texts.tokensPerSecond], ...rows], {
      right: true,
    }),
    '',
    texts.legend,
  ].join('\n');
}
