/** One of some texts, chosen by the model token by token: nothing else can be written. */
import { AppError } from '../../domain/contract/errors';
import { Cancelled } from '../../domain/contract/rpc';
import type { LanguageModel, Sequence, Token } from '../../engine/language-model';
import { argmax } from '../extraction/marked-copy';

export interface ChosenText {
  /** Index into the options. */
  readonly index: number;
  /** Natural logarithm of its probability among the options. */
  readonly logP: number;
  /**
   * Probability of the first option among all, exact where it parts from the others at once: what it
   * says is then known whichever was chosen.
   */
  readonly shareOfFirst: number;
  /** Its last token; the sequence does not hold it yet. */
  readonly pending: Token;
}

/**
 * @param sequence holds everything before `pending`
 * @param pending what was decided and is not evaluated yet; at least one token
 * @param options at least one, none a beginning of another one: end each with the same mark
 * @throws AppError `CONTEXT_EXCEEDED`, `DECODE_FAILED` where an option has no tokens
 * @throws Cancelled
 */
export async function chooseText(
  model: LanguageModel,
  sequence: Sequence,
  pending: readonly Token[],
  options: readonly string[],
  signal: AbortSignal,
): Promise<ChosenText> {
  let open = options.map((text, index) => ({ index, tokens: model.tokenize(text, true) }));
  if (open.some(({ tokens }) => tokens.length === 0)) throw new AppError('DECODE_FAILED');
  let fed = [...pending];
  let logP = 0;
  let shareOfFirst = 1;
  let isFirstOpen = true;
  for (let depth = 0; ; depth++) {
    if (signal.aborted) throw new Cancelled();
    const next = [...new Set(open.map(({ tokens }) => tokens[depth] as Token))];
    let token = next[0] as Token;
    if (next.length > 1) {
      const asks = fed.map((_, i) => (i === fed.length - 1 ? { candidates: next } : null));
      const answer = (await sequence.evaluate(fed, asks)).at(-1);
      if (!answer) throw new AppError('DECODE_FAILED');
      const { best, logP: choice } = argmax(answer.logits);
      const firstAt: number = isFirstOpen ? next.indexOf(open[0]?.tokens[depth] as Token) : -1;
      if (firstAt >= 0) {
        shareOfFirst *= Math.exp(
          choice + (answer.logits[firstAt] as number) - (answer.logits[best] as number),
        );
        isFirstOpen = firstAt === best;
      }
      token = next[best] as Token;
      logP += choice;
      fed = [];
    }
    open = open.filter(({ tokens }) => tokens[depth] === token);
    const done = open.find(({ tokens }) => tokens.length === depth + 1);
    if (done) {
      // Forced tokens before the last one wait with it: they are fed together with what comes next.
      if (fed.length > 0)
        await sequence.evaluate(
          fed,
          fed.map(() => null),
        );
      return { index: done.index, logP, shareOfFirst, pending: token };
    }
    fed.push(token);
  }
}
