/**
 * A model that says anything: its logits are a hash of the seed and the tokens so far. Used to show
 * that offsets are right whatever a model says. Its vocabulary has bytes, some characters, some words.
 */
import type {
  AllowedTokens,
  Answer,
  Ask,
  LanguageModel,
  Sequence,
  Token,
  TokenDescription,
} from '../../engine/language-model';

const bytesAndControls = [...Array(259).keys()];
const controls = ['<unk>', '<s>', '</s>'];
const words = [
  '患者',
  '高血压',
  '糖尿病',
  '：',
  '；',
  '\n',
  ...'患者高血压糖尿病史年无有头痛①②③④⑤⑥⑦〕否疑往亲疾诊断影像检查实验室手术药物解剖部位症状和a b',
];

export class HostileModel implements LanguageModel {
  readonly device = { kind: 'cpu' as const };
  readonly bos = 1;
  readonly eos = 2;
  readonly pieces: ReadonlyMap<string, Token>;
  /** Evaluated tokens in all, to compare amounts of work. */
  evaluated = 0;
  readonly #seed: number;

  constructor(
    seed: number,
    readonly contextSize = 512,
    readonly sequences = 1,
  ) {
    this.#seed = seed;
    const pieces = new Map<string, Token>();
    for (const word of words) if (!pieces.has(word)) pieces.set(word, 259 + pieces.size);
    this.pieces = pieces;
  }

  tokenize(text: string): Token[] {
    const tokens: Token[] = [];
    for (let rest = text; rest !== '';) {
      const longest = [3, 2, 1].map((n) => rest.slice(0, n)).find((part) => this.pieces.has(part));
      if (longest !== undefined) {
        tokens.push(this.pieces.get(longest) as Token);
        rest = rest.slice(longest.length);
      } else {
        const char = String.fromCodePoint(rest.codePointAt(0) as number);
        tokens.push(...Array.from(new TextEncoder().encode(char), (byte) => byte + 3));
        rest = rest.slice(char.length);
      }
    }
    return tokens;
  }

  describe(token: Token): TokenDescription {
    return { text: String(token), isControl: false };
  }

  detokenize(tokens: readonly Token[]): string {
    const written = new Map([...this.pieces].map(([text, token]) => [token, text]));
    let text = '';
    let bytes: number[] = [];
    const flush = (): void => {
      text += new TextDecoder().decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const token of tokens) {
      if (token >= 3 && token < 259) bytes.push(token - 3);
      else {
        flush();
        text += written.get(token) ?? '';
      }
    }
    flush();
    return text;
  }

  controlToken(text: string): Token | null {
    const found = controls.indexOf(text);
    return found < 0 ? null : found;
  }

  /** Whatever is foreseen is worth drafting. */
  costOfMore(): number {
    return 0;
  }

  openSequence(): Promise<Sequence> {
    return Promise.resolve(new HostileSequence(this, this.#seed));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

class HostileSequence implements Sequence {
  readonly #model: HostileModel;
  readonly #seed: number;
  #hashes: number[] = [];

  constructor(model: HostileModel, seed: number) {
    this.#model = model;
    this.#seed = seed;
  }

  get length(): number {
    return this.#hashes.length;
  }

  get capacity(): number {
    return this.#model.contextSize - 1;
  }

  prefill(tokens: readonly Token[]): Promise<void> {
    this.#hashes = [];
    for (const token of tokens) this.#push(token);
    return Promise.resolve();
  }

  evaluate(tokens: readonly Token[], asks: readonly (Ask | null)[]): Promise<(Answer | null)[]> {
    if (this.length + tokens.length > this.capacity) throw new Error('overrun');
    return Promise.resolve(
      tokens.map((token, i) => {
        this.#push(token);
        const ask = asks[i];
        if (!ask) return null;
        const state = this.#hashes.at(-1) as number;
        const logit = (candidate: Token): number => (mix(state, candidate) / 2 ** 32) * 12;
        const all = [...bytesAndControls, ...this.#model.pieces.values()].map(
          (candidate): [Token, number] => [candidate, logit(candidate)],
        );
        return {
          logits: Float64Array.from(ask.candidates, logit),
          top: ask.top ? this.#likeliest(all, ask.top, ask.allowed) : [],
          logZ: Math.log(all.reduce((sum, [, value]) => sum + Math.exp(value), 0)),
        };
      }),
    );
  }

  #likeliest(all: [Token, number][], count: number, allowed?: AllowedTokens): Answer['top'] {
    const best = (some: [Token, number][]) => some.sort((a, b) => b[1] - a[1]);
    const top = best(all).slice(0, count);
    if (!allowed || top.some(([token]) => allowed.has(token))) return top;
    const logits = new Map(all);
    return best(allowed.list().map((token) => [token, logits.get(token) as number]));
  }

  truncate(length: number): Promise<void> {
    this.#hashes.length = Math.min(length, this.#hashes.length);
    return Promise.resolve();
  }

  release(): void {
    this.#hashes = [];
  }

  #push(token: Token): void {
    this.#model.evaluated++;
    this.#hashes.push(mix(this.#hashes.at(-1) ?? this.#seed, token));
  }
}

/** A 32-bit hash of two numbers (murmur3's finaliser). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
