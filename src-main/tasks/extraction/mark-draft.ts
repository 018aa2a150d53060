/** What is going to be chosen while a window is copied, as far as it can be foreseen. */
import type { Ask, Token } from '../../engine/language-model';
import type { CopiedText, CopyState } from './copy-state';
import { beginning, codesOf, inside, startState, type MarkPredictor } from './mark-predictor';

interface Expected {
  /** Undefined for the source's own next token. */
  readonly mark: Token | undefined;
  /** 0..1 */
  readonly certainty: number;
}

type OpenMention = NonNullable<CopyState['open']>;

export class MarkDraft {
  readonly #text: CopiedText;
  readonly #predictor: MarkPredictor;
  /** Characters that are copied, and for each code point of the window its place among them. */
  readonly #chars: string[] = [];
  readonly #placeOf = new Map<number, number>();
  readonly #codes: Int32Array;
  /** For each class of a beginning, the opening mark; undefined for a type that is not asked for. */
  readonly #marks: readonly (Token | undefined)[];

  constructor(text: CopiedText, predictor: MarkPredictor) {
    this.#text = text;
    this.#predictor = predictor;
    for (const place of text.begins) {
      if (place < 0) continue;
      this.#placeOf.set(place, this.#chars.length);
      this.#chars.push(text.source.chars[place] as string);
    }
    const { types, open } = text.marks;
    this.#marks = predictor.types.map((type) => open[types.indexOf(type)]);
    this.#codes = codesOf(this.#chars);
  }

  /** The place among the candidates of `ask` that will probably be chosen, and how probably. */
  expect(state: CopyState, ask: Ask): { readonly best: number; readonly certainty: number } {
    const at = this.#placeOf.get(state.place) as number;
    const { mark, certainty } = state.open
      ? this.#within(at, state.open)
      : this.#between(at, state);
    return {
      best: mark === undefined ? 0 : Math.max(0, ask.candidates.indexOf(mark, 1)),
      certainty,
    };
  }

  /** Whether an open mention goes on. */
  #within(at: number, { type, start }: OpenMention): Expected {
    const known = this.#predictor.types.indexOf(type);
    const first = this.#placeOf.get(start) as number;
    const state = { open: beginning + Math.max(0, known), length: at - first };
    const { found, certainty } = this.#predictor.classify(this.#codes, at, state);
    return { mark: found === inside ? undefined : this.#text.marks.close, certainty };
  }

  #between(at: number, state: CopyState): Expected {
    const attribute = this.#attributeOf(state);
    if (attribute !== undefined) return { mark: attribute, certainty: 1 };
    const { found, certainty } = this.#predictor.classify(this.#codes, at, startState);
    return { mark: found < beginning ? undefined : this.#marks[found - beginning], certainty };
  }

  #attributeOf({ unqualified, attributesBefore }: CopyState): Token | undefined {
    const { attributes } = this.#text.marks;
    if (!unqualified || attributes.length === 0) return undefined;
    const { type, start, end } = unqualified;
    const places = { start: this.#placeOf.get(start), last: this.#placeOf.get(end - 1) };
    if (places.start === undefined || places.last === undefined) return undefined;
    const foreseen = this.#predictor.attributeOf(
      this.#chars,
      { type, start: places.start, end: places.last + 1 },
      attributesBefore[0] ?? null,
    );
    return attributes.find(({ attribute }) => attribute === foreseen)?.token;
  }
}

/** Whether a predictor knows any of the marks. */
export function knowsMarks(predictor: MarkPredictor, types: readonly string[]): boolean {
  return types.some((type) => predictor.types.includes(type));
}
