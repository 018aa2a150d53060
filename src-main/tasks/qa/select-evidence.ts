/**
 * Which sentences answer a question, as a model says by their numbers: the quotation is the sentence, so
 * it is verbatim by construction, and costs a token or two where copying it would cost all of it.
 */
import type { LanguageModel, Sequence, Token } from '../../engine/language-model';
import { chooseText } from '../constrained/choose-text';
import { listEnd, nothing, pickEnd } from './prompts';

/** More would not be read. */
const mostPicked = 6;

export interface SelectedEvidence {
  /** Places among the sentences, in the order in which they were picked. */
  readonly picked: readonly number[];
  /** That anything answers: the probability of beginning with a number. */
  readonly confidence: number;
  /** As the model wrote it. */
  readonly written: string;
}

/**
 * @param sequence holds the prompt but for its last token
 * @param last token of the prompt
 * @param count of sentences, at least one
 * @throws AppError `CONTEXT_EXCEEDED`, Cancelled
 */
export async function selectEvidence(
  model: LanguageModel,
  sequence: Sequence,
  last: Token,
  count: number,
  signal: AbortSignal,
): Promise<SelectedEvidence> {
  const left = new Set(Array.from({ length: count }, (_, at) => at));
  const picked: number[] = [];
  let pending = last;
  let confidence = 0;
  let written = '';
  for (;;) {
    const numbers = picked.length < mostPicked ? [...left] : [];
    const options = [
      picked.length === 0 ? nothing : listEnd,
      ...numbers.map((at) => `${at + 1}${pickEnd}`),
    ];
    const chosen = await chooseText(model, sequence, [pending], options, signal);
    written += options[chosen.index] as string;
    pending = chosen.pending;
    if (picked.length === 0) confidence = 1 - Math.min(1, chosen.shareOfFirst);
    if (chosen.index === 0) return { picked, confidence, written };
    const at = numbers[chosen.index - 1] as number;
    left.delete(at);
    picked.push(at);
  }
}
