/**
 * How fast a model evaluates, by the tests of llama.cpp's `llama-bench`: `pp` evaluates a prompt, `tg`
 * generates from an empty context, one token at a time. With several sequences it counts the tokens of
 * all of them, as `llama-batched-bench` does.
 */
import { Cancelled } from '../domain/contract/rpc';
import type { LanguageModel, Sequence, Token } from '../engine/language-model';

export interface SpeedTest {
  readonly kind: 'pp' | 'tg';
  /** Tokens of each sequence. */
  readonly tokens: number;
  /** Evaluated side by side. */
  readonly sequences: number;
}

/** Tokens a second, over the repetitions. */
export interface Speed {
  readonly mean: number;
  /** Standard deviation of a sample; 0 where there was one repetition. */
  readonly sd: number;
}

export interface SpeedOptions {
  readonly repetitions: number;
  readonly signal: AbortSignal;
  /** After each repetition: how many are done. */
  onProgress?(done: number): void;
}

/** As `llama-bench` calls a test: `pp512`, `tg128`. */
export function nameOf({ kind, tokens }: SpeedTest): string {
  return `${kind}${tokens}`;
}

/**
 * Runs a test once without counting, then `repetitions` times. Generation takes the likeliest token and
 * so includes the reading of the logits, which `llama-bench` leaves out.
 * @throws AppError `CONTEXT_EXCEEDED`, `DECODE_FAILED`
 * @throws Cancelled between two pieces of a prompt or two tokens
 */
export async function measureSpeed(
  model: LanguageModel,
  test: SpeedTest,
  { repetitions, signal, onProgress }: SpeedOptions,
): Promise<Speed> {
  const tokens = randomTokens(model);
  const sequences: Sequence[] = [];
  try {
    for (let i = 0; i < test.sequences; i++) sequences.push(await model.openSequence(signal));
    const run = async (length: number): Promise<void> => {
      if (test.kind === 'pp') await evaluatePrompts(sequences, length, tokens, signal);
      else await generate(sequences, length, tokens, signal);
    };
    const clear = (): Promise<unknown> => Promise.all(sequences.map((one) => one.truncate(0)));

    await clear();
    // The first evaluation allocates; one token shows that as well as many.
    await run(test.kind === 'pp' ? test.tokens : 1);
    const speeds: number[] = [];
    for (let i = 0; i < repetitions; i++) {
      await clear();
      const start = performance.now();
      await run(test.tokens);
      const seconds = (performance.now() - start) / 1000;
      speeds.push((test.tokens * test.sequences) / seconds);
      onProgress?.(i + 1);
    }
    await clear();
    return summarize(speeds);
  } finally {
    for (const sequence of sequences) sequence.release();
  }
}

/** Mean and standard deviation of a sample of at least one number. */
export function summarize(values: readonly number[]): Speed {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

async function evaluatePrompts(
  sequences: readonly Sequence[],
  length: number,
  next: () => Token,
  signal: AbortSignal,
): Promise<void> {
  const prompts = sequences.map(() => Array.from({ length }, next));
  await Promise.all(
    sequences.map((sequence, i) => sequence.prefill(prompts[i] as Token[], signal)),
  );
}

async function generate(
  sequences: readonly Sequence[],
  length: number,
  next: () => Token,
  signal: AbortSignal,
): Promise<void> {
  let fed = sequences.map(next);
  for (let i = 0; i < length; i++) {
    if (signal.aborted) throw new Cancelled();
    // Step by step together, so that the engine puts them into one batch.
    const answers = await Promise.all(
      sequences.map((one, k) => one.evaluate([fed[k] as Token], [{ candidates: [], top: 1 }])),
    );
    fed = answers.map(([answer], k) => answer?.top[0]?.[0] ?? (fed[k] as Token));
  }
}

/** Never the same prompt twice: what a model still holds of an earlier one would cost nothing. */
function randomTokens(model: LanguageModel): () => Token {
  const vocabulary = [...model.pieces.values()];
  return () => vocabulary[Math.floor(Math.random() * vocabulary.length)] as Token;
}
