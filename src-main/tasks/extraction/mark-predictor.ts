/**
 * Foresees the marks that a model is going to put into a text, so that they can be evaluated together with the
 * text instead of one call after each (speculative decoding; the draft is free). The model decides each
 * place all the same: what is foreseen wrongly costs time and changes nothing.
 *
 * Two linear classifiers over hashed character n-grams, of what a character is (outside, the beginning of a mention of
 * a type, inside one) and of which attribute a mention has. Their weights come from
 * `models/nano/predictor`, which shows them what the built-in model marks.
 */
import { markedAttributeSchema, type MarkedAttribute } from '../../domain/contract/model-card';

const markedAttributes = markedAttributeSchema.options;

/**
 * A mention is taken to begin although nothing is likelier, while the odds against it are below e to this: the model
 * marks more in carefully written records than in the texts that the weights were learnt from.
 */
const likelyBeginning = 0.5;

/** What a character is; a mention of the type `k` begins with `beginning + k`. */
export const outside = 0;
export const inside = 1;
export const beginning = 2;

/** Which attribute a mention has; `attribute + k` is the k-th of `markedAttributes`. */
const plain = 0;
const attribute = 1;

export interface PredictorWeights {
  readonly types: readonly string[];
  /** One byte, signed, for each row and class, in base64; the number of rows is a power of two. */
  readonly characters: string;
  readonly attributes: string;
  /** Lead of the best class over the next by which it is right e times as often as wrong. */
  readonly lead: number;
}

/** A mention whose attribute is asked for, in characters of the text. */
export interface PlacedMention {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** A table of weights by row and class. */
export interface WeightTable {
  readonly classes: number;
  readonly weights: Int8Array | Float32Array;
}

export interface Foreseen {
  /** What a character is: `outside`, `inside`, or `beginning` and the place of a type. */
  readonly found: number;
  /** How probable that is, 0..1. */
  readonly certainty: number;
}

export class MarkPredictor {
  readonly types: readonly string[];
  readonly #lead: number;
  readonly #characters: WeightTable;
  readonly #attributes: WeightTable;

  constructor({ types, lead, characters, attributes }: PredictorWeights) {
    this.types = types;
    this.#lead = lead;
    this.#characters = { classes: beginning + types.length, weights: bytesOf(characters) };
    this.#attributes = {
      classes: attribute + markedAttributes.length,
      weights: bytesOf(attributes),
    };
  }

  /** @param codes of `codesOf` */
  classify(codes: Int32Array, i: number, state: TagState): Foreseen {
    const rows = characterFeatures(codes, i, state);
    const { best, next, lead } = bestClass(this.#characters, rows, isAllowed(state));
    const odds = lead / this.#lead;
    // A beginning that is missed costs a call, and so does one that is foreseen wrongly.
    const isMissedOften = best === outside && next >= beginning && odds < likelyBeginning;
    return isMissedOften
      ? { found: next, certainty: sigmoid(-odds) }
      : { found: best, certainty: sigmoid(odds) };
  }

  /** The attribute that a mention probably has, or null. */
  attributeOf(
    chars: readonly string[],
    mention: PlacedMention,
    before: MarkedAttribute | null,
  ): MarkedAttribute | null {
    const type = this.types.indexOf(mention.type);
    const rows = attributeFeatures(chars, mention, type, before);
    const { best } = bestClass(this.#attributes, rows, () => true);
    return best === plain ? null : (markedAttributes[best - attribute] as MarkedAttribute);
  }
}

/** Where a text stands before a character: the class of the mention that is going on, and since when. */
export interface TagState {
  /** 0 where none is. */
  readonly open: number;
  readonly length: number;
}

export const startState: TagState = { open: 0, length: 0 };

export function stateAfter(state: TagState, found: number): TagState {
  if (found === outside) return startState;
  if (found === inside) return { open: state.open, length: state.length + 1 };
  return { open: found, length: 1 };
}

/** Nothing goes on where nothing is open. */
export function isAllowed(state: TagState): (found: number) => boolean {
  return (found) => found !== inside || state.open !== 0;
}

/** Rows, before they are cut to the table's size, of a character in its surroundings. */
export function characterFeatures(codes: Int32Array, i: number, state: TagState): Int32Array {
  const at = (offset: number): number => codes[i + offset + margin] as number;
  const [p3, p2, p1, c, n1, n2, n3] = [at(-3), at(-2), at(-1), at(0), at(1), at(2), at(3)];
  const { open } = state;
  const length = Math.min(state.length, 8);
  return Int32Array.of(
    hash(1, c, 0, 0, 0),
    hash(2, p1, 0, 0, 0),
    hash(3, n1, 0, 0, 0),
    hash(4, p1, c, 0, 0),
    hash(5, c, n1, 0, 0),
    hash(6, p2, p1, 0, 0),
    hash(7, n1, n2, 0, 0),
    hash(8, p1, c, n1, 0),
    hash(9, c, n1, n2, 0),
    hash(10, p2, p1, c, 0),
    hash(11, p3, p2, p1, 0),
    hash(12, c, n1, n2, n3),
    hash(13, open, length, 0, 0),
    hash(14, open, c, 0, 0),
    hash(15, open, p1, c, 0),
    hash(16, open, c, n1, 0),
    hash(17, open, p1, c, n1),
    hash(18, open, length, c, 0),
  );
}

/** How far back the words stand that say something of a mention. */
const reach = 14;

export function attributeFeatures(
  chars: readonly string[],
  { start, end }: PlacedMention,
  type: number,
  before: MarkedAttribute | null,
): Int32Array {
  const previous = before === null ? 0 : 1 + markedAttributes.indexOf(before);
  const code = (i: number): number => chars[i]?.codePointAt(0) ?? 0;
  const rows = [
    hash(30, type, 0, 0, 0),
    hash(31, previous, code(start - 1), 0, 0),
    hash(32, type, previous, 0, 0),
    hash(33, code(start - 2), code(start - 1), 0, 0),
    hash(34, code(start), code(start + 1), 0, 0),
    hash(35, code(end), code(end + 1), 0, 0),
    hash(36, code(start - 3), code(start - 2), code(start - 1), 0),
  ];
  for (let i = start - 1; i >= Math.max(0, start - reach) && chars[i] !== '。'; i--) {
    rows.push(hash(37, code(i), 0, 0, 0), hash(38, code(i), code(i + 1), 0, 0));
  }
  return Int32Array.from(rows);
}

/** Characters beyond both ends of a text, so that looking around needs no test. */
const margin = 4;

export function codesOf(chars: readonly string[]): Int32Array {
  const codes = new Int32Array(chars.length + 2 * margin);
  chars.forEach((char, i) => (codes[i + margin] = char.codePointAt(0) ?? 0));
  return codes;
}

/** A number for each class: of the rows' weights, the sum. */
export function scoresOf({ classes, weights }: WeightTable, rows: Int32Array): Float64Array {
  const scores = new Float64Array(classes);
  const last = weights.length / classes - 1;
  for (const row of rows) {
    const from = (row & last) * classes;
    for (let k = 0; k < classes; k++) {
      scores[k] = (scores[k] as number) + (weights[from + k] as number);
    }
  }
  return scores;
}

/** @returns the class with the highest score, and by how much it leads */
export function bestClass(
  { classes, weights }: WeightTable,
  rows: Int32Array,
  allowed: (found: number) => boolean,
): { readonly best: number; readonly next: number; readonly lead: number } {
  const scores = scoresOf({ classes, weights }, rows);
  let [best, next] = [-1, -1];
  for (let k = 0; k < classes; k++) {
    if (!allowed(k)) continue;
    if (best < 0 || (scores[k] as number) > (scores[best] as number)) [best, next] = [k, best];
    else if (next < 0 || (scores[k] as number) > (scores[next] as number)) next = k;
  }
  return { best, next, lead: (scores[best] as number) - (scores[next] as number) };
}

/** A number of 32 bits in which each of the five counts. */
function hash(kind: number, a: number, b: number, c: number, d: number): number {
  let h = Math.imul(kind, 0x9e3779b1);
  for (const part of [a, b, c, d]) {
    h = Math.imul(h ^ part, 0x85ebca6b);
    h ^= h >>> 13;
  }
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function bytesOf(base64: string): Int8Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function sigmoid(odds: number): number {
  return 1 / (1 + Math.exp(-odds));
}
