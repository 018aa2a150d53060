import settings from '../../../resources/lexicons/qa-search.json' with { type: 'json' };

/** Numbers of search and quotation by search; how they were found is written in the file. */
export interface SearchSettings {
  readonly search: {
    /** Of BM25 (Robertson & Walker 1994). */
    readonly k1: number;
    readonly b: number;
    /** Weight of a topic's words against those of the question itself. */
    readonly topicWeight: number;
    /** For a sentence in a section in which such questions are answered. */
    readonly sectionBonus: number;
  };
  readonly quotations: {
    /** Quotations, at most; more would not be read. */
    readonly most: number;
    /** Of the best sentence's score, what others must reach. */
    readonly near: number;
  };
  /** Weights of a logistic function over what the search knows of its best sentence. */
  readonly confidence: Readonly<Record<'bias' | Feature, number>>;
}

export type Feature = 'coverage' | 'characters' | 'recordCoverage' | 'fits' | 'asked' | 'value';

export const fittedSettings: SearchSettings = settings;
