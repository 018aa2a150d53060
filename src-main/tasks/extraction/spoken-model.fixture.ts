/**
 * A model that recites an answer, under a card that takes any schema. It has no weights, remembers any
 * length and is made in no time; `e2e/fixtures/scripted-model` is one for the real engine.
 */
import {
  factAttributeSchema,
  type AnnotationSchema,
} from '../../domain/contract/annotation-schema';
import type { ExtractionEvent, ExtractionRequest } from '../../domain/contract/extraction';
import type { ModelCard } from '../../domain/contract/model-card';
import type {
  AllowedTokens,
  Answer,
  Ask,
  LanguageModel,
  Sequence,
  Token,
  TokenDescription,
} from '../../engine/language-model';
import { cardWith, typedListCard } from './card.fixture';
import { extract } from './extract';

export const generalCard: ModelCard = {
  ...cardWith({ ...typedListCard, windowChars: 1000 }),
  capabilities: {
    ...{ schemas: [], anySchema: true, tasks: ['extraction'] },
    attributes: [...factAttributeSchema.options],
  },
};

/** Its vocabulary has the characters of the answer, some pairs of them, and bytes. */
export class SpokenModel implements LanguageModel {
  readonly device = { kind: 'cpu' as const };
  readonly contextSize = 8192;
  readonly sequences = 1;
  readonly bos = 1;
  readonly eos = 2;
  readonly pieces: ReadonlyMap<string, Token>;
  readonly script: readonly Token[];
  /** Batches that were evaluated behind the prompt, and the tokens in them. */
  readonly work = { batches: 0, tokens: 0 };

  constructor(answer: string) {
    const pieces = new Map<string, Token>();
    const chars = Array.from(answer);
    const pairs = chars
      .slice(1)
      .map((char, i) => chars[i] + char)
      .filter((pair, i) => i % 3 === 0 && /^\p{Script=Han}+$/u.test(pair));
    for (const piece of [...chars, ...pairs])
      if (!pieces.has(piece)) pieces.set(piece, 259 + pieces.size);
    this.pieces = pieces;
    this.script = [...this.tokenize(answer), this.eos];
  }

  tokenize(text: string): Token[] {
    const chars = Array.from(text);
    const tokens: Token[] = [];
    for (let at = 0; at < chars.length;) {
      const pair = this.pieces.get(chars.slice(at, at + 2).join(''));
      const isPair = at + 1 < chars.length && pair !== undefined;
      const char = chars[at] as string;
      const piece = isPair ? pair : this.pieces.get(char);
      if (piece === undefined)
        tokens.push(...Array.from(new TextEncoder().encode(char), (byte) => byte + 3));
      else tokens.push(piece);
      at += isPair ? 2 : 1;
    }
    return tokens;
  }

  describe(token: Token): TokenDescription {
    return { text: String(token), isControl: false };
  }

  /** Lists are read from tokens; nobody asks for their text. */
  detokenize(): string {
    return '';
  }

  controlToken(): null {
    return null;
  }

  costOfMore(): number {
    return 0.25;
  }

  openSequence(): Promise<Sequence> {
    return Promise.resolve(new SpokenSequence(this));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

class SpokenSequence implements Sequence {
  readonly #model: SpokenModel;
  #tokens: Token[] = [];
  #prompt = 0;

  constructor(model: SpokenModel) {
    this.#model = model;
  }

  get length(): number {
    return this.#tokens.length;
  }

  get capacity(): number {
    return this.#model.contextSize - 1;
  }

  prefill(tokens: readonly Token[]): Promise<void> {
    this.#tokens = [...tokens];
    // The last token of the prompt is fed with the first question.
    this.#prompt = tokens.length + 1;
    return Promise.resolve();
  }

  evaluate(tokens: readonly Token[], asks: readonly (Ask | null)[]): Promise<(Answer | null)[]> {
    const { script, work } = this.#model;
    work.batches++;
    work.tokens += tokens.length;
    return Promise.resolve(
      tokens.map((token, i) => {
        this.#tokens.push(token);
        const ask = asks[i];
        if (!ask) return null;
        const said = this.#tokens.slice(this.#prompt);
        const isOnTrack = said.every((one, at) => one === script[at]);
        const next = isOnTrack ? (script[said.length] ?? this.#model.eos) : this.#model.eos;
        return {
          logits: Float64Array.from(ask.candidates, (candidate) => (candidate === next ? 9 : 0)),
          top: ask.top ? likeliest(next, ask.allowed) : [],
          logZ: 9.5,
        };
      }),
    );
  }

  truncate(length: number): Promise<void> {
    this.#tokens.length = Math.min(length, this.#tokens.length);
    return Promise.resolve();
  }

  release(): void {
    this.#tokens = [];
  }
}

function likeliest(next: Token, allowed?: AllowedTokens): Answer['top'] {
  if (!allowed || allowed.has(next)) return [[next, 9]];
  return allowed.list().map((token) => [token, 0] as const);
}

export type Asked = Omit<ExtractionRequest, 'schema'> & { readonly definition: AnnotationSchema };

/** What a model that says this finds in a text. */
export function heard(answer: string, request: Asked, onEvent?: (event: ExtractionEvent) => void) {
  return heardFrom(new SpokenModel(answer), request, onEvent);
}

export function heardFrom(
  model: LanguageModel,
  request: Asked,
  onEvent?: (event: ExtractionEvent) => void,
) {
  return extract(
    { ...request, schema: request.definition.id },
    {
      ...{ model, card: generalCard, signal: new AbortController().signal },
      ...(onEvent ? { onEvent } : {}),
    },
  );
}
