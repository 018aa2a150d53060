/** Quotations by search alone, for a model that cannot select: the answer is then what the record says. */
import type { Evidence } from '../../domain/contract/fact';
import { maxQuotes } from '../../domain/contract/qa';
import { classesOf } from './class-questions';
import { fittedSettings, type Feature, type SearchSettings } from './search-settings';
import { SentenceSearch, type FoundSentence } from './sentence-search';
import type { Sentence } from './sentences';

export interface Quotations {
  /** In the order of the text. */
  readonly quotes: readonly Evidence[];
  /** Sentences that answer a question about a whole class as well, and are more than are quoted. */
  readonly more: number;
  /** That they hold an answer, 0..1. */
  readonly confidence: number;
  /** From which the confidence comes; absent where nothing was found. */
  readonly features?: Readonly<Record<Feature, number>>;
}

/** That a sentence which states one of a class answers a question about all of it; set by hand. */
const confidenceOfClass = 0.8;
/** That something else answers such a question, at most; set by hand. */
const confidenceOffClass = 0.3;

/** @param settings Defaults to those that were fitted. */
export function quotationsOf(
  text: string,
  sentences: readonly Sentence[],
  question: string,
  settings: SearchSettings = fittedSettings,
): Quotations {
  const { near, most } = settings.quotations;
  const found = new SentenceSearch(text, sentences, settings.search).search(question);
  const [best] = found;
  if (!best) return { quotes: [], more: 0, confidence: 0 };
  const ofClass = found.filter(({ isOfClass }) => isOfClass);
  const chosen =
    ofClass.length > 0
      ? ofClass.slice(0, maxQuotes)
      : found.filter(({ score }) => score >= near * best.score).slice(0, most);
  const quotes = chosen
    .sort((one, other) => one.start - other.start)
    .map(({ start, end }) => ({ text: text.slice(start, end), start, end }));
  const features = featuresOf(best, text, question);
  const fitted = confidenceOf(features, settings.confidence);
  const confidence =
    ofClass.length > 0
      ? Math.max(fitted, confidenceOfClass)
      : Math.min(fitted, classesOf(question).length > 0 ? confidenceOffClass : 1);
  const more = Math.max(0, ofClass.length - maxQuotes);
  return { quotes, more, confidence, features };
}

/** 多少, 几次, 多大: what is asked for is a number. */
const asksValue = /多少|几|多大|多久|多长|数值|剂量/u;

function featuresOf(
  { coverage, characters, recordCoverage, fits, holdsAsked, start, end }: FoundSentence,
  text: string,
  question: string,
): Record<Feature, number> {
  return {
    coverage,
    characters,
    recordCoverage,
    fits: fits ? 1 : 0,
    asked: holdsAsked ? 1 : 0,
    value: asksValue.test(question) && /\d/u.test(text.slice(start, end)) ? 1 : 0,
  };
}

function confidenceOf(
  features: Readonly<Record<Feature, number>>,
  { bias, ...weights }: SearchSettings['confidence'],
): number {
  const names = Object.keys(weights) as Feature[];
  const logit = names.reduce((sum, name) => sum + weights[name] * features[name], bias);
  return 1 / (1 + Math.exp(-logit));
}
