/** The model through node-llama-cpp. */
import { availableParallelism } from 'node:os';
import type { Llama, LlamaContext, LlamaModel, Token as LlamaToken } from 'node-llama-cpp';
import { AppError } from '../domain/contract/errors';
import type { Device } from '../domain/contract/host-port';
import { Cancelled } from '../domain/contract/rpc';
import type { LanguageModel, Sequence, SequenceOptions, Token } from './language-model';
import { contextShiftRefused, LlamaSequence, PhysicalLlamaSequence } from './llama-sequence';
import { SequencePool } from './sequence-pool';

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
  readonly #pool: SequencePool<PhysicalLlamaSequence>;
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
    this.#pool = new SequencePool(
      Array.from(
        { length: this.sequences },
        () => new PhysicalLlamaSequence(context.getSequence(contextShiftRefused)),
      ),
    );
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

  openSequence(signal: AbortSignal, options: SequenceOptions = {}): Promise<Sequence> {
    if (signal.aborted) return Promise.reject(new Cancelled());
    const lease = this.#pool.open(options.priority ?? 'interactive');
    const capacity = this.contextSize - 1;
    return Promise.resolve(new LlamaSequence({ lease, capacity, signal, meter: options.meter }));
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
    await this.#model.dispose();
    await this.#llama.dispose();
  }
}
