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

export interface SignEntry {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  /** Each of them alone is the sign. */
  readonly words?: readonly string[];
  /** One word of each list, in one sentence. */
  readonly together?: readonly (readonly string[])[];
  readonly measure?: Measure;
  /** Phrases that hold a word of the sign and mean something else. */
  readonly except?: readonly string[];
}

export interface SignClass {
  readonly id: string;
  readonly signs: readonly SignEntry[];
}

/** The classes of signs; each has advice in `domain/messages`. */
export const signClasses: readonly SignClass[] = lexicon.classes;

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
