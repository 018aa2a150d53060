import lexicon from '../../../../resources/lexicons/danger-signs.json' with { type: 'json' };

/** A value that is dangerous outside of a limit; outside of [least, most] it is no such value at all. */
export interface Measure {
  readonly words: readonly string[];
  /** Exclusive. */
  readonly above?: number;
  /** Exclusive. */
  readonly below?: number;
  readonly least: number;
  readonly most: number;
}

type WordLists = readonly (readonly string[])[];

export interface SignEntry {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  /** Each of them alone is the sign. */
  readonly words?: readonly string[];
  /** One word of each list, in one sentence. */
  readonly together?: WordLists;
  /** The same, other ways to say it. */
  readonly orTogether?: readonly WordLists[];
  /**
   * Words of `together` and `orTogether` may stand in several messages, but for what these phrases hold: too
   * many other things are said with them. Without it they must stand in one sentence.
   */
  readonly apart?: readonly string[];
  /** One word of each list in this order, close together in one clause; several such ways. */
  readonly close?: readonly WordLists[];
  readonly measure?: Measure;
  /** Phrases that hold a word of the sign and mean something else. */
  readonly except?: readonly string[];
}

export interface SignClass {
  readonly id: string;
  readonly signs: readonly SignEntry[];
}

const groups: Readonly<Record<string, string | readonly string[]>> = lexicon.groups;

/** With the words of its group in the place of each @name. */
function spelled(list: readonly string[]): string[] {
  return list.flatMap((word) => (word.startsWith('@') ? (groups[word.slice(1)] ?? []) : [word]));
}

const entries: readonly SignClass[] = lexicon.classes;

/** The classes of signs; each has advice in `domain/messages`. */
export const signClasses: readonly SignClass[] = entries.map(({ id, signs }) => ({
  id,
  signs: signs.map(({ together, orTogether, close, ...sign }) => ({
    ...sign,
    orTogether: [...(together ? [together] : []), ...(orTogether ?? [])].map((lists) =>
      lists.map(spelled),
    ),
    close: (close ?? []).map((lists) => lists.map(spelled)),
  })),
}));

export const elsewhere: Readonly<
  Record<'supposed' | 'told' | 'asked' | 'topic' | 'past' | 'now' | 'over', readonly string[]>
> = lexicon.elsewhere;

export const denial: Readonly<
  Record<'near' | 'list' | 'never' | 'modifiers' | 'joiners' | 'verbs' | 'after', readonly string[]>
> = lexicon.denial;

const names = new Map(
  signClasses.flatMap(({ signs }) =>
    signs.map(({ id, zh, en }) => [id, { 'zh-CN': zh, en }] as const),
  ),
);

/** How a sign is called; an id that the lexicon does not know is its own name. */
export function signNames(id: string): Readonly<Record<'zh-CN' | 'en', string>> {
  return names.get(id) ?? { 'zh-CN': id, en: id };
}
