/** What of a record and of what was said before goes into the context of one question. */
import { AppError } from '../../domain/contract/errors';
import { maxRecordChars } from '../../domain/contract/extraction';
import type { ModelCard } from '../../domain/contract/model-card';
import { maxQuestionChars, type PastExchange, type QaRequest } from '../../domain/contract/qa';
import type { RecordParts } from '../../domain/contract/record-parts';
import type { Section } from '../../domain/contract/section';
import type { LanguageModel, Token } from '../../engine/language-model';
import { conversationTokens, type Exchange } from '../prompt/conversation';
import { answerPrompt, evidencePrompt, freePrompt } from './prompts';
import { sentenceCosts } from './sentence-costs';
import { SentenceSearch } from './sentence-search';
import { sentencesOf, type Sentence } from './sentences';

/** Longest answer. */
export const answerTokens = 400;
/** Tokens that are kept free for picking evidence and writing. */
const room = answerTokens + 80;

/** A prompt, and how much of what was said before is in it. */
export interface FittedPrompt {
  readonly prompt: Token[];
  readonly history: readonly PastExchange[];
  /** Earlier exchanges that had to be left out. */
  readonly forgotten: number;
}

/** Whether a model can be talked to about records; another one gives quotations. */
export function canWrite({ promptFormat, capabilities }: ModelCard): boolean {
  return promptFormat.turns !== undefined && capabilities.tasks.includes('qa');
}

/** @throws AppError `EMPTY_QUESTION`, `QUESTION_TOO_LONG` */
export function checkedQuestion(asked: string): string {
  const question = asked.trim();
  if (question === '') throw new AppError('EMPTY_QUESTION');
  if (question.length > maxQuestionChars) {
    throw new AppError('QUESTION_TOO_LONG', {
      params: { chars: question.length, limit: maxQuestionChars },
    });
  }
  return question;
}

/** The record's sentences. @throws AppError `EMPTY_TEXT`, `TEXT_TOO_LARGE` */
export function recordSentences(
  { text, sections }: NonNullable<QaRequest['record']>,
  findSections: (text: string) => readonly Section[],
): Sentence[] {
  if (text.trim() === '') throw new AppError('EMPTY_TEXT');
  if (text.length > maxRecordChars) {
    throw new AppError('TEXT_TOO_LARGE', { params: { chars: text.length, limit: maxRecordChars } });
  }
  return sentencesOf(text, sections ?? findSections(text));
}

export function partsOf(shown: readonly Sentence[], all: readonly Sentence[]): RecordParts {
  const used = shown.map(({ start, end }) => ({ start, end }));
  return { used, whole: shown.length === all.length };
}

export class QaContextWindow {
  readonly #model: LanguageModel;
  readonly #card: ModelCard;

  constructor(model: LanguageModel, card: ModelCard) {
    this.#model = model;
    this.#card = card;
  }

  /** The prompt that asks for evidence. @throws AppError `CONTEXT_EXCEEDED` */
  evidence(
    text: string,
    shown: readonly Sentence[],
    { question, history = [] }: Pick<QaRequest, 'question' | 'history'>,
  ): FittedPrompt {
    // What is said after the evidence was picked needs its place, too, and nothing may move for it.
    const later = this.#answerCost;
    return this.#fitted(history, later, (kept) => [
      { question: evidencePrompt(text, shown, question, kept) },
    ]);
  }

  /** The prompt that asks for the answer, once evidence was picked as `written` says. */
  answer(
    text: string,
    shown: readonly Sentence[],
    question: string,
    { history }: FittedPrompt,
    written: string,
  ): Token[] {
    return this.#tokens([
      { question: evidencePrompt(text, shown, question, history), answer: written },
      { question: answerPrompt },
    ]);
  }

  /** The prompt of a question without a record. @throws AppError `CONTEXT_EXCEEDED` */
  free({ question, history = [] }: Pick<QaRequest, 'question' | 'history'>): FittedPrompt {
    return this.#fitted(history, 0, (kept) => [...kept, { question: freePrompt(question) }]);
  }

  /**
   * All sentences in their order where they fit; else the best of a search, in the order of the text.
   * @throws AppError `CONTEXT_EXCEEDED` where not even the question fits
   */
  thatFit(text: string, sentences: readonly Sentence[], question: string): readonly Sentence[] {
    const frame = this.#tokens([{ question: evidencePrompt(text, [], question) }]).length;
    const capacity = this.#capacity - frame - this.#answerCost;
    if (capacity <= 0) throw this.#exceeded(frame);
    const costs = sentenceCosts(this.#model, text, sentences);
    if (costs.reduce((sum, cost) => sum + cost, 0) <= capacity) return sentences;
    const kept = new Set<number>();
    let used = 0;
    for (const { index } of new SentenceSearch(text, sentences).search(question)) {
      const cost = costs[index] as number;
      if (used + cost > capacity) continue;
      used += cost;
      kept.add(index);
    }
    // A question that shares no word with a long record: its beginning is as good as any part.
    for (let at = 0; at < sentences.length && kept.size === 0; at++)
      if ((costs[at] as number) <= capacity) kept.add(at);
    return sentences.filter((_, at) => kept.has(at));
  }

  /** With as much of the history as fits, from the newest back. */
  #fitted(
    history: readonly PastExchange[],
    later: number,
    conversation: (kept: readonly PastExchange[]) => readonly Exchange[],
  ): FittedPrompt {
    for (let forgotten = 0; ; forgotten++) {
      const kept = history.slice(forgotten);
      const prompt = this.#tokens(conversation(kept));
      if (prompt.length <= this.#capacity - later) return { prompt, history: kept, forgotten };
      if (forgotten === history.length) throw this.#exceeded(prompt.length + later);
    }
  }

  #exceeded(tokens: number): AppError {
    return new AppError('CONTEXT_EXCEEDED', {
      params: { needed: tokens + room, capacity: this.#model.contextSize },
    });
  }

  get #capacity(): number {
    return this.#model.contextSize - 1 - room;
  }

  get #answerCost(): number {
    return 2 * this.#model.tokenize(answerPrompt, true).length;
  }

  #tokens(exchanges: readonly Exchange[]): Token[] {
    return conversationTokens(this.#model, this.#card.promptFormat, { exchanges });
  }
}
