/** Tokens that each sentence of a record takes in a prompt: counted once, and asked for at every pause in typing. */
import type { LanguageModel } from '../../engine/language-model';
import type { Sentence } from './sentences';

/** Its number in brackets and the line feed. */
const frame = 8;

interface Counted {
  readonly text: string;
  readonly sentences: readonly Sentence[];
  readonly costs: readonly number[];
}

/** The latest record of each model. */
const counted = new WeakMap<LanguageModel, Counted>();

export function sentenceCosts(
  model: LanguageModel,
  text: string,
  sentences: readonly Sentence[],
): readonly number[] {
  const known = counted.get(model);
  // Corrected sections cut the same text elsewhere.
  if (known?.text === text && areSame(known.sentences, sentences)) return known.costs;
  const costs = sentences.map(
    ({ start, end }) => model.tokenize(text.slice(start, end), true).length + frame,
  );
  counted.set(model, { text, sentences, costs });
  return costs;
}

function areSame(some: readonly Sentence[], others: readonly Sentence[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ start, end }, at) => start === others[at]?.start && end === others[at]?.end)
  );
}
