/**
 * An answer whose every sentence ends in the number of a quotation, by constraint: words are the model's,
 * and where a sentence ends nothing can follow but `[n]`, the model choosing n. It cannot write brackets
 * of its own.
 */
import type { QaSentence } from '../../domain/contract/qa';
import { AppError } from '../../domain/contract/errors';
import { Cancelled } from '../../domain/contract/rpc';
import type { LanguageModel, Sequence, Token } from '../../engine/language-model';
import { chooseText } from '../constrained/choose-text';
import { Sampler, tokensLookedAt, type SamplingSettings } from '../generation/sampling';
import { TextStream } from '../generation/text-stream';

export interface CitedAnswerOptions {
  /** Quotations that can be cited; at least one. */
  readonly quotes: number;
  readonly sampling: SamplingSettings;
  readonly maxTokens: number;
  readonly maxSentences: number;
  readonly signal: AbortSignal;
  /** Text that will not change any more, citations included. */
  onText?(text: string): void;
}

export interface CitedAnswer {
  readonly sentences: readonly QaSentence[];
  readonly ended: 'end' | 'length';
}

const sentenceEnd = /[。！？!?；;\n]$/u;
const brackets = /[[\]【】［］「」〔〕]/u;

/**
 * @param sequence of the model; holds prompt and answer afterwards
 * @throws AppError `CONTEXT_EXCEEDED`; Cancelled: what was given to `onText` stands
 */
export async function citedAnswer(
  model: LanguageModel,
  sequence: Sequence,
  prompt: readonly Token[],
  options: CitedAnswerOptions,
): Promise<CitedAnswer> {
  const { quotes, sampling, maxTokens, maxSentences, signal, onText } = options;
  const sampler = new Sampler(sampling);
  await sequence.prefill(prompt.slice(0, -1), signal);
  let pending = prompt.at(-1) as Token;
  let stream = new TextStream(model, pending);
  const sentences: QaSentence[] = [];
  let sentence = '';
  let tokens = 0;
  const say = (text: string): void => {
    sentence += text;
    if (text !== '') onText?.(text);
  };
  /** Cites the sentence that ends here; one without words is none. */
  const close = async (): Promise<void> => {
    if (sentence.trim() === '') return;
    const choices = Array.from({ length: quotes }, (_, at) => `[${at + 1}]`);
    const chosen = await chooseText(model, sequence, [pending], choices, signal);
    pending = chosen.pending;
    stream = new TextStream(model, pending);
    onText?.(choices[chosen.index] as string);
    sentences.push({ text: sentence.trim(), cites: [chosen.index] });
    sentence = '';
  };
  while (tokens < maxTokens && sentences.length < maxSentences) {
    if (signal.aborted) throw new Cancelled();
    // Room for a citation must remain.
    if (sequence.length + 12 > sequence.capacity) break;
    const [answer] = await sequence.evaluate([pending], [{ candidates: [], top: tokensLookedAt }]);
    if (!answer) throw new AppError('DECODE_FAILED');
    const [likeliest] = answer.top;
    const isBracket = likeliest !== undefined && !isAllowed(model, likeliest[0], pending);
    const allowed = answer.top.filter(([token]) => isAllowed(model, token, pending));
    // A bracket where a sentence would begin is the other's turn ([human]:), or a citation once more.
    const isOver = allowed.length === 0 || (isBracket && sentence.trim() === '');
    const { token } = isOver
      ? { token: model.eos }
      : sampler.choose({ top: allowed, logZ: answer.logZ });
    tokens++;
    if (token === model.eos || model.describe(token).isControl) {
      say(stream.end());
      await close();
      return { sentences, ended: 'end' };
    }
    const text = stream.push(token);
    pending = token;
    say(text);
    if (sentenceEnd.test(sentence.trimEnd()) || text.endsWith('\n')) await close();
  }
  say(stream.end());
  const full = sentences.length >= maxSentences;
  await close();
  return { sentences, ended: full ? 'end' : 'length' };
}

function isAllowed(model: LanguageModel, token: Token, after: Token): boolean {
  if (token === model.eos) return true;
  return !brackets.test(model.detokenize([token], after));
}
