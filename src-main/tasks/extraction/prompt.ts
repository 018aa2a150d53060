/** Prompts as token lists, built from the model card's prompt format. */
import { AppError } from '../../domain/contract/errors';
import type { PromptFormat } from '../../domain/contract/model-card';
import type { LanguageModel, Token } from '../../engine/language-model';

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
  const before: Token[] = format.bos && model.bos !== null ? [model.bos] : [];
  const after: Token[] = [];
  let side = before;
  let text = '';
  let first = true;
  const flush = (): void => {
    if (text === '') return;
    side.push(...model.tokenize(text, !first));
    first = false;
    text = '';
  };
  const control = (name: string): void => {
    flush();
    const token = model.controlToken(name);
    if (token === null) {
      throw new AppError('MODEL_CARD_INVALID', { params: { field: `token ${name}` } });
    }
    side.push(token);
    first = false;
  };
  const given = (slot: 'instruction' | 'task'): string => {
    const word = words[slot];
    if (word === undefined) throw new AppError('MODEL_CARD_INVALID', { params: { field: slot } });
    return word;
  };
  for (const part of format.parts) {
    if ('text' in part) text += part.text;
    else if ('token' in part) control(part.token);
    else if (part.slot === 'instruction') text += given('instruction');
    else if (part.slot === 'task') control(given('task'));
    else {
      flush();
      side = after;
      first = false;
    }
  }
  flush();
  return { before, after };
}
