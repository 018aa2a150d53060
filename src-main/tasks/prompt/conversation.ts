/** A conversation as the tokens that a model continues with its answer. */
import { AppError } from '../../domain/contract/errors';
import type { Piece, PromptFormat } from '../../domain/contract/prompt-format';
import type { LanguageModel, Token } from '../../engine/language-model';
import { plainWords } from './plain-words';

export interface Exchange {
  readonly question: string;
  /** Absent of the last one, which the model is to answer. */
  readonly answer?: string;
}

export interface Conversation {
  readonly system?: string;
  /** At least one. */
  readonly exchanges: readonly Exchange[];
}

/** What stands between a system text and a question where a format has no place of its own for it. */
const systemGap = '\n\n';

/**
 * What people say is tokenised as plain text, whatever it says; only the format names control tokens, and
 * marks that are words are the format's alone (`plainWords`).
 * @throws AppError `MODEL_CARD_INVALID` where the format has no turns, or names a token that the model
 *   has not
 */
export function conversationTokens(
  model: LanguageModel,
  { bos, turns }: PromptFormat,
  { system, exchanges }: Conversation,
): Token[] {
  if (!turns) throw new AppError('MODEL_CARD_INVALID', { params: { field: 'turns' } });
  const tokens = new TokenList(model, bos);
  const plain = plainWords(turns);
  exchanges.forEach(({ question, answer }, index) => {
    let words = question;
    if (index > 0) tokens.pieces(turns.toNextUser);
    else if (system === undefined) tokens.pieces(turns.firstUser);
    else if (turns.system) {
      tokens.pieces(turns.system.before);
      tokens.text(plain(system));
      tokens.pieces(turns.system.after);
    } else {
      tokens.pieces(turns.firstUser);
      words = `${system}${systemGap}${question}`;
    }
    tokens.text(plain(words));
    if (answer === undefined) tokens.pieces(turns.toAnswer);
    else {
      tokens.pieces(turns.toPastAnswer ?? turns.toAnswer);
      tokens.text(plain(answer));
    }
  });
  return tokens.finish();
}

/** Joins neighbouring texts before they are tokenised, because tokens may reach over their border. */
export class TokenList {
  readonly #model: LanguageModel;
  readonly #tokens: Token[] = [];
  #text = '';
  #isFirst = true;

  constructor(model: LanguageModel, bos: boolean) {
    this.#model = model;
    if (bos && model.bos !== null) this.#tokens.push(model.bos);
  }

  text(text: string): void {
    this.#text += text;
  }

  /** @throws AppError `MODEL_CARD_INVALID` */
  control(name: string): void {
    this.#flush();
    const token = this.#model.controlToken(name);
    if (token === null) {
      throw new AppError('MODEL_CARD_INVALID', { params: { field: `token ${name}` } });
    }
    this.#tokens.push(token);
    this.#isFirst = false;
  }

  pieces(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if ('text' in piece) this.text(piece.text);
      else this.control(piece.token);
    }
  }

  /** What follows is not joined with what was said before. */
  border(): void {
    this.#flush();
    this.#isFirst = false;
  }

  finish(): Token[] {
    this.#flush();
    return this.#tokens;
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#tokens.push(...this.#model.tokenize(this.#text, !this.#isFirst));
    this.#isFirst = false;
    this.#text = '';
  }
}
