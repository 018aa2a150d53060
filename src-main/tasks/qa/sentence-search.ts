/**
 * Searching a record for the sentences that may answer a question: BM25 (Robertson & Walker 1994) over
 * characters and their bigrams, which for Chinese does about as well as words and needs no dictionary,
 * plus what a lexicon of ours knows of questions: the words and sections in which records answer them.
 */
import lexicon from '../../../resources/lexicons/questions.json' with { type: 'json' };
import { fold } from '../../domain/rules/deidentify/fold';
import { classesOf } from './class-questions';
import {
  asksAllergy,
  statementsOf,
  type PlacedSentence,
  type StatementClass,
} from './class-statements';
import { fittedSettings, type SearchSettings } from './search-settings';
import type { Sentence } from './sentences';

export interface FoundSentence extends Sentence {
  /** Place among the sentences. */
  readonly index: number;
  /** Above 0; comparable within one search. */
  readonly score: number;
  /** Share of the question's meaning (by rarity in the record) that the sentence holds, 0..1. */
  readonly coverage: number;
  /** Share of the question's characters that the sentence holds, 0..1: bigrams miss 术中出血 in 术中见出血. */
  readonly characters: number;
  /** Share of the question's meaning that the record as a whole holds, 0..1: a word that stands nowhere cannot be answered. */
  readonly recordCoverage: number;
  /** It stands in a section, or holds words, in which such questions are answered. */
  readonly fits: boolean;
  /** It holds the very word by which the question is of its topic: 过敏 of 药物过敏史. */
  readonly holdsAsked: boolean;
  /**
   * The question is about a whole class of things (现用药？), and the sentence states one; or it names a
   * section (主诉？), and the sentence stands in it.
   */
  readonly isOfClass: boolean;
}

interface Topic {
  readonly id: string;
  /** As `normalised` writes them, like `words`. */
  readonly asks: readonly string[];
  readonly words: readonly string[];
  readonly sections: readonly string[];
}
/** Folded once: a search is done for every question and for every sentence of a draft. */
const topics: readonly Topic[] = lexicon.topics.map((topic) => ({
  ...topic,
  asks: topic.asks.map(normalised),
  words: topic.words.map(normalised),
}));

/** Longest first, so that none is cut by a part of it. */
const stopWords = [...lexicon.stop].sort((one, other) => other.length - one.length);
const synonyms = lexicon.synonyms.map((words) => words.map(normalised));

/** What a question is about, by the lexicon: none, one or several topics. */
export function topicsOf(question: string): readonly Topic[] {
  const folded = normalised(question);
  return topics.filter(({ asks }) => asks.some((word) => folded.includes(word)));
}

export class SentenceSearch {
  readonly #sentences: readonly Sentence[];
  readonly #texts: readonly string[];
  readonly #placed: readonly PlacedSentence[];
  readonly #grams: readonly ReadonlyMap<string, number>[];
  readonly #lengths: readonly number[];
  readonly #mean: number;
  /** Of words of topics, as they are asked for. */
  readonly #rarities = new Map<string, number>();
  readonly #sentencesWith = new Map<string, number>();
  readonly #settings: SearchSettings['search'];

  /** @param settings Defaults to those that were fitted. */
  constructor(
    record: string,
    sentences: readonly Sentence[],
    settings: SearchSettings['search'] = fittedSettings.search,
  ) {
    this.#settings = settings;
    this.#sentences = sentences;
    const folded = normalised(record);
    // `fold` keeps every unit at its place, and so does lower case for what records hold.
    this.#texts = sentences.map(({ start, end }) => folded.slice(start, end));
    this.#placed = sentences.map(({ section }, at) => ({
      text: this.#texts[at] as string,
      section,
    }));
    this.#grams = this.#texts.map((text) => countsOf(gramsOf(text)));
    this.#lengths = this.#grams.map((grams) => sum(grams.values()));
    this.#mean = sum(this.#lengths) / Math.max(1, sentences.length);
    for (const grams of this.#grams)
      for (const gram of grams.keys())
        this.#sentencesWith.set(gram, (this.#sentencesWith.get(gram) ?? 0) + 1);
  }

  /** Best first; sentences that share nothing with the question are left out. */
  search(question: string): FoundSentence[] {
    const folded = normalised(question);
    const words = withoutStopWords(this.#inItsWords(folded));
    const asked = countsOf(gramsOf(words));
    const characters = [...new Set(words.match(/[a-z0-9\u3400-\u9fff]/gu))];
    const about = topicsOf(question);
    const askedWords = about.flatMap(({ asks }) => asks).filter((word) => folded.includes(word));
    const topicWords = [...new Set(about.flatMap(({ words }) => words))];
    const classes = classesOf(question);
    const stated = (kinds: readonly StatementClass[]): ReadonlySet<number> =>
      new Set(kinds.flatMap((kind) => statementsOf(kind, this.#placed)));
    const ofClass = stated(classes);
    // 阿司匹林100mg每日一次 is no answer to 阿司匹林过敏吗.
    const asksPatients = asksAllergy(folded) && !about.some(({ id }) => id === 'family');
    const allergies = asksPatients ? stated(['allergy']) : undefined;
    const namedSection = folded.replace(/[\s\p{P}]/gu, '');
    const sections = new Set(about.flatMap((topic) => topic.sections));
    const weight = sum([...asked.keys()].map((gram) => this.#rarity(gram)));
    const somewhere = sum(
      [...asked.keys()]
        .filter((gram) => this.#sentencesWith.has(gram))
        .map((gram) => this.#rarity(gram)),
    );
    const { topicWeight, sectionBonus } = this.#settings;
    const found: FoundSentence[] = [];
    this.#sentences.forEach((sentence, index) => {
      if (allergies?.has(index) === false) return;
      const text = this.#texts[index] as string;
      const inSection = sentence.section !== null && sections.has(sentence.section);
      const held = topicWords.filter((word) => text.includes(word));
      const own = this.#bm25(index, asked);
      let score = own + topicWeight * sum(held.map((word) => this.#rarityOfWord(word)));
      if (inSection) score += sectionBonus;
      // Of 过敏史：青霉素；磺胺类 the second part holds no word of allergies.
      const isOfClass =
        classes.length > 0
          ? ofClass.has(index)
          : sentence.section !== null && normalised(sentence.section) === namedSection;
      if (score <= 0 && !isOfClass) return;
      const grams = [...(this.#grams[index]?.keys() ?? [])];
      const covered = sum(
        grams.filter((gram) => asked.has(gram)).map((gram) => this.#rarity(gram)),
      );
      found.push({
        ...sentence,
        index,
        score,
        coverage: weight === 0 ? 0 : covered / weight,
        characters:
          characters.length === 0
            ? 0
            : characters.filter((one) => text.includes(one)).length / characters.length,
        recordCoverage: weight === 0 ? 0 : somewhere / weight,
        fits: inSection || held.length > 0,
        holdsAsked: askedWords.some((word) => text.includes(word)),
        isOfClass,
      });
    });
    return found.sort((one, other) => other.score - one.score || one.index - other.index);
  }

  /** A word that the record does not use becomes the one of the same meaning that it uses. */
  #inItsWords(question: string): string {
    return synonyms.reduce((rest, words) => {
      const asked = words.find((word) => rest.includes(word));
      if (asked === undefined || this.#holds(asked)) return rest;
      const used = words.find((word) => this.#holds(word));
      return used === undefined ? rest : rest.replaceAll(asked, used);
    }, question);
  }

  #holds(word: string): boolean {
    return this.#texts.some((text) => text.includes(word));
  }

  /** A sentence has few grams; what is asked may be two thousand characters of a patient's words. */
  #bm25(index: number, asked: ReadonlyMap<string, number>): number {
    const counts = this.#grams[index] as ReadonlyMap<string, number>;
    const length = this.#lengths[index] as number;
    const { k1, b } = this.#settings;
    let score = 0;
    for (const [gram, count] of counts) {
      if (!asked.has(gram)) continue;
      const dampened = count + k1 * (1 - b + (b * length) / this.#mean);
      score += (this.#rarity(gram) * count * (k1 + 1)) / dampened;
    }
    return score;
  }

  #rarity(gram: string): number {
    const holding = this.#sentencesWith.get(gram) ?? 0;
    return Math.log(1 + (this.#sentences.length - holding + 0.5) / (holding + 0.5));
  }

  #rarityOfWord(word: string): number {
    const known = this.#rarities.get(word);
    if (known !== undefined) return known;
    const holding = this.#texts.filter((text) => text.includes(word)).length;
    const rarity = Math.log(1 + (this.#sentences.length - holding + 0.5) / (holding + 0.5));
    this.#rarities.set(word, rarity);
    return rarity;
  }
}

function normalised(text: string): string {
  return fold(text).toLowerCase();
}

function withoutStopWords(text: string): string {
  return stopWords.reduce((rest, word) => rest.replaceAll(word, ' '), text);
}

/** Bigrams of Chinese characters, a lone one as itself; letters and numbers as words. */
function gramsOf(text: string): string[] {
  const grams: string[] = [];
  for (const run of text.match(/[a-z0-9][a-z0-9.+-]*|[\u3400-\u9fff]+/gu) ?? []) {
    if (/^[a-z0-9]/u.test(run)) grams.push(run);
    else if (run.length === 1) grams.push(run);
    else for (let i = 0; i + 2 <= run.length; i++) grams.push(run.slice(i, i + 2));
  }
  return grams;
}

function countsOf(grams: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
