/** Prompts as token lists, built from the model card's prompt format. */
import { AppError } from '../../domain/contract/errors';
import type { PromptFormat } from '../../domain/contract/model-card';
import type { LanguageModel, Token } from '../../engine/language-model';

/**
 * Everything before the input and everything after it, tokenised.
 *
 * Text, the instruction and the input are tokenised as plain text; only `token` parts of the format
 * become control tokens, so a record that says `</s>` or `<human>` says only that.
 * @throws AppError `MODEL_CARD_INVALID` when the format names a control token the model has not
 */
export function promptAround(
  model: LanguageModel,
  format: PromptFormat,
  instruction: string,
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
  for (const part of format.parts) {
    if ('text' in part) text += part.text;
    else if ('token' in part) {
      flush();
      const token = model.controlToken(part.token);
      if (token === null) {
        throw new AppError('MODEL_CARD_INVALID', { params: { field: `token ${part.token}` } });
      }
      side.push(token);
      first = false;
    } else if (part.slot === 'instruction') text += instruction;
    else {
      flush();
      side = after;
      first = false;
    }
  }
  flush();
  return { before, after };
}
