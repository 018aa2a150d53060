import type { LanguageModel, Token } from '../../engine/language-model';

/** Most bytes of one character, and so most tokens that may have to be waited for. */
const longestCharacter = 4;

/** Turns tokens into text as they come; a character is given out only when all of its bytes are there. */
export class TextStream {
  readonly #model: Pick<LanguageModel, 'detokenize'>;
  #after: Token;
  #pending: Token[] = [];

  /** @param after the last token of the prompt */
  constructor(model: Pick<LanguageModel, 'detokenize'>, after: Token) {
    this.#model = model;
    this.#after = after;
  }

  /** @returns what is whole now; may be empty */
  push(token: Token): string {
    this.#pending.push(token);
    const text = this.#model.detokenize(this.#pending, this.#after);
    const isWhole = !text.endsWith('\uFFFD') || this.#pending.length > longestCharacter;
    return isWhole ? this.#give(text) : '';
  }

  /** What is left; the beginning of a character that was never completed is left out. */
  end(): string {
    if (this.#pending.length === 0) return '';
    return this.#give(this.#model.detokenize(this.#pending, this.#after)).replace(/\uFFFD+$/, '');
  }

  #give(text: string): string {
    this.#after = this.#pending.at(-1) ?? this.#after;
    this.#pending = [];
    return text;
  }
}
