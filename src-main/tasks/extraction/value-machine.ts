/**
 * What may follow in a typed list: `类型：值；值`, a line a type, values being stretches of the window.
 *
 * The machine works on tokens. It never lists a token that leads nowhere, so decoding cannot get
 * stuck, and a value that is not in the window cannot be written down.
 */
import type { LanguageModel, Token } from '../../engine/language-model';

export const listSeparator = '；';
export const typeSeparator = '：';

/** What a continuation leads to once its last token is written. */
type Outcome =
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'value'; readonly at: number; readonly begins: number }
  | { readonly kind: 'next-value' }
  | { readonly kind: 'next-line' }
  | { readonly kind: 'end' };

interface Continuation {
  readonly tokens: readonly Token[];
  readonly outcome: Outcome;
}

/** A value being written: where it began and may go on, for each place in the window it fits. */
interface Place {
  readonly begins: number;
  readonly at: number;
}

export type Step =
  | { readonly kind: 'inside' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'value-grew' }
  | {
      readonly kind: 'value-done';
      readonly places: readonly Place[];
      readonly then: 'value' | 'line' | 'end';
    };

/** Characters that separate values, and so cannot be inside one. */
const forbiddenInValues = new Set([listSeparator, '\n', '\r']);

export class ValueMachine {
  readonly #chars: readonly string[];
  readonly #model: LanguageModel;
  readonly #longestPiece: number;
  readonly #eos: Continuation;
  readonly #newLine: Continuation;
  readonly #separator: Continuation;
  readonly #labels: Map<string, Continuation>;
  readonly #continuationsAt = new Map<number, Continuation[]>();
  #starts: Map<Token, Continuation[]> | null = null;
  /** Continuations still possible, by their next token; `#depth` tokens of them are written. */
  #open: Map<Token, Continuation[]>;
  #depth = 0;
  #places: Place[] = [];

  /**
   * @param chars the window, one code point each
   * @param types in the order the schema names them; each may have one line
   */
  constructor(model: LanguageModel, chars: readonly string[], types: readonly string[]) {
    this.#model = model;
    this.#chars = chars;
    this.#longestPiece = Math.min(16, longestPiece(model));
    this.#eos = { tokens: [model.eos], outcome: { kind: 'end' } };
    this.#newLine = { tokens: model.tokenize('\n', true), outcome: { kind: 'next-line' } };
    this.#separator = {
      tokens: model.tokenize(listSeparator, true),
      outcome: { kind: 'next-value' },
    };
    this.#labels = new Map(
      types.map((type) => [
        type,
        { tokens: model.tokenize(type + typeSeparator, true), outcome: { kind: 'type', type } },
      ]),
    );
    this.#open = this.#lineStart();
  }

  /** Tokens that may come next; never empty before the end. */
  get allowed(): Token[] {
    return [...this.#open.keys()];
  }

  /** Writes one of the allowed tokens. */
  take(token: Token): Step {
    const chosen = this.#open.get(token);
    if (!chosen) throw new RangeError('token is not allowed here');
    this.#depth++;
    const complete = chosen.filter(({ tokens }) => tokens.length === this.#depth);
    if (complete.length === 0) {
      this.#open = byToken(chosen, this.#depth);
      return { kind: 'inside' };
    }
    // No continuation is the beginning of another of a different kind, so the first one decides.
    const outcome = (complete[0] as Continuation).outcome;
    this.#depth = 0;
    switch (outcome.kind) {
      case 'type':
        this.#labels.delete(outcome.type);
        this.#open = this.#valueStart();
        return { kind: 'type', type: outcome.type };
      case 'value':
        this.#places = complete.flatMap(({ outcome: to }) =>
          to.kind === 'value' ? this.#advance(to) : [],
        );
        this.#open = this.#insideValue();
        return { kind: 'value-grew' };
      case 'next-value':
        this.#open = this.#valueStart();
        return this.#done('value');
      case 'next-line':
        this.#open = this.#lineStart();
        return this.#done('line');
      case 'end': {
        const done = this.#done('end');
        this.#open = new Map();
        return done;
      }
      default:
        return outcome satisfies never;
    }
  }

  #done(then: 'value' | 'line' | 'end'): Step {
    const places = this.#places;
    this.#places = [];
    return { kind: 'value-done', places, then };
  }

  /** The places a value continuation stands for: all of them at its start, else those that fit. */
  #advance(outcome: { at: number; begins: number }): Place[] {
    if (this.#places.length === 0) return [{ begins: outcome.begins, at: outcome.at }];
    return this.#places
      .filter(({ at }) => at === outcome.begins)
      .map(({ begins }) => ({ begins, at: outcome.at }));
  }

  #lineStart(): Map<Token, Continuation[]> {
    return byToken([...this.#labels.values(), this.#eos], 0);
  }

  #valueStart(): Map<Token, Continuation[]> {
    this.#starts ??= byToken(
      this.#chars.flatMap((char, at) => (char.trim() === '' ? [] : this.#from(at))),
      0,
    );
    return this.#starts;
  }

  #insideValue(): Map<Token, Continuation[]> {
    const ends =
      this.#labels.size > 0
        ? [this.#separator, this.#newLine, this.#eos]
        : [this.#separator, this.#eos];
    const onward = new Set(this.#places.map(({ at }) => at));
    return byToken([...ends, ...[...onward].flatMap((at) => this.#from(at))], 0);
  }

  /** Ways to go on at one place: every piece of the vocabulary that stands there. */
  #from(at: number): Continuation[] {
    const known = this.#continuationsAt.get(at);
    if (known) return known;
    const found: Continuation[] = [];
    let text = '';
    for (let end = at; end < this.#chars.length && end - at < this.#longestPiece; end++) {
      const char = this.#chars[end] as string;
      if (forbiddenInValues.has(char)) break;
      text += char;
      const token = this.#model.pieces.get(text);
      if (token !== undefined) {
        found.push({ tokens: [token], outcome: { kind: 'value', begins: at, at: end + 1 } });
      } else if (end === at) {
        // A character outside the vocabulary is written as its bytes.
        const tokens = this.#model.tokenize(char, true);
        if (tokens.length > 0) {
          found.push({ tokens, outcome: { kind: 'value', begins: at, at: end + 1 } });
        }
      }
    }
    this.#continuationsAt.set(at, found);
    return found;
  }
}

function byToken(
  continuations: readonly Continuation[],
  depth: number,
): Map<Token, Continuation[]> {
  const map = new Map<Token, Continuation[]>();
  for (const continuation of continuations) {
    const token = continuation.tokens[depth];
    if (token === undefined) continue;
    const same = map.get(token);
    if (same) same.push(continuation);
    else map.set(token, [continuation]);
  }
  return map;
}

const longest = new WeakMap<ReadonlyMap<string, Token>, number>();

/** Characters of the longest piece of the vocabulary. */
function longestPiece(model: LanguageModel): number {
  let length = longest.get(model.pieces);
  if (length === undefined) {
    length = 1;
    for (const text of model.pieces.keys()) length = Math.max(length, [...text].length);
    longest.set(model.pieces, length);
  }
  return length;
}
