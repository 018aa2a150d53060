/** Quotations by search alone, for a model that cannot select: the answer is then what the record says. */
import type { Evidence } from '../../domain/contract/fact';
import { SentenceSearch, type FoundSentence } from './sentence-search';
import type { Sentence } from './sentences';

/** More would not be read. */
const mostQuotes = 6;
/** Of the best sentence's score, what others must reach. */
const near = 0.55;

/**
 * Weights of a logistic function over what the search knows of its best sentence: set by hand, on the
 * questions of `grounding.txt` that are not held out.
 */
const weights = { bias: -2.2, coverage: 3.4, ofClass: 2.6, asked: 1.4, named: 1.2, notNamed: -1.5 };

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
    .filter(({ score, inAskedSection }) => inAskedSection || score >= near * best.score)
    .slice(0, mostQuotes)
    .sort((one, other) => one.start - other.start)
    .map(({ start, end }) => ({ text: text.slice(start, end), start, end }));
  return { quotes, confidence: confidenceOf(best) };
}

function confidenceOf({ coverage, isOfClass, holdsAsked, holdsNamed }: FoundSentence): number {
  let logit = weights.bias + weights.coverage * coverage;
  if (isOfClass) logit += weights.ofClass;
  if (holdsAsked) logit += weights.asked;
  if (holdsNamed !== null) logit += holdsNamed ? weights.named : weights.notNamed;
  return 1 / (1 + Math.exp(-logit));
}
