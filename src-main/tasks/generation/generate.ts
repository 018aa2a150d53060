/** Free text from a prompt, streamed. */
import { Cancelled } from '../../domain/contract/rpc';
import type { LanguageModel, Sequence, Token } from '../../engine/language-model';
import { Sampler, tokensLookedAt, type SamplingSettings } from './sampling';
import { StopWatcher } from './stop-watcher';
import { TextStream } from './text-stream';

export interface GenerationOptions {
  readonly sampling: SamplingSettings;
  readonly maxTokens: number;
  /** Texts that end the answer and are no part of it. Defaults to none. */
  readonly stops?: readonly string[];
  readonly signal: AbortSignal;
  /** Text that will not change any more. */
  onText?(text: string): void;
}

export interface Generated {
  readonly text: string;
  /** `length`: the context or the budget was used up before the model came to an end. */
  readonly ended: 'end' | 'stop' | 'length';
  readonly tokens: number;
  /** Natural logarithm of the probability of each token, before any setting. */
  readonly logProbabilities: readonly number[];
}

/**
 * @param sequence of the model; holds prompt and answer afterwards
 * @param prompt at least one token
 * @throws AppError `CONTEXT_EXCEEDED` when the prompt does not fit
 * @throws Cancelled; what was given to `onText` before stands
 */
export async function generate(
  model: LanguageModel,
  sequence: Sequence,
  prompt: readonly Token[],
  options: GenerationOptions,
): Promise<Generated> {
  const { signal, maxTokens, sampling, stops = [], onText } = options;
  const sampler = new Sampler(sampling);
  await sequence.prefill(prompt.slice(0, -1), signal);
  let pending = prompt.at(-1) as Token;
  const stream = new TextStream(model, pending);
  const watcher = new StopWatcher(stops);
  const logProbabilities: number[] = [];
  let text = '';
  const give = (piece: string): void => {
    if (piece === '') return;
    text += piece;
    onText?.(piece);
  };
  const result = (ended: Generated['ended']): Generated => ({
    text,
    ended,
    tokens: logProbabilities.length,
    logProbabilities,
  });
  while (logProbabilities.length < maxTokens && sequence.length < sequence.capacity) {
    if (signal.aborted) throw new Cancelled();
    const [answer] = await sequence.evaluate([pending], [{ candidates: [], top: tokensLookedAt }]);
    if (!answer) throw new RangeError('an ask was not answered');
    const { token, logP } = sampler.choose(answer);
    logProbabilities.push(logP);
    if (token === model.eos || model.describe(token).isControl) {
      give(watcher.push(stream.end()));
      give(watcher.end());
      return result('end');
    }
    give(watcher.push(stream.push(token)));
    if (watcher.stopped) return result('stop');
    pending = token;
  }
  give(watcher.push(stream.end()));
  give(watcher.end());
  return result(watcher.stopped ? 'stop' : 'length');
}
