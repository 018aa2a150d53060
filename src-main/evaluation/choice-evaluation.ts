/** How many questions with four options a model answers rightly. */
import type { Sequence, Token, LanguageModel } from '../engine/language-model';
import type { ModelCard } from '../domain/contract/model-card';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { generate } from '../tasks/generation/generate';
import { defaultSampling } from '../tasks/generation/sampling';
import { stopsOf } from '../tasks/generation/stop-watcher';
import { conversationTokens } from '../tasks/prompt/conversation';
import { letters, type ChoiceQuestion, type Letter } from './choice-questions';

export interface Accuracy {
  readonly right: number;
  readonly asked: number;
  /** 0..1 */
  readonly value: number;
  /** Wilson's score interval at 95 % (1927): sound for few questions and near 0 and 1. */
  readonly low: number;
  readonly high: number;
}

export interface ChoiceReport {
  readonly version: 1;
  /** The letter with the highest probability of the four. */
  readonly byProbability: Accuracy;
  /** The first letter of the four that the model writes; none counts as wrong. */
  readonly byGeneration: Accuracy;
  /** Answers without a letter. */
  readonly unanswered: number;
  /** Questions that do not fit the context; they count as wrong. */
  readonly tooLong: number;
  readonly model: { readonly name: string; readonly sha256: string };
}

/** Tokens within which a letter must come. */
const answerTokens = 16;

export interface ChoiceOptions {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  onProgress?(done: number): void;
}

/** As it is put to the model. */
export function choicePrompt({ question, options }: ChoiceQuestion): string {
  const listed = options.map((option, at) => `${letters[at]}. ${option}`).join('\n');
  return `以下是一道单项选择题，请直接回答正确选项的字母。\n${question}\n${listed}\n答案：`;
}

/**
 * @throws AppError `TASK_NOT_SUPPORTED` where the model cannot be talked to
 * @throws Cancelled
 */
export async function evaluateChoices(
  questions: readonly ChoiceQuestion[],
  { model, card, signal, onProgress }: ChoiceOptions,
): Promise<ChoiceReport> {
  const { turns } = card.promptFormat;
  if (!turns) throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
  const stops = stopsOf(turns.toNextUser);
  const tokens = letters.map((letter) => letterToken(model, letter));
  const count = { probability: 0, generation: 0, unanswered: 0, tooLong: 0 };
  const sequence = await model.openSequence(signal, { priority: 'batch' });
  try {
    for (const [at, question] of questions.entries()) {
      if (signal.aborted) throw new Cancelled();
      const prompt = conversationTokens(model, card.promptFormat, {
        exchanges: [{ question: choicePrompt(question) }],
      });
      if (prompt.length + answerTokens > sequence.capacity) {
        count.tooLong++;
      } else {
        if ((await likeliest(sequence, prompt, tokens, signal)) === question.answer)
          count.probability++;
        const { text } = await generate(model, sequence, prompt, {
          sampling: { ...defaultSampling, temperature: 0 },
          maxTokens: answerTokens,
          stops,
          signal,
        });
        const said = writtenLetter(text);
        if (said === null) count.unanswered++;
        else if (said === question.answer) count.generation++;
      }
      onProgress?.(at + 1);
    }
  } finally {
    sequence.release();
  }
  return {
    version: 1,
    byProbability: accuracy(count.probability, questions.length),
    byGeneration: accuracy(count.generation, questions.length),
    unanswered: count.unanswered,
    tooLong: count.tooLong,
    model: { name: card.name, sha256: card.sha256 },
  };
}

/** The first of the four that stands alone, in half or full width: not the B of CTB, not the A of AST. */
export function writtenLetter(text: string): Letter | null {
  const found = /(?<![A-Za-z])([A-D])(?![A-Za-z])/u.exec(text.normalize('NFKC'));
  return letters.find((letter) => letter === found?.[1]) ?? null;
}

export function accuracy(right: number, asked: number): Accuracy {
  if (asked === 0) return { right, asked, value: 0, low: 0, high: 1 };
  const z = 1.959964;
  const share = right / asked;
  const middle = share + (z * z) / (2 * asked);
  const spread = z * Math.sqrt((share * (1 - share)) / asked + (z * z) / (4 * asked * asked));
  const scale = 1 + (z * z) / asked;
  return {
    right,
    asked,
    value: share,
    low: Math.max(0, (middle - spread) / scale),
    high: Math.min(1, (middle + spread) / scale),
  };
}

function letterToken(model: LanguageModel, letter: Letter): Token {
  const [token] = model.tokenize(letter, true);
  if (token === undefined) throw new AppError('MODEL_CARD_INVALID', { params: { field: letter } });
  return token;
}

async function likeliest(
  sequence: Sequence,
  prompt: readonly Token[],
  tokens: readonly Token[],
  signal: AbortSignal,
): Promise<Letter> {
  await sequence.prefill(prompt.slice(0, -1), signal);
  const [answer] = await sequence.evaluate([prompt.at(-1) as Token], [{ candidates: tokens }]);
  let best = 0;
  for (let i = 1; i < tokens.length; i++)
    if ((answer?.logits[i] ?? 0) > (answer?.logits[best] ?? 0)) best = i;
  return letters[best] as Letter;
}
