/**
 * The original text as code points, each with its normalised form and its place.
 *
 * Normalisation is 1:1 by code point, so a place in what the model reads is always a place in the
 * original text, whatever NFKC and lower-casing did to the character (default-model.md).
 */
import simplified from '../../../resources/lexicons/simplified.json' with { type: 'json' };
import type { Normalisation } from '../../domain/contract/model-card';

export interface SourceText {
  readonly original: string;
  /** One normalised code point each. */
  readonly chars: readonly string[];
  /** UTF-16 offset of each code point in the original, and of its end; length is `chars.length + 1`. */
  readonly offsets: Uint32Array;
}

/** Traditional characters and what they are in simplified writing, one for one (OpenCC's table). */
const simplifiedOf = new Map(
  Array.from(simplified.traditional, (char, i) => [char, simplified.simplified[i] as string]),
);

const spaces = /^[\s\p{Cc}]$/u;

/** One code point normalised to one code point. */
export function normaliseChar(char: string, how: Normalisation): string {
  // A NUL would end the text for native code, and lone surrogates have no UTF-8.
  if (char === '\0' || (char.length === 1 && char >= '\ud800' && char <= '\udfff')) return ' ';
  if (how === 'none') return char;
  const wide = oneCodePoint(char.normalize('NFKC'), char);
  const lower = oneCodePoint(wide.toLowerCase(), wide);
  if (spaces.test(lower)) return ' ';
  return how === 'nfkc-lower-simplified' ? (simplifiedOf.get(lower) ?? lower) : lower;
}

function oneCodePoint(mapped: string, otherwise: string): string {
  const [first] = mapped;
  return first !== undefined && first.length === mapped.length ? mapped : otherwise;
}

export function sourceText(original: string, how: Normalisation): SourceText {
  const chars: string[] = [];
  const offsets: number[] = [];
  const cache = new Map<string, string>();
  let offset = 0;
  for (const char of original) {
    let normal = cache.get(char);
    if (normal === undefined) {
      normal = normaliseChar(char, how);
      cache.set(char, normal);
    }
    chars.push(normal);
    offsets.push(offset);
    offset += char.length;
  }
  offsets.push(offset);
  return { original, chars, offsets: Uint32Array.from(offsets) };
}

const han = /^\p{Script=Han}$/u;
const lineEnds = new Set('\n\r\v\f\u0085\u2028\u2029');

export function isHan(char: string | undefined): boolean {
  return char !== undefined && han.test(char);
}

/** Whether a line ends with this code point; of CR LF both are such. */
export function isLineEnd({ original, offsets }: SourceText, at: number): boolean {
  return lineEnds.has(original[offsets[at] as number] as string);
}

/** Whether CR LF begins here: one break of two code points. */
export function isCrLf({ original, offsets }: SourceText, at: number): boolean {
  const offset = offsets[at] as number;
  return original[offset] === '\r' && original[offset + 1] === '\n';
}
