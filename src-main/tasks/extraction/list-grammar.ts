/**
 * What may follow in a typed list (`answer-form`), token by token.
 *
 * A state is a value: states can be tried ahead and thrown away. A value that is not in the window cannot
 * be written down. Fixed words are written as the tokenizer writes them;
 * values with any pieces of the vocabulary that stand in the window.
 * Where the same token could end a value and go on with it, both are followed until they differ; where
 * a fixed word is complete, it counts.
 */
import type { FactAttribute } from '../../domain/contract/annotation-schema';
import type { Fact } from '../../domain/contract/fact';
import type { LanguageModel, Token } from '../../engine/language-model';
import {
  fieldOf,
  flagTexts,
  marks,
  optionsOf,
  type Entry,
} from '../../domain/rules/typed-list/answer-form';
import type { Place, Reading, WindowText } from './window-text';

/** What a fixed word says once its last token is written. */
type Outcome =
  | { readonly kind: 'label'; readonly entry: Entry }
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'arrow' }
  | { readonly kind: 'option'; readonly option: string }
  | { readonly kind: 'flags'; readonly attributes: Fact['attributes'] }
  | { readonly kind: 'cell' | 'item' | 'line' | 'end' };

interface Word {
  readonly tokens: readonly Token[];
  readonly outcome: Outcome;
}

/** A value as far as it is written. */
export interface Quoted {
  readonly places: readonly Place[];
  readonly option?: string;
}

/** A fixed word that is being written, and the value that it follows. */
interface Open extends Word {
  readonly written: number;
  readonly after: Quoted | null;
}

export interface ListState {
  /** Of the line that is being written. */
  readonly entry: Entry | null;
  readonly cell: number;
  /** Whether the item has a value. */
  readonly filled: boolean;
  /** Where the value may go on; null where one may begin, empty where only words are possible. */
  readonly places: readonly Place[] | null;
  readonly open: readonly Open[];
  readonly used: ReadonlySet<string>;
  readonly ended: boolean;
}

/** What a token completes. */
export type Said =
  | { readonly kind: 'label'; readonly entry: Entry }
  | { readonly kind: 'quoted'; readonly cell: number; readonly value: Quoted }
  | { readonly kind: 'empty' }
  | { readonly kind: 'flags'; readonly attributes: Fact['attributes'] }
  | { readonly kind: 'item' };

export interface Step {
  readonly state: ListState;
  readonly said: readonly Said[];
}

/** Above this many places tokens are checked when the model has named them, not listed before. */
const fewPlaces = 64;
/** Longer pieces of a vocabulary, in code points, are not looked for. */
const longestPiece = 16;
/** A value that stands in more places than these is too short to foresee how it goes on. */
const foreseenPlaces = 8;

const breaks = ['\n', '\r'];
const ofMention: Reading = { forbidden: new Set([marks.item, ...breaks]), acrossLines: false };
const ofCell: Reading = {
  forbidden: new Set([marks.item, marks.cell, ...breaks]),
  acrossLines: false,
};
const ofField: Reading = { forbidden: new Set(breaks), acrossLines: false };
const ofParagraphs: Reading = { ...ofField, acrossLines: true };

export class ListGrammar {
  readonly #model: LanguageModel;
  readonly #text: WindowText;
  readonly #entries: readonly Word[];
  readonly #pieces: Pieces;
  readonly #words: Readonly<Record<'arrow' | 'cell' | 'item' | 'line' | 'end', Word>>;
  readonly #flags: readonly Word[];
  readonly #options = new Map<readonly string[], readonly Word[]>();
  readonly #spelled = new Map<string, readonly Token[]>();
  readonly #few = new WeakMap<ListState, readonly Token[]>();
  readonly #listed = new Map<Reading, readonly Token[]>();
  readonly #beginnings = new Map<Reading, readonly Open[]>();

  /** @param attributes that the model is to state */
  constructor(
    model: LanguageModel,
    text: WindowText,
    entries: readonly Entry[],
    attributes: readonly FactAttribute[],
  ) {
    this.#model = model;
    this.#text = text;
    this.#pieces = piecesOf(model);
    const word = (written: string, outcome: Outcome): Word => ({
      tokens: model.tokenize(written, true),
      outcome,
    });
    this.#entries = entries.map((entry) =>
      word(entry.id + marks.nameEnd, { kind: 'label', entry }),
    );
    this.#words = {
      arrow: word(marks.option, { kind: 'arrow' }),
      cell: word(marks.cell, { kind: 'cell' }),
      item: word(marks.item, { kind: 'item' }),
      line: word(marks.line, { kind: 'line' }),
      end: { tokens: [model.eos], outcome: { kind: 'end' } },
    };
    this.#flags = flagTexts(attributes).map(({ text: written, attributes: stated }) =>
      word(written, { kind: 'flags', attributes: stated }),
    );
  }

  get beginning(): ListState {
    return this.#lineStart(new Set());
  }

  /** Tokens that may come next; null where they are too many to be listed without need. */
  few(state: ListState): readonly Token[] | null {
    if (state.ended) return [];
    if (state.places === null || state.places.length > fewPlaces) return null;
    let few = this.#few.get(state);
    if (!few) this.#few.set(state, (few = this.all(state)));
    return few;
  }

  /** Whether anything may come next: in a window of signs alone no value can begin. */
  goesOn(state: ListState): boolean {
    if (state.ended) return false;
    if (state.open.length > 0) return true;
    if (state.places !== null) return state.places.length > 0;
    const { forbidden } = this.#readingOf(state);
    for (const char of this.#text.firstChars) if (!forbidden.has(char)) return true;
    return false;
  }

  /** Every token that may come next. */
  all(state: ListState): readonly Token[] {
    const words = state.open.map(({ tokens, written }) => tokens[written] as Token);
    const reading = this.#reading(state);
    if (!reading) return [...new Set(words)];
    const values =
      state.places === null
        ? this.#starts(reading)
        : state.places.flatMap(({ at }) => this.#piecesAt(at, reading));
    return [...new Set([...words, ...values])];
  }

  accepts(state: ListState, token: Token): boolean {
    if (state.open.some(({ tokens, written }) => tokens[written] === token)) return true;
    return this.#grown(state, token, true).length > 0;
  }

  /** Writes a token that may come next. */
  take(state: ListState, token: Token): Step {
    const open = state.open
      .filter(({ tokens, written }) => tokens[written] === token)
      .map((word) => ({ ...word, written: word.written + 1 }));
    const complete = open.filter(({ tokens, written }) => tokens.length === written);
    const going = open.filter(({ tokens, written }) => tokens.length > written);
    const said = complete.find(({ outcome }) => outcome.kind !== 'char');
    if (said) return this.#complete(state, said, going);
    const grown = [
      ...this.#grown(state, token, false),
      ...complete.flatMap(({ outcome, after }) =>
        outcome.kind === 'char' ? this.#read(state, after?.places ?? null, [outcome.char]) : [],
      ),
    ];
    if (grown.length === 0 && going.length === 0) throw new RangeError('token is not allowed here');
    // Places that went on were distinct before; a character in bytes may have come to one of them, too.
    const places = complete.length > 0 ? distinct(grown) : grown;
    const words = places.length > 0 ? this.#insideValue(state, { places }) : [];
    return { state: { ...state, places, open: [...going, ...words] }, said: [] };
  }

  /** Tokens with which the value would go on if it went on, with the state behind each. */
  ahead(state: ListState, most: number): { token: Token; state: ListState }[] {
    const found: { token: Token; state: ListState }[] = [];
    let last = state;
    while (found.length < most && (last.places ?? []).length <= foreseenPlaces) {
      const reading = this.#reading(last);
      const [place] = last.places ?? [];
      if (!reading || !place) break;
      // The longest piece is what a tokenizer most likely wrote.
      const token = this.#piecesAt(place.at, reading).at(-1);
      if (token === undefined || last.open.some(({ tokens, written }) => tokens[written] === token))
        break;
      last = this.take(last, token).state;
      found.push({ token, state: last });
    }
    return found;
  }

  #complete(state: ListState, { outcome, after }: Open, going: readonly Open[]): Step {
    const entry = state.entry as Entry;
    const quoted: Said[] = after
      ? [{ kind: 'quoted', cell: state.cell, value: after }]
      : state.places === null
        ? [{ kind: 'empty' }]
        : [];
    switch (outcome.kind) {
      case 'label': {
        const used = new Set([...state.used, outcome.entry.id]);
        const next = { ...state, used, entry: outcome.entry, cell: 0, filled: false };
        return { state: this.#valueStart(next), said: [{ kind: 'label', entry: outcome.entry }] };
      }
      case 'arrow': {
        const options = this.#optionWords(state);
        return { state: { ...state, places: [], open: opened(options, after) }, said: [] };
      }
      case 'option': {
        const value = { places: after?.places ?? [], option: outcome.option };
        const open = [...going, ...this.#ends(state, value)];
        return { state: { ...state, places: [], open }, said: [] };
      }
      case 'flags':
        return {
          state: { ...state, places: [], open: opened(this.#itemEnds(state), null) },
          said: [...quoted, { kind: 'flags', attributes: outcome.attributes }],
        };
      case 'cell': {
        const filled = state.filled || after !== null;
        const next = { ...state, cell: state.cell + 1, filled };
        return { state: this.#valueStart(next), said: quoted };
      }
      case 'item':
        return {
          state: this.#valueStart({ ...state, entry, cell: 0, filled: false }),
          said: [...quoted, { kind: 'item' }],
        };
      case 'line':
        return { state: this.#lineStart(state.used), said: [...quoted, { kind: 'item' }] };
      case 'end': {
        const said: Said[] = state.entry ? [...quoted, { kind: 'item' }] : [];
        return { state: { ...state, places: [], open: [], ended: true }, said };
      }
      case 'char':
        throw new RangeError('a character completes nothing');
      default:
        return outcome satisfies never;
    }
  }

  #lineStart(used: ReadonlySet<string>): ListState {
    const labels = this.#entries.filter(
      ({ outcome }) => outcome.kind === 'label' && !used.has(outcome.entry.id),
    );
    return {
      ...{ entry: null, cell: 0, filled: false, places: [], used, ended: false },
      open: opened([...labels, this.#words.end], null),
    };
  }

  #valueStart(state: ListState): ListState {
    const words = [...this.#spelledBeginnings(this.#readingOf(state))];
    if (state.entry?.kind === 'group') {
      if (state.cell < state.entry.group.fields.length - 1)
        words.push(...opened([this.#words.cell], null));
      if (state.filled) words.push(...opened([...this.#itemEnds(state), ...this.#flags], null));
    }
    return { ...state, places: null, open: words };
  }

  /** Characters outside the vocabulary with which a value can begin; found once a window. */
  #spelledBeginnings(reading: Reading): readonly Open[] {
    let found = this.#beginnings.get(reading);
    if (!found) {
      const chars = [...this.#text.firstChars].filter((char) => !reading.forbidden.has(char));
      this.#beginnings.set(reading, (found = opened(this.#spelledWords(chars), null)));
    }
    return found;
  }

  /** Words that may follow the value, and those characters of it that are several tokens. */
  #insideValue(state: ListState, value: Quoted): Open[] {
    const reading = this.#readingOf(state);
    const next = value.places.flatMap(({ at }) => {
      const place = this.#text.readable(at, reading);
      return place < 0 ? [] : [this.#text.chars[place] as string];
    });
    const chars = opened(this.#spelledWords([...new Set(next)]), value);
    return optionsOf(this.#field(state)) === null
      ? [...this.#ends(state, value), ...chars]
      : [...opened([this.#words.arrow], value), ...chars];
  }

  #ends(state: ListState, value: Quoted): Open[] {
    const { entry, cell } = state;
    const more = entry?.kind === 'group' && cell < entry.group.fields.length - 1;
    const words = [...this.#itemEnds(state), ...this.#flags];
    return opened(more ? [this.#words.cell, ...words] : words, value);
  }

  #itemEnds({ entry, used }: ListState): Word[] {
    const { item, line, end } = this.#words;
    const lines = used.size < this.#entries.length ? [line, end] : [end];
    return entry?.kind === 'field' ? lines : [item, ...lines];
  }

  #optionWords(state: ListState): readonly Word[] {
    const options = optionsOf(this.#field(state)) ?? [];
    let words = this.#options.get(options);
    if (!words) {
      words = options.map((option) => ({
        tokens: this.#model.tokenize(option, true),
        outcome: { kind: 'option', option },
      }));
      this.#options.set(options, words);
    }
    return words;
  }

  #field({ entry, cell }: ListState) {
    return entry ? fieldOf(entry, cell) : null;
  }

  /** Null where no value can be written. */
  #reading(state: ListState): Reading | null {
    return state.places?.length === 0 ? null : this.#readingOf(state);
  }

  #readingOf(state: ListState): Reading {
    if (state.entry?.kind === 'group') return ofCell;
    if (state.entry?.kind !== 'field') return ofMention;
    return state.entry.field.kind === 'text' ? ofParagraphs : ofField;
  }

  #grown(state: ListState, token: Token, any: boolean): Place[] {
    const chars = this.#pieces.chars.get(token);
    return chars && this.#reading(state) ? this.#read(state, state.places, chars, any) : [];
  }

  /** @param any whether one place is enough */
  #read(
    state: ListState,
    from: readonly Place[] | null,
    chars: readonly string[],
    any = false,
  ): Place[] {
    const reading = this.#readingOf(state);
    const starts: readonly Place[] =
      from ?? this.#text.startsOf(chars[0] as string).map((begins) => ({ begins, at: begins }));
    const grown: Place[] = [];
    for (const { begins, at } of starts) {
      const end = this.#text.read(at, chars, reading);
      if (end < 0) continue;
      grown.push({ begins, at: end });
      if (any) break;
    }
    return grown;
  }

  #starts(reading: Reading): readonly Token[] {
    let listed = this.#listed.get(reading);
    if (!listed) {
      const tokens = [...this.#text.firstChars].flatMap((char) =>
        this.#text.startsOf(char).flatMap((at) => this.#piecesAt(at, reading)),
      );
      listed = [...new Set(tokens)];
      this.#listed.set(reading, listed);
    }
    return listed;
  }

  /** Pieces of the vocabulary that stand at a place, the shortest first. */
  #piecesAt(at: number, reading: Reading): Token[] {
    const found: Token[] = [];
    let text = '';
    for (;;) {
      const next = this.#text.readable(at, reading);
      if (next < 0) break;
      text += this.#text.chars[next] as string;
      at = next + 1;
      const token = this.#model.pieces.get(text);
      if (token !== undefined) found.push(token);
      if (!this.#pieces.longer.has(text)) break;
    }
    return found;
  }

  /** Of these characters, the ones outside the vocabulary, as the bytes that they are written with. */
  #spelledWords(chars: readonly string[]): Word[] {
    return chars.flatMap((char): Word[] => {
      if (this.#model.pieces.has(char)) return [];
      let tokens = this.#spelled.get(char);
      if (!tokens) this.#spelled.set(char, (tokens = this.#model.tokenize(char, true)));
      return tokens.length === 0 ? [] : [{ tokens, outcome: { kind: 'char', char } }];
    });
  }
}

function opened(words: readonly Word[], after: Quoted | null): Open[] {
  return words.map((word) => ({ ...word, written: 0, after }));
}

function distinct(places: readonly Place[]): Place[] {
  return [...new Map(places.map((place) => [`${place.begins}:${place.at}`, place])).values()];
}

interface Pieces {
  /** Code points of each, by its token. */
  readonly chars: ReadonlyMap<Token, readonly string[]>;
  /** With what others begin, as far as these are looked for. */
  readonly longer: ReadonlySet<string>;
}

const known = new WeakMap<ReadonlyMap<string, Token>, Pieces>();

/** Made once a model. */
function piecesOf({ pieces }: LanguageModel): Pieces {
  let found = known.get(pieces);
  if (!found) {
    const chars = new Map<Token, readonly string[]>();
    const longer = new Set<string>();
    for (const [text, token] of pieces) {
      const own = Array.from(text);
      chars.set(token, own);
      if (own.length > longestPiece) continue;
      let beginning = '';
      for (const char of own.slice(0, -1)) longer.add((beginning += char));
    }
    known.set(pieces, (found = { chars, longer }));
  }
  return found;
}
