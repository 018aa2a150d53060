/** Prompts as token lists, built from the model card's prompt format. */
import { AppError } from '../../domain/contract/errors';
import type { PromptFormat, PromptPart } from '../../domain/contract/prompt-format';
import type { LanguageModel, Token } from '../../engine/language-model';
import { TokenList } from './conversation';

export interface PromptWords {
  /** Plain text for an `instruction` slot. */
  readonly instruction?: string | undefined;
  /** The control token for a `task` slot. */
  readonly task?: string | undefined;
}

/**
 * Everything before the input and everything after it, tokenised.
 *
 * Text, the instruction and the input are tokenised as plain text; only `token` parts and
 * the `task` slot of the format become control tokens, so a record that says `</s>` or `<human>` says only that.
 * @throws AppError `MODEL_CARD_INVALID` when the format names a control token the model has not, or
 *   has a slot for which the strategy gives nothing
 */
export function promptAround(
  model: LanguageModel,
  format: PromptFormat,
  words: PromptWords,
): { before: Token[]; after: Token[] } {
  const given = (slot: 'instruction' | 'task'): string => {
    const word = words[slot];
    if (word === undefined) throw new AppError('MODEL_CARD_INVALID', { params: { field: slot } });
    return word;
  };
  const at = format.parts.findIndex((part) => 'slot' in part && part.slot === 'input');
  const sideOf = (tokens: TokenList, parts: readonly PromptPart[]): Token[] => {
    for (const part of parts) {
      if ('text' in part) tokens.text(part.text);
      else if ('token' in part) tokens.control(part.token);
      else if (part.slot === 'instruction') tokens.text(given('instruction'));
      else if (part.slot === 'task') tokens.control(given('task'));
    }
    return tokens.finish();
  };
  const before = sideOf(new TokenList(model, format.bos), format.parts.slice(0, at));
  const rest = new TokenList(model, false);
  rest.border();
  return { before, after: sideOf(rest, format.parts.slice(at + 1)) };
}
