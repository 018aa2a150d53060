/**
 * Text as a search compares it: full and half width, capital and small, traditional and simplified
 * writing, composed and decomposed characters are one; white space is one space; what cannot be seen
 * is not there.
 *
 * Character by character, so that a place in the folded text is a place in the original one. Folded
 * are the blocks below alone: they are full, so that no later version of Unicode folds a character of
 * theirs in another way, and signatures of today stay good under a newer engine.
 */
import simplified from '../../../resources/lexicons/simplified.json' with { type: 'json' };

/** First and last code point of what NFKD and lower-casing are asked about. */
const blocks: readonly (readonly [number, number])[] = [
  [0x0000, 0x052f], // Latin, Greek, Cyrillic
  [0x1e00, 0x1fff], // Latin and Greek with marks
  [0x2000, 0x218f], // punctuation, superscripts, letterlike, number forms
  [0x2460, 0x24ff], // enclosed letters and numbers
  [0x2e80, 0x2fdf], // radicals
  [0x3000, 0x33ff], // CJK punctuation, kana, enclosed and squared
  [0xf900, 0xfaff], // compatibility ideographs
  [0xfb00, 0xfb06], // ligatures
  [0xfe10, 0xfe1f], // vertical forms
  [0xfe30, 0xffef], // compatibility, small, half and full width forms
  [0x1d400, 0x1d7ff], // mathematical letters
  [0x1f100, 0x1f2ff], // enclosed letters and ideographs
  [0x2f800, 0x2fa1f], // compatibility ideographs
];

/** Marks of direction, joining and breaking, soft hyphens, fillers, variation selectors, tags. */
const unseen: readonly (readonly [number, number])[] = [
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
];
/** Above the units, where asking costs less than keeping 4,096 of them. */
const isTag = (point: number): boolean => point >= 0xe0000 && point <= 0xe0fff;

/** Written out, because what a class of Unicode holds may grow. */
const blank: readonly (readonly [number, number])[] = [
  [0x0000, 0x0020],
  [0x007f, 0x00a0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
];

/** Where `folds` has to be asked: more than one UTF-16 unit, or none. */
const many = 0;

interface Tables {
  /** Of each UTF-16 unit what it is folded to; `many` where that is not one unit. */
  readonly units: Uint16Array;
  /** Of the code points that are not folded to one unit. */
  readonly folds: ReadonlyMap<number, string>;
}

// Many times as fast as String.fromCharCode; every machine that Electron runs on is little-endian.
const decoder = new TextDecoder('utf-16le', { ignoreBOM: true });

let tables: Tables | null = null;

function prepared(): Tables {
  return (tables ??= makeTables());
}

function makeTables(): Tables {
  const units = new Uint16Array(0x10000);
  for (let unit = 0; unit < units.length; unit += 1) units[unit] = unit;
  const folds = new Map<number, string>();
  const targets = [...simplified.simplified];
  const simple = new Map(
    Array.from(simplified.traditional, (char, at) => [char, targets[at] ?? char]),
  );
  const put = (point: number, folded: string): void => {
    const isUnit = point < units.length;
    if (isUnit && folded.length === 1) units[point] = folded.charCodeAt(0);
    else {
      if (isUnit) units[point] = many;
      folds.set(point, folded);
    }
  };
  for (const point of pointsOf(blocks)) put(point, foldPoint(String.fromCodePoint(point), simple));
  for (const char of simple.keys()) put(char.codePointAt(0) ?? 0, foldPoint(char, simple));
  for (const point of pointsOf(blank)) put(point, ' ');
  for (const point of pointsOf(unseen)) put(point, '');
  return { units, folds };
}

function foldPoint(char: string, simple: ReadonlyMap<string, string>): string {
  const folded = char.normalize('NFKD').toLowerCase().normalize('NFKD');
  if (folded === char) return simple.get(char) ?? char;
  return Array.from(folded, (each) => simple.get(each) ?? each).join('');
}

function* pointsOf(ranges: readonly (readonly [number, number])[]): Generator<number> {
  for (const [first, last] of ranges)
    for (let point = first; point <= last; point += 1) yield point;
}

/** What the code point that begins at `at` is folded to, where that is not one unit for one unit. */
function foldOf({ units, folds }: Tables, text: string, at: number): string | null {
  const unit = text.charCodeAt(at);
  if (unit >= 0xd800 && unit < 0xdc00) {
    const point = text.codePointAt(at) ?? 0;
    return isTag(point) ? '' : (folds.get(point) ?? null);
  }
  return units[unit] === many ? (folds.get(unit) ?? '') : null;
}

/** The folded text as UTF-16 units; a view of a buffer of its own. */
export function foldUnits(text: string): Uint16Array {
  const known = prepared();
  const { units } = known;
  // Holds what is folded and, one unit each, what is left of the text.
  let folded = new Uint16Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const one = units[unit] ?? 0;
    const isPair = unit >= 0xd800 && unit < 0xdc00;
    const fold = one === many || isPair ? foldOf(known, text, at) : null;
    if (fold === null) {
      folded[length++] = one;
      continue;
    }
    if (length + fold.length + text.length - at > folded.length) folded = widened(folded);
    for (let each = 0; each < fold.length; each += 1) folded[length++] = fold.charCodeAt(each);
    if (isPair) at += 1;
  }
  return folded.subarray(0, length);
}

/** The folded text. Of a lone surrogate nothing is found, and none is in a record. */
export function foldText(text: string): string {
  return decoder.decode(foldUnits(text));
}

/**
 * Where a stretch of the folded text stands in the original one, by whole characters.
 *
 * @param start in `foldText(text)`; `end` exclusive, after it
 */
export function originalSpan(
  text: string,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  const known = prepared();
  let folded = 0;
  let from = -1;
  for (let at = 0; at < text.length;) {
    const fold = foldOf(known, text, at);
    const unit = text.charCodeAt(at);
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (text.codePointAt(at) ?? 0) > 0xffff;
    const next = at + (isPair && fold !== null ? 2 : 1);
    folded += fold === null ? 1 : fold.length;
    if (from < 0 && folded > start) from = at;
    if (folded >= end) return { start: from, end: wholeEnd(text, next) };
    at = next;
  }
  return { start: Math.max(0, from), end: text.length };
}

/** Not in the middle of a surrogate pair. */
function wholeEnd(text: string, end: number): number {
  const before = text.charCodeAt(end - 1);
  const after = text.charCodeAt(end);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000 ? end + 1 : end;
}

/** By more than any code point is folded to. */
function widened(units: Uint16Array): Uint16Array<ArrayBuffer> {
  const wider = new Uint16Array(2 * units.length + 64);
  wider.set(units);
  return wider;
}
