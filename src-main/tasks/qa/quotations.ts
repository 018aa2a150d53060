/** Quotations by search alone, for a model that cannot select: the answer is then what the record says. */
import type { Evidence } from '../../domain/contract/fact';
import { SentenceSearch, type FoundSentence } from './sentence-search';
import type { Sentence } from './sentences';

/** More would not be read. */
const mostQuotes = 5;
/** Of the best sentence's score, what others must reach. */
const near = 0.55;

/** Weights of a logistic function over what the search knows of its best sentence: set by hand, not fitted. */
const weights = { bias: -2.2, coverage: 3.4, fits: 1.1, asked: 1.4 };

export interface Quotations {
  /** In the order of the text. */
  readonly quotes: readonly Evidence[];
  /** That they hold an answer, 0..1. */
  readonly confidence: number;
}

export function quotationsOf(
  text: string,
  sentences: readonly Sentence[],
  question: string,
): Quotations {
  const found = new SentenceSearch(text, sentences).search(question);
  const [best] = found;
  if (!best) return { quotes: [], confidence: 0 };
  const quotes = found
    .filter(({ score }) => score >= near * best.score)
    .slice(0, mostQuotes)
    .sort((one, other) => one.start - other.start)
    .map(({ start, end }) => ({ text: text.slice(start, end), start, end }));
  return { quotes, confidence: confidenceOf(best) };
}

function confidenceOf({ coverage, fits, holdsAsked }: FoundSentence): number {
  const { bias, coverage: perCoverage, fits: perFit, asked } = weights;
  const logit = bias + perCoverage * coverage + (fits ? perFit : 0) + (holdsAsked ? asked : 0);
  return 1 / (1 + Math.exp(-logit));
}
