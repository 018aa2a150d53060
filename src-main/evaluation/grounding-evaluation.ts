/**
 * How well answers to questions about records are grounded: whether their quotations hold the answer, stand
 * where they say, and whether nothing is answered where the record does not say.
 */
import type { ModelCard } from '../domain/contract/model-card';
import { AppError } from '../domain/contract/errors';
import type { Evidence } from '../domain/contract/fact';
import type { QaAnswer } from '../domain/contract/qa';
import { Cancelled } from '../domain/contract/rpc';
import type { Section } from '../domain/contract/section';
import type { LanguageModel } from '../engine/language-model';
import { answerQuestion } from '../tasks/qa/answer';
import { accuracy, type Accuracy } from './choice-evaluation';
import type { RecordQuestion } from './record-questions';

export interface GroundingScores {
  /** Of the questions that the record answers: those with quotations that hold the whole answer. */
  readonly support: Accuracy;
  /** Of all questions with quotations: those whose quotations hold the answer. */
  readonly supportOfAnswered: Accuracy;
  /** Of those where nothing was found: those that the record does not answer. */
  readonly abstentionPrecision: Accuracy;
  /** Of those that the record does not answer: those where nothing was found. */
  readonly abstentionRecall: Accuracy;
}

export interface GroundingReport extends GroundingScores {
  readonly version: 1;
  readonly questions: number;
  /** Quotations that are, word for word, what stands at their place, and citations that name one of them. */
  readonly citationExactness: Accuracy;
  /** `abstentionRecall` where the record holds something that looks like the answer. */
  readonly nearMissRecall: Accuracy;
  /** Quotations of an answer, on average. */
  readonly meanQuotes: number;
  /** Questions that do not fit the context; they count as unsupported, and not as abstained. */
  readonly tooLong: number;
  readonly kinds: Readonly<Record<string, GroundingScores>>;
  readonly threshold: number;
  readonly model: { readonly name: string; readonly sha256: string };
}

export interface GroundingOptions {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly threshold: number;
  findSections(text: string): readonly Section[];
  onProgress?(done: number): void;
}

/** What became of one question. */
export interface Outcome {
  readonly question: RecordQuestion;
  readonly quotes: readonly Evidence[];
  /** Place among the quotes of each citation, from 0. */
  readonly cites: readonly number[];
  readonly outcome: 'answered' | 'abstained' | 'too-long';
}

/**
 * @throws AppError of `answerQuestion`
 * @throws Cancelled
 */
export async function evaluateGrounding(
  questions: readonly RecordQuestion[],
  { model, card, signal, threshold, findSections, onProgress }: GroundingOptions,
): Promise<GroundingReport> {
  const outcomes: Outcome[] = [];
  for (const question of questions) {
    if (signal.aborted) throw new Cancelled();
    try {
      const answer = await answerQuestion(
        {
          question: question.question,
          record: { text: question.text },
          threshold,
          priority: 'batch',
        },
        { model, card, signal, findSections },
      );
      outcomes.push(outcomeOf(question, answer));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CONTEXT_EXCEEDED') throw error;
      outcomes.push({ question, quotes: [], cites: [], outcome: 'too-long' });
    }
    onProgress?.(outcomes.length);
  }
  return groundingReport(outcomes, { threshold, model: { name: card.name, sha256: card.sha256 } });
}

export function groundingReport(
  outcomes: readonly Outcome[],
  { threshold, model }: Pick<GroundingReport, 'threshold' | 'model'>,
): GroundingReport {
  const quotes = outcomes.flatMap(({ question, quotes: given }) =>
    given.map(({ text, start, end }) => question.text.slice(start, end) === text),
  );
  const cites = outcomes.flatMap(({ quotes: given, cites: at }) =>
    at.map((place) => given[place] !== undefined),
  );
  const nearMisses = outcomes.filter(({ question }) => question.nearMiss);
  const answered = outcomes.filter(({ outcome }) => outcome === 'answered');
  const kinds = [...new Set(outcomes.map(({ question }) => question.kind))].sort();
  return {
    version: 1,
    questions: outcomes.length,
    ...scoresOf(outcomes),
    citationExactness: share([...quotes, ...cites], Boolean),
    nearMissRecall: share(nearMisses, isAbstained),
    meanQuotes: answered.length === 0 ? 0 : quotes.length / answered.length,
    tooLong: outcomes.filter(({ outcome }) => outcome === 'too-long').length,
    kinds: Object.fromEntries(
      kinds.map((kind) => [
        kind,
        scoresOf(outcomes.filter(({ question }) => question.kind === kind)),
      ]),
    ),
    threshold,
    model,
  };
}

/** Whether the words of the answer stand in what is quoted, each of them in one quotation. */
export function isSupported(
  { text, answer }: Pick<RecordQuestion, 'text' | 'answer'>,
  quotes: readonly Evidence[],
): boolean {
  const quoted = quotes.map(({ start, end }) => text.slice(start, end));
  return (
    answer.length > 0 && answer.every((words) => quoted.some((quote) => quote.includes(words)))
  );
}

function scoresOf(outcomes: readonly Outcome[]): GroundingScores {
  const isAnswerable = ({ question }: Outcome): boolean => question.answer.length > 0;
  const holds = ({ question, quotes, outcome }: Outcome): boolean =>
    outcome === 'answered' && isSupported(question, quotes);
  return {
    support: share(outcomes.filter(isAnswerable), holds),
    supportOfAnswered: share(
      outcomes.filter(({ outcome }) => outcome === 'answered'),
      holds,
    ),
    abstentionPrecision: share(outcomes.filter(isAbstained), (one) => !isAnswerable(one)),
    abstentionRecall: share(
      outcomes.filter((one) => !isAnswerable(one)),
      isAbstained,
    ),
  };
}

function isAbstained({ outcome }: Outcome): boolean {
  return outcome === 'abstained';
}

function share<T>(all: readonly T[], isRight: (one: T) => boolean): Accuracy {
  return accuracy(all.filter(isRight).length, all.length);
}

function outcomeOf(question: RecordQuestion, { basis, quotes, sentences }: QaAnswer): Outcome {
  return {
    question,
    quotes,
    cites: sentences.flatMap(({ cites }) => cites),
    outcome: basis === 'record' ? 'answered' : 'abstained',
  };
}
