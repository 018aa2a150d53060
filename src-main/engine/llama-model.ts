/**
 * The model through node-llama-cpp. The only file that imports it.
 */
import { availableParallelism } from 'node:os';
import type {
  ControlledEvaluateInputItem,
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaModel,
  Token as LlamaToken,
} from 'node-llama-cpp';
import { AppError } from '../domain/contract/errors';
import type { Device } from '../domain/contract/host-port';
import { Cancelled } from '../domain/contract/rpc';
import type { Answer, Ask, LanguageModel, Sequence, Token } from './language-model';
import { PrefillPace } from './prefill-pace';

/** llama.cpp "creates" an absurd context without an error (overcommit), so it is capped here. */
export const maxContextSize = 32_768;

/** Below this many parameters a second thread costs more in waiting than it saves (measured). */
const smallModelParameters = 50_000_000;

export interface LoadOptions {
  readonly path: string;
  /** Tokens a sequence; cut to what the model was trained for and to `maxContextSize`. */
  readonly contextSize: number;
  /** Parallel sequences. Defaults to 1. */
  readonly sequences?: number;
  /** False keeps to the CPU. Defaults to letting the library choose. */
  readonly gpu?: false | 'auto';
  /** Defaults to all cores, fewer for very small models. */
  readonly threads?: number;
  /** Number of parameters, to choose threads by. */
  readonly parameters?: number;
  readonly signal?: AbortSignal;
  /** 0..1 */
  onProgress?(progress: number): void;
}

/** Threads to compute with; never more than there are cores, which would be 500 times slower. */
export function threadsFor(parameters: number | undefined, cores = availableParallelism()): number {
  if (parameters !== undefined && parameters < smallModelParameters) return Math.max(1, cores >> 1);
  return Math.max(1, cores);
}

/**
 * Loads a GGUF. Its structure must have been checked before: some bad files abort the process.
 * @throws AppError `MODEL_LOAD_FAILED` with the library's own words in `detail`
 * @throws Cancelled
 */
export async function loadLlamaModel(options: LoadOptions): Promise<LanguageModel> {
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
  // loadModel only says that it failed; the reason is in the log.
  const complaints: string[] = [];
  let llama: Llama | undefined;
  try {
    const threads = options.threads ?? threadsFor(options.parameters);
    llama = await getLlama({
      gpu: options.gpu ?? 'auto',
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: threads,
      logLevel: LlamaLogLevel.warn,
      logger: (_level, message) => {
        if (complaints.length < 50) complaints.push(message.trim());
      },
    });
    const model = await llama.loadModel({
      modelPath: options.path,
      // Repacked CPU weights would be held twice with mmap, and a truncated mapped file is a SIGBUS.
      useMmap: llama.gpu === false ? false : 'auto',
      ...(options.signal ? { loadSignal: options.signal } : {}),
      onLoadProgress: (progress) => options.onProgress?.(progress),
    });
    const sequences = options.sequences ?? 1;
    const context = await model.createContext({
      contextSize: Math.min(options.contextSize, model.trainContextSize, maxContextSize),
      sequences,
      threads,
      ...(options.signal ? { createSignal: options.signal } : {}),
    });
    return new LlamaLanguageModel(llama, model, context);
  } catch (error) {
    await llama?.dispose();
    if (options.signal?.aborted) throw new Cancelled();
    const detail = complaints.find((line) => /error|fail|invalid|missing/i.test(line));
    throw new AppError('MODEL_LOAD_FAILED', {
      params: {
        detail: (detail ?? (error instanceof Error ? error.message : 'unknown')).slice(0, 300),
      },
      cause: error,
    });
  }
}

class LlamaLanguageModel implements LanguageModel {
  readonly device: Device;
  readonly contextSize: number;
  readonly sequences: number;
  readonly bos: Token | null;
  readonly eos: Token;
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #free: LlamaSequence[] = [];
  readonly #waiting: ((sequence: LlamaSequence) => void)[] = [];
  #pieces: ReadonlyMap<string, Token> | null = null;
  #lineEnd: readonly Token[] | null = null;

  constructor(llama: Llama, model: LlamaModel, context: LlamaContext) {
    this.#llama = llama;
    this.#model = model;
    this.#context = context;
    this.contextSize = context.contextSize;
    this.sequences = context.totalSequences;
    this.bos = model.tokens.bos;
    if (model.tokens.eos === null) {
      throw new AppError('MODEL_LOAD_FAILED', { params: { detail: 'no end-of-text token' } });
    }
    this.eos = model.tokens.eos;
    this.device = { kind: llama.gpu === false ? 'cpu' : llama.gpu };
    const pace = new PrefillPace();
    for (let i = 0; i < this.sequences; i++) {
      this.#free.push(
        new LlamaSequence(
          context.getSequence(contextShiftRefused),
          this.contextSize - 1,
          pace,
          (sequence) => this.#giveBack(sequence),
        ),
      );
    }
  }

  tokenize(text: string, continues: boolean): Token[] {
    if (!continues) return this.#model.tokenize(text, false);
    // SentencePiece puts a space before every text. The library's own way of avoiding it does not
    // for a text that begins with a line end, so the text is put after a line end, which is cut off.
    this.#lineEnd ??= this.#model.tokenize('\n', false);
    const tokens = this.#model.tokenize(`\n${text}`, false);
    if (this.#lineEnd.every((token, i) => token === tokens[i]))
      return tokens.slice(this.#lineEnd.length);
    return this.#model.tokenize(text, false, 'trimLeadingSpace');
  }

  controlToken(text: string): Token | null {
    const tokens = this.#model.tokenize(text, true, 'trimLeadingSpace');
    const [only] = tokens;
    return tokens.length === 1 && only !== undefined && this.#model.isSpecialToken(only)
      ? only
      : null;
  }

  get pieces(): ReadonlyMap<string, Token> {
    if (!this.#pieces) {
      const pieces = new Map<string, Token>();
      for (const token of this.#model.iterateAllTokens()) {
        const attributes = this.#model.getTokenAttributes(token);
        if (attributes.control || attributes.byte || attributes.unknown || attributes.unused)
          continue;
        // A preceding token keeps the leading space of a piece; without it the first space is eaten.
        const text = this.#model.detokenize([token], false, [this.eos as LlamaToken]);
        if (text !== '' && !text.includes('\uFFFD') && !pieces.has(text)) pieces.set(text, token);
      }
      this.#pieces = pieces;
    }
    return this.#pieces;
  }

  openSequence(signal: AbortSignal): Promise<Sequence> {
    if (signal.aborted) return Promise.reject(new Cancelled());
    const free = this.#free.pop();
    if (free) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const take = (sequence: LlamaSequence): void => {
        signal.removeEventListener('abort', give);
        resolve(sequence);
      };
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(new Cancelled());
      };
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.push(take);
    });
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
    await this.#model.dispose();
    await this.#llama.dispose();
  }

  #giveBack(sequence: LlamaSequence): void {
    const next = this.#waiting.shift();
    if (next) next(sequence);
    else this.#free.push(sequence);
  }
}

/** The library's default shift silently erases the beginning; ours is to refuse before it comes to that. */
const contextShiftRefused = {
  contextShift: {
    strategy: (): never => {
      throw new AppError('CONTEXT_EXCEEDED');
    },
  },
};

class LlamaSequence implements Sequence {
  readonly capacity: number;
  readonly #sequence: LlamaContextSequence;
  readonly #pace: PrefillPace;
  readonly #giveBack: (sequence: LlamaSequence) => void;

  constructor(
    sequence: LlamaContextSequence,
    capacity: number,
    pace: PrefillPace,
    giveBack: (sequence: LlamaSequence) => void,
  ) {
    this.#sequence = sequence;
    this.capacity = capacity;
    this.#pace = pace;
    this.#giveBack = giveBack;
  }

  get length(): number {
    return this.#sequence.nextTokenIndex;
  }

  async prefill(tokens: readonly Token[], signal: AbortSignal): Promise<void> {
    if (tokens.length > this.capacity) throw this.#exceeded(tokens.length);
    const held = this.#sequence.contextTokens;
    let common = 0;
    while (common < held.length && common < tokens.length && held[common] === tokens[common])
      common++;
    await this.truncate(common);
    while (this.length < tokens.length) {
      if (signal.aborted) throw new Cancelled();
      const piece = tokens.slice(this.length, this.length + this.#pace.piece) as LlamaToken[];
      const start = performance.now();
      await this.#sequence.evaluateWithoutGeneratingNewTokens(piece);
      this.#pace.record(piece.length, performance.now() - start);
    }
    if (signal.aborted) throw new Cancelled();
  }

  async evaluate(
    tokens: readonly Token[],
    asks: readonly (Ask | null)[],
  ): Promise<(Answer | null)[]> {
    if (this.length + tokens.length > this.capacity) {
      throw this.#exceeded(this.length + tokens.length);
    }
    const input = tokens.map((token, i): ControlledEvaluateInputItem => {
      const ask = asks[i];
      if (!ask) return token as LlamaToken;
      return [
        token as LlamaToken,
        {
          generateNext: {
            // Greedy selection picks the largest logit, which the log-normaliser is relative to.
            logits: {
              filter: {
                tokens: ask.candidates as LlamaToken[],
                includeSelected: true,
                includeTop: ask.top ?? 0,
              },
            },
            totalLogitWeight: true,
            options: { temperature: 0 },
          },
        },
      ];
    });
    const output = await this.#sequence.controlledEvaluate(input);
    return tokens.map((_, i): Answer | null => {
      const ask = asks[i];
      const next = output[i]?.next;
      if (!ask) return null;
      if (!next?.logits || next.totalLogitWeight === undefined) throw new AppError('DECODE_FAILED');
      return toAnswer(ask, next.logits, next.totalLogitWeight);
    });
  }

  async truncate(length: number): Promise<void> {
    const end = this.#sequence.nextTokenIndex;
    if (length < end) await this.#sequence.eraseContextTokenRanges([{ start: length, end }]);
  }

  release(): void {
    this.#giveBack(this);
  }

  #exceeded(needed: number): AppError {
    return new AppError('CONTEXT_EXCEEDED', { params: { needed, capacity: this.capacity } });
  }
}

function toAnswer(ask: Ask, logits: ReadonlyMap<number, number>, totalWeight: number): Answer {
  let max = -Infinity;
  for (const logit of logits.values()) if (logit > max) max = logit;
  const wanted = Float64Array.from(ask.candidates, (token) => logits.get(token) ?? -Infinity);
  // A NaN anywhere means broken weights; comparing with it would silently pick nonsense.
  if (!Number.isFinite(max) || wanted.some(Number.isNaN)) throw new AppError('DECODE_FAILED');
  const top = ask.top ? [...logits].sort((a, b) => b[1] - a[1]).slice(0, ask.top) : [];
  return { logits: wanted, top, logZ: max + Math.log(totalWeight) };
}
