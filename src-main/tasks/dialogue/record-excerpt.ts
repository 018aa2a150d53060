/**
 * What of a linked record a draft may draw on: the whole where it is short; else allergies and current drugs, and what the
 * patient's words are about.
 */
import type { Turn } from '../../domain/contract/dialogue';
import type { LanguageModel } from '../../engine/language-model';
import { findSections } from '../../domain/rules/sections';
import { SentenceSearch, type FoundSentence } from '../qa/sentence-search';
import { sentencesOf, type Sentence } from '../qa/sentences';

export interface SearchedRecord {
  readonly text: string;
  readonly sentences: readonly Sentence[];
  readonly search: SentenceSearch;
  /** Allergies and current drugs. */
  readonly always: readonly FoundSentence[];
  /** Tokens of each sentence in an excerpt. */
  readonly costs: readonly number[];
}

/** Share of the context that an excerpt may take. */
const excerptShare = 0.35;
/** Sentences that an excerpt holds, at most, where it is not the whole record. */
const excerptSentences = 24;
/** What a reply must not be written without, whether the patient speaks of it or not. */
const always = ['过敏史？', '现用药？'];
/** Sentences of each, at most; what the patient's words are about comes after them. */
const alwaysSentences = 4;
/** Characters of the patient's newest words that are searched for. */
const searchedChars = 2000;

/** The latest record of each model: asked for at every pause in typing. */
const latest = new WeakMap<LanguageModel, SearchedRecord>();

export function searchedRecord(model: LanguageModel, text: string): SearchedRecord {
  const known = latest.get(model);
  if (known?.text === text) return known;
  const sentences = sentencesOf(text, findSections(text));
  const search = new SentenceSearch(text, sentences);
  const record: SearchedRecord = {
    text,
    sentences,
    search,
    always: always.flatMap((question) =>
      search
        .search(question)
        .filter(({ isOfClass }) => isOfClass)
        .slice(0, alwaysSentences),
    ),
    // Each is on a line of its own.
    costs: sentences.map(
      ({ start, end }) => model.tokenize(text.slice(start, end), true).length + 1,
    ),
  };
  latest.set(model, record);
  return record;
}

/** Sentences that a draft may draw on, in the order of the text. */
export function excerptOf(
  { sentences, search, always: first, costs }: SearchedRecord,
  turns: readonly Turn[],
  contextSize: number,
): readonly Sentence[] {
  const room = Math.floor(contextSize * excerptShare);
  if (costs.reduce((sum, cost) => sum + cost, 0) <= room) return sentences;
  const words = turns
    .filter(({ role }) => role === 'patient')
    .map((turn) => turn.text)
    .join('\n')
    .slice(-searchedChars);
  const wanted = [...first, ...search.search(words)];
  let left = room;
  const kept = new Set<number>();
  for (const { index } of wanted) {
    if (kept.size >= excerptSentences) break;
    const cost = costs[index] as number;
    if (cost > left || kept.has(index)) continue;
    left -= cost;
    kept.add(index);
  }
  return sentences.filter((_, index) => kept.has(index));
}
