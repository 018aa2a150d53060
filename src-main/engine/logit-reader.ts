/**
 * Reads answers out of what a batch of tokens has left behind, at all of its places side by side.
 *
 * node-llama-cpp's own `controlledEvaluate` reads place after place, with a turn of the event loop for each, and
 * sorts the whole vocabulary where the likeliest tokens are wanted. With a very small model that took a third
 * of the time. What is used of the library here is not in its types, but is one with its pinned version: the
 * tests of this room run all of it.
 */
import type { LlamaContextSequence, Token as LlamaToken, TokenMeter } from 'node-llama-cpp';
import { AppError } from '../domain/contract/errors';
import type { AllowedTokens, Answer, Ask, Token } from './language-model';

/** Reads of one sequence that are under way together; each has a copy of the vocabulary's logits. */
const sideBySide = 4;

/** Token, probabilities, confidence, logits (token, logit, token, logit, ...), sum of exp(logit - largest). */
type Sampled = readonly [
  token: Token,
  probabilities?: unknown,
  confidence?: unknown,
  logits?: readonly number[],
  weight?: number,
];

/** Tokens; also the largest, the smallest, the chosen one; how many of the largest. */
type LogitFilter = readonly [readonly Token[], boolean, boolean, boolean, number];

interface NativeSampler {
  applyConfig(config: {
    readonly temperature: number;
    readonly topK?: number;
    readonly seed: number;
  }): void;
  dispose(): void;
}

interface NativeContext {
  sampleToken(
    place: number,
    sampler: NativeSampler,
    probabilities: false,
    confidence: false,
    logits: boolean | LogitFilter,
    totalWeight: boolean,
  ): Promise<Sampled>;
}

/** The part of a sequence that its types do not show. */
interface Inner {
  readonly context: { readonly _ctx: NativeContext };
  readonly model: {
    readonly _model: unknown;
    readonly _llama: {
      readonly _bindings: { readonly AddonSampler: new (model: unknown) => NativeSampler };
    };
  };
  _decodeTokens(
    tokens: readonly LlamaToken[],
    isRead: readonly boolean[],
    priority: number,
    meter: TokenMeter,
    shift: { readonly size: number; readonly strategy: () => never },
    /** @param place in the batch, of the token at `index`; whatever is in the batch is lost with the next one */
    read: (place: number, index: number) => unknown,
    /** The next batch waits for it; it must not reject. */
    afterBatch: (length: number) => Promise<unknown>,
  ): Promise<unknown>;
  _takeIntervalCheckpointIfNeededAfterBatch(length: number): Promise<void> | undefined;
}

/** The library's own priority of an evaluation. */
const usualPriority = 5;

export class LogitReader {
  readonly #sequence: LlamaContextSequence;
  readonly #inner: Inner;
  /** One for each read under way, made when first needed: greedy, and of the likeliest tokens. */
  readonly #greedy: NativeSampler[] = [];
  readonly #likeliest = new Map<number, NativeSampler[]>();
  readonly #all: NativeSampler[] = [];

  constructor(sequence: LlamaContextSequence) {
    this.#sequence = sequence;
    this.#inner = sequence as unknown as Inner;
  }

  /**
   * Evaluates tokens behind what the sequence holds. `asks[i]` is answered about what follows `tokens[i]`.
   * @param strategy what happens where the context has no room left
   * @throws AppError `DECODE_FAILED`
   */
  async evaluate(
    tokens: readonly Token[],
    asks: readonly (Ask | null)[],
    strategy: () => never,
  ): Promise<(Answer | null)[]> {
    const answers = tokens.map((): Answer | null => null);
    const waiting: { readonly place: number; readonly index: number }[] = [];
    const lanes: Promise<void>[] = [];
    let underWay = 0;
    const lane = async (): Promise<void> => {
      underWay++;
      try {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          answers[next.index] = await this.#read(next.place, asks[next.index] as Ask);
        }
      } finally {
        underWay--;
      }
    };
    await this.#inner._decodeTokens(
      tokens as LlamaToken[],
      asks.map((ask) => ask !== null),
      usualPriority,
      this.#sequence.tokenMeter,
      { size: 1, strategy },
      (place, index) => {
        waiting.push({ place, index });
        if (underWay < sideBySide) lanes.push(lane());
      },
      async (length) => {
        await Promise.allSettled(lanes);
        await this.#inner._takeIntervalCheckpointIfNeededAfterBatch(length);
      },
    );
    await Promise.all(lanes);
    return answers;
  }

  dispose(): void {
    for (const sampler of this.#all.splice(0)) sampler.dispose();
  }

  async #read(place: number, ask: Ask): Promise<Answer> {
    const { candidates, top: count = 0, allowed, unlessLikeliest } = ask;
    if (unlessLikeliest !== undefined) {
      const [token] = await this.#sample(place, false, false);
      if (token === unlessLikeliest) return settled(ask);
    }
    const filter: LogitFilter = [candidates, false, false, true, 0];
    const [[likeliest, , , found = [], weight], several] = await Promise.all([
      this.#sample(place, filter, true),
      count > 1 ? this.#top(place, count) : [],
    ]);
    const logits = new Map(pairsOf(found));
    const max = Math.max(...logits.values());
    const wanted = logitsOf(candidates, logits);
    // A NaN anywhere means broken weights; comparing with it would silently pick nonsense.
    if (!Number.isFinite(max) || weight === undefined) throw new AppError('DECODE_FAILED');
    // The likeliest has been read with the others already.
    const top = count === 1 ? ([[likeliest, max]] as const) : several;
    const isNone = allowed && !top.some(([token]) => allowed.has(token));
    return {
      logits: wanted,
      top: isNone ? await this.#listed(place, allowed) : top,
      logZ: max + Math.log(weight),
    };
  }

  async #listed(place: number, allowed: AllowedTokens): Promise<Answer['top']> {
    const tokens = allowed.list();
    const [, , , found = []] = await this.#sample(place, [tokens, false, false, false, 0], false);
    const logits = logitsOf(tokens, new Map(pairsOf(found)));
    return tokens.map((token, i) => [token, logits[i] as number] as const).sort(byLogit);
  }

  async #top(place: number, count: number): Promise<Answer['top']> {
    const pool = this.#likeliest.get(count) ?? [];
    this.#likeliest.set(count, pool);
    const [, , , found = []] = await this.#with(pool, { temperature: 1, topK: count }, (sampler) =>
      this.#inner.context._ctx.sampleToken(place, sampler, false, false, true, false),
    );
    return pairsOf(found).sort(byLogit);
  }

  #sample(place: number, logits: false | LogitFilter, totalWeight: boolean): Promise<Sampled> {
    return this.#with(this.#greedy, { temperature: 0 }, (sampler) =>
      this.#inner.context._ctx.sampleToken(place, sampler, false, false, logits, totalWeight),
    );
  }

  /** A sampler is good for one read at a time. */
  async #with(
    pool: NativeSampler[],
    config: { readonly temperature: number; readonly topK?: number },
    read: (sampler: NativeSampler) => Promise<Sampled>,
  ): Promise<Sampled> {
    const sampler = pool.pop() ?? this.#make(config);
    try {
      return await read(sampler);
    } finally {
      pool.push(sampler);
    }
  }

  #make(config: { readonly temperature: number; readonly topK?: number }): NativeSampler {
    const { _model, _llama } = this.#inner.model;
    const sampler = new _llama._bindings.AddonSampler(_model);
    sampler.applyConfig({ ...config, seed: 0 });
    this.#all.push(sampler);
    return sampler;
  }
}

function settled({ candidates, unlessLikeliest }: Ask): Answer {
  const logits = Float64Array.from(candidates, (each) =>
    each === unlessLikeliest ? 0 : -Infinity,
  );
  return { logits, top: [], logZ: 0 };
}

/** @throws AppError `DECODE_FAILED` */
function logitsOf(tokens: readonly Token[], found: ReadonlyMap<Token, number>): Float64Array {
  const logits = Float64Array.from(tokens, (token) => found.get(token) ?? -Infinity);
  if (logits.some(Number.isNaN)) throw new AppError('DECODE_FAILED');
  return logits;
}

const byLogit = ([, a]: readonly [Token, number], [, b]: readonly [Token, number]): number => b - a;

function pairsOf(flat: readonly number[]): [Token, number][] {
  return Array.from({ length: flat.length >> 1 }, (_, i) => [
    flat[2 * i] as Token,
    flat[2 * i + 1] as number,
  ]);
}
