/** A loaded model through node-llama-cpp: tokens, and sequences out of its pool. */
import type { LlamaContext, LlamaModel, Token as LlamaToken } from 'node-llama-cpp';
import { AppError } from '../domain/contract/errors';
import type { Device } from '../domain/contract/host-port';
import { Cancelled } from '../domain/contract/rpc';
import type {
  LoadedLanguageModel,
  ModelMemory,
  Sequence,
  SequenceOptions,
  TokenDescription,
  Token,
} from './language-model';
import { callCost, type CallCost } from './call-cost';
import { contextShiftRefused, LlamaSequence, PhysicalLlamaSequence } from './llama-sequence';
import { prefillPieceFor } from './prefill-piece';
import { RoleTokens } from './role-tokens';
import { SamplerGarbage } from './sampler-garbage';
import { SequencePool } from './sequence-pool';

/** Written for a token that is some bytes of a character. */
const partOfCharacter = '‥';

export class LlamaLanguageModel implements LoadedLanguageModel {
  readonly device: Device;
  readonly contextSize: number;
  readonly sequences: number;
  readonly bos: Token | null;
  readonly eos: Token;
  readonly #model: LlamaModel;
  /** Each evaluates by itself, at the same time as the others. */
  readonly #contexts: readonly LlamaContext[];
  readonly #openContexts: () => Promise<LlamaContext[]>;
  readonly #physical: readonly PhysicalLlamaSequence[];
  readonly #pool: SequencePool<PhysicalLlamaSequence>;
  readonly #piece: number;
  readonly #cost: CallCost;
  readonly #garbage: SamplerGarbage;
  #pieces: ReadonlyMap<string, Token> | null = null;
  #lineEnd: readonly Token[] | null = null;
  #roles: RoleTokens | null = null;

  private constructor(
    model: LlamaModel,
    contexts: readonly LlamaContext[],
    openContexts: () => Promise<LlamaContext[]>,
    device: Device,
  ) {
    const layers = model.fileInsights.totalLayers;
    const isOnGpu = device.kind !== 'cpu' && model.gpuLayers >= layers;
    const parameters = parametersOf(model);
    this.#piece = prefillPieceFor(parameters, isOnGpu);
    this.#cost = { parameters, isOnGpu, weightBytes: model.size, heldBytes: heldBytesOf(model) };
    this.#garbage = new SamplerGarbage(model.fileInfo.metadata.tokenizer.ggml.tokens.length);
    this.#model = model;
    this.#contexts = contexts;
    this.#openContexts = openContexts;
    this.contextSize = Math.min(...contexts.map(({ contextSize }) => contextSize));
    this.sequences = contexts.reduce((sum, { totalSequences }) => sum + totalSequences, 0);
    this.bos = model.tokens.bos;
    if (model.tokens.eos === null) {
      throw new AppError('MODEL_LOAD_FAILED', { params: { detail: 'no end-of-text token' } });
    }
    this.eos = model.tokens.eos;
    this.device = device;
    this.#physical = inTurn(contexts, this.#garbage);
    this.#pool = new SequencePool(this.#physical);
  }

  /** @param openContexts makes the contexts of the model as they are to be used, each time anew */
  static async open(
    model: LlamaModel,
    openContexts: () => Promise<LlamaContext[]>,
    device: Device,
  ): Promise<LlamaLanguageModel> {
    return new LlamaLanguageModel(model, await openContexts(), openContexts, device);
  }

  tokenize(text: string, continues: boolean): Token[] {
    return this.#roleTokens
      .split(text)
      .flatMap((part, i) => this.#tokenizePart(part, continues || i > 0));
  }

  /** @param text has no token that the engine would find before all others */
  #tokenizePart(text: string, continues: boolean): Token[] {
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
    return tokens.length === 1 && only !== undefined && this.#isControl(only) ? only : null;
  }

  describe(token: Token): TokenDescription {
    const id = token as LlamaToken;
    const isControl = this.#isControl(id);
    // A preceding token keeps the leading space of a piece; without it the first space is eaten.
    const text = this.#model.detokenize([id], true, [this.eos as LlamaToken]);
    return { text: text.includes('\uFFFD') ? partOfCharacter : text, isControl };
  }

  detokenize(tokens: readonly Token[], after: Token): string {
    return this.#model.detokenize(tokens as LlamaToken[], false, [after as LlamaToken]);
  }

  get pieces(): ReadonlyMap<string, Token> {
    if (!this.#pieces) {
      const pieces = new Map<string, Token>();
      for (const token of this.#model.iterateAllTokens()) {
        const attributes = this.#model.getTokenAttributes(token);
        const isText = !(attributes.control || attributes.byte || attributes.unknown);
        if (!isText || attributes.unused || this.#roleTokens.has(token)) continue;
        // A preceding token keeps the leading space of a piece; without it the first space is eaten.
        const text = this.#model.detokenize([token], false, [this.eos as LlamaToken]);
        if (text !== '' && !text.includes('\uFFFD') && !pieces.has(text)) pieces.set(text, token);
      }
      this.#pieces = pieces;
    }
    return this.#pieces;
  }

  #isControl(token: LlamaToken): boolean {
    return this.#model.isSpecialToken(token) || this.#roleTokens.has(token);
  }

  get #roleTokens(): RoleTokens {
    this.#roles ??= new RoleTokens(this.#userDefined());
    return this.#roles;
  }

  *#userDefined(): Generator<readonly [string, Token]> {
    // The engine looks for them as the file writes them, not as they are detokenised.
    const written = this.#model.fileInfo.metadata.tokenizer.ggml.tokens;
    for (const token of this.#model.iterateAllTokens()) {
      const text = written[token];
      if (text !== undefined && this.#model.getTokenAttributes(token).userDefined) {
        yield [text, token];
      }
    }
  }

  openSequence(signal: AbortSignal, options: SequenceOptions = {}): Promise<Sequence> {
    if (signal.aborted) return Promise.reject(new Cancelled());
    const lease = this.#pool.open(options.priority ?? 'interactive');
    const capacity = this.contextSize - 1;
    const { meter } = options;
    return Promise.resolve(
      new LlamaSequence({ lease, piece: this.#piece, capacity, signal, meter }),
    );
  }

  costOfMore(held: number): number {
    return callCost(this.#cost, held);
  }

  memory(): ModelMemory {
    const all = [this.#model, ...this.#contexts].map(({ memoryUsage }) => memoryUsage);
    return {
      ramBytes: all.reduce((sum, { ram }) => sum + ram, 0),
      vramBytes: all.reduce((sum, { vram }) => sum + vram, 0),
    };
  }

  async withFreshContext(): Promise<LlamaLanguageModel> {
    await this.#disposeContexts();
    return LlamaLanguageModel.open(this.#model, this.#openContexts, this.device);
  }

  async dispose(): Promise<void> {
    await this.#disposeContexts();
    await this.#model.dispose();
  }

  async #disposeContexts(): Promise<void> {
    for (const sequence of this.#physical) sequence.dispose();
    for (const context of this.#contexts) await context.dispose();
  }
}

/** Sequences of each context in turn, so that those that work first are not all of one. */
function inTurn(
  contexts: readonly LlamaContext[],
  garbage: SamplerGarbage,
): PhysicalLlamaSequence[] {
  const most = Math.max(...contexts.map(({ totalSequences }) => totalSequences));
  return Array.from({ length: most }, (_, i) => contexts.filter((each) => i < each.totalSequences))
    .flat()
    .map((context) => new PhysicalLlamaSequence(context.getSequence(contextShiftRefused), garbage));
}

/** Elements of all tensors; the library has no count of its own. */
function parametersOf(model: LlamaModel): number {
  const tensors = model.fileInfo.fullTensorInfo ?? [];
  return tensors.reduce(
    (sum, { dimensions }) => sum + dimensions.reduce<number>((n, length) => n * Number(length), 1),
    0,
  );
}

/** Of keys and values that one token leaves behind, in 16 bits. */
function heldBytesOf(model: LlamaModel): number {
  const {
    block_count: layers,
    embedding_length: width,
    attention,
  } = model.fileInfo.architectureMetadata;
  const heads = attention?.head_count;
  const kept = attention?.head_count_kv ?? heads;
  const share = typeof heads === 'number' && typeof kept === 'number' ? kept / heads : 1;
  return 2 * 2 * Number(layers) * Number(width) * share;
}
