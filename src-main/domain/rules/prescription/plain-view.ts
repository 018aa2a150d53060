/**
 * A draft as its words are read: without marks of Markdown, characters of no width, and blanks between Han
 * characters (**0.5**g, 布 洛 芬), none of which a reader sees or minds. Each unit knows where it stands.
 */
import { fold, isDigit, stringOf } from '../deidentify/fold';

export interface PlainView {
  readonly text: string;
  /** The same stretch in the original, UTF-16 units, end exclusive; at least one unit. */
  original(start: number, end: number): { readonly start: number; readonly end: number };
}

const unseen = new Set([
  0xad,
  0xfeff,
  ...range(0x200b, 0x200f),
  ...range(0x202a, 0x202e),
  ...range(0x2060, 0x2064),
]);
const [star, blank, underscore, backtick] = [0x2a, 0x20, 0x5f, 0x60];

export function plainView(original: string): PlainView {
  // One unit for one, so places are the original's.
  const folded = fold(original);
  const places: number[] = [];
  const units: number[] = [];
  for (let at = 0; at < folded.length; at++) {
    if (unseen.has(original.charCodeAt(at))) continue;
    const unit = folded.charCodeAt(at);
    const [before, after] = [units.at(-1) ?? 0, folded.charCodeAt(at + 1)];
    if (unit === underscore || unit === backtick) continue;
    // 0.2*21 is a dose and how many there are.
    if (unit === star && !(isDigit(before) && isDigit(after))) continue;
    if (unit === blank && isHan(before) && isHan(after)) continue;
    units.push(unit);
    places.push(at);
  }
  const text = stringOf(units);
  return {
    text,
    original: (start, end) => ({
      start: places[start] ?? original.length,
      end: (places[end - 1] ?? original.length - 1) + 1,
    }),
  };
}

function isHan(unit: number): boolean {
  return unit >= 0x3400 && unit <= 0x9fff;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
