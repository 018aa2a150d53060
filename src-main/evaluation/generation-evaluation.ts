/** How near a model's free answers are to those of people. */
import { AppError } from '../domain/contract/errors';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled } from '../domain/contract/rpc';
import type { LanguageModel } from '../engine/language-model';
import { generate } from '../tasks/generation/generate';
import { stopsOf } from '../tasks/generation/stop-watcher';
import { defaultSampling } from '../tasks/generation/sampling';
import { conversationTokens } from '../tasks/prompt/conversation';
import type { ReferenceAnswer } from './reference-answers';
import { TextScorer, type TextScores } from './text-scores';

export interface GenerationReport extends TextScores {
  readonly version: 1;
  /** Answers that reached the limit of tokens. */
  readonly cut: number;
  /** Conversations that do not fit the context; they are not scored. */
  readonly tooLong: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly model: { readonly name: string; readonly sha256: string };
}

export interface GenerationEvaluation {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly maxTokens: number;
  onProgress?(done: number): void;
}

/**
 * Greedy, so that the same model gives the same scores.
 * @throws AppError `TASK_NOT_SUPPORTED` where the model cannot be talked to; of reading the answers
 * @throws Cancelled
 */
export async function evaluateGeneration(
  answers: AsyncIterable<ReferenceAnswer>,
  { model, card, signal, maxTokens, onProgress }: GenerationEvaluation,
): Promise<GenerationReport> {
  const { turns } = card.promptFormat;
  if (!turns) throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
  const stops = stopsOf(turns.toNextUser);
  const scorer = new TextScorer();
  const count = { cut: 0, tooLong: 0, tokens: 0, done: 0 };
  let milliseconds = 0;
  const sequence = await model.openSequence(signal, { priority: 'batch' });
  try {
    for await (const { exchanges, reference } of answers) {
      if (signal.aborted) throw new Cancelled();
      const prompt = conversationTokens(model, card.promptFormat, { exchanges });
      if (prompt.length >= sequence.capacity) {
        count.tooLong++;
      } else {
        const began = performance.now();
        const said = await generate(model, sequence, prompt, {
          sampling: { ...defaultSampling, temperature: 0 },
          maxTokens,
          stops,
          signal,
        });
        milliseconds += performance.now() - began;
        scorer.add(said.text, reference);
        if (said.ended === 'length') count.cut++;
        count.tokens += said.tokens;
      }
      onProgress?.(++count.done);
    }
  } finally {
    sequence.release();
  }
  return {
    version: 1,
    ...scorer.scores(),
    cut: count.cut,
    tooLong: count.tooLong,
    tokens: count.tokens,
    seconds: Math.round(milliseconds) / 1000,
    model: { name: card.name, sha256: card.sha256 },
  };
}
