import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cancelled } from '../domain/contract/rpc';
import type { LanguageModel, Sequence, Token } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';
import { measureSpeed, nameOf, summarize } from './speed';

const path = join(import.meta.dirname, '..', '..', 'models', 'default.gguf');
const never = new AbortController().signal;
const sequences = 2;
let model: LanguageModel;

beforeAll(async () => {
  model = await loadLlamaModel({ path, contextSize: 256, sequences, threads: 1, backend: 'cpu' });
});
afterAll(() => model.dispose());

/** What was evaluated of a sequence between two times that it was emptied. */
interface Run {
  readonly start: number;
  readonly tokens: Token[];
}

/** The same model, which notes what its sequences are fed. */
function watched(): { model: LanguageModel; runs: Run[] } {
  const runs: Run[] = [];
  const openSequence = async (signal: AbortSignal): Promise<Sequence> => {
    const sequence = await model.openSequence(signal);
    let run: Run | null = null;
    const feed = (tokens: readonly Token[]): void => {
      if (!run) runs.push((run = { start: sequence.length, tokens: [] }));
      run.tokens.push(...tokens);
    };
    return {
      get length() {
        return sequence.length;
      },
      capacity: sequence.capacity,
      prefill: (tokens, stop) => (feed(tokens), sequence.prefill(tokens, stop)),
      evaluate: (tokens, asks) => (feed(tokens), sequence.evaluate(tokens, asks)),
      truncate: (length) => ((run = null), sequence.truncate(length)),
      release: () => sequence.release(),
    };
  };
  const { device, contextSize, bos, eos, pieces } = model;
  return {
    runs,
    model: {
      ...{ device, contextSize, sequences, bos, eos, pieces, openSequence },
      tokenize: (text, continues) => model.tokenize(text, continues),
      controlToken: (text) => model.controlToken(text),
      costOfMore: (held) => model.costOfMore(held),
      detokenize: () => '',
      describe: (token) => model.describe(token),
      dispose: () => model.dispose(),
    },
  };
}

/** Resolves only while no sequence is held by anyone else. */
async function openAll(): Promise<void> {
  const opened = await Promise.all(
    Array.from({ length: sequences }, async () => {
      const signal = AbortSignal.timeout(2_000);
      const sequence = await model.openSequence(signal);
      // Only work claims a sequence of the model.
      await sequence.prefill([model.eos], signal);
      return sequence;
    }),
  );
  for (const sequence of opened) sequence.release();
}

describe('a speed test', () => {
  it('evaluates every token of every run from an empty context, and no prompt twice', async () => {
    const { model: counting, runs } = watched();
    const done: number[] = [];
    const speed = await measureSpeed(
      counting,
      { kind: 'pp', tokens: 100, sequences: 2 },
      { repetitions: 3, signal: never, onProgress: (count) => done.push(count) },
    );
    expect(done).toEqual([1, 2, 3]);
    // Two sequences: once without counting, three times with.
    expect(runs.map(({ start, tokens }) => [start, tokens.length])).toEqual(
      new Array(8).fill([0, 100]),
    );
    expect(new Set(runs.map(({ tokens }) => tokens.join())).size).toBe(8);
    expect(speed.mean).toBeGreaterThan(0);
    await openAll();
  });

  it('generates what the model finds likeliest, token by token', async () => {
    const { model: counting, runs } = watched();
    await measureSpeed(
      counting,
      { kind: 'tg', tokens: 20, sequences: 1 },
      { repetitions: 2, signal: never },
    );
    expect(runs.map(({ start, tokens }) => [start, tokens.length])).toEqual([
      [0, 1],
      [0, 20],
      [0, 20],
    ]);
    const [, generated] = runs;
    const sequence = await model.openSequence(never);
    await sequence.prefill([], never);
    let expected = generated?.tokens[0] as Token;
    for (const token of generated?.tokens ?? []) {
      expect(token).toBe(expected);
      const [answer] = await sequence.evaluate([token], [{ candidates: [], top: 1 }]);
      expected = answer?.top[0]?.[0] as Token;
    }
    sequence.release();
  });

  it('that is cancelled ends so, and gives its sequences back', async () => {
    for (const kind of ['pp', 'tg'] as const) {
      const stop = new AbortController();
      const measuring = measureSpeed(
        model,
        { kind, tokens: 100, sequences: 2 },
        { repetitions: 3, signal: stop.signal, onProgress: () => stop.abort() },
      );
      await expect(measuring).rejects.toThrow(Cancelled);
      await openAll();
    }
  });

  it('of more tokens than a sequence holds is refused, and gives its sequences back', async () => {
    for (const kind of ['pp', 'tg'] as const) {
      const measuring = measureSpeed(
        model,
        { kind, tokens: 257, sequences: 2 },
        { repetitions: 1, signal: never },
      );
      await expect(measuring).rejects.toMatchObject({ code: 'CONTEXT_EXCEEDED' });
      await openAll();
    }
  });
});

describe('the result', () => {
  it('is the mean and the standard deviation of a sample, as llama-bench prints them', () => {
    expect(summarize([10, 12, 14])).toEqual({ mean: 12, sd: 2 });
    expect(summarize([10])).toEqual({ mean: 10, sd: 0 });
    expect(nameOf({ kind: 'pp', tokens: 512, sequences: 4 })).toBe('pp512');
  });
});
