/**
 * A draft as its words are read: without marks of Markdown, characters of no width, and blanks between Han
 * characters (**0.5**g, 布 洛 芬), none of which a reader sees or minds. Each unit knows where it stands.
 */
import { fold } from '../deidentify/fold';

export interface PlainView {
  readonly text: string;
  /** The same stretch in the original, UTF-16 units, end exclusive; at least one unit. */
  original(start: number, end: number): { readonly start: number; readonly end: number };
}

const unseen = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/;
const han = /[\u3400-\u9fff]/;
const digit = /[0-9]/;

export function plainView(original: string): PlainView {
  // One unit for one, so places are the original's.
  const folded = fold(original);
  const places: number[] = [];
  let text = '';
  for (let at = 0; at < folded.length; at++) {
    if (unseen.test(original[at] as string)) continue;
    const char = folded[at] as string;
    const [before, after] = [text.at(-1) ?? '', folded[at + 1] ?? ''];
    if (char === '_' || char === '`') continue;
    // 0.2*21 is a dose and how many there are.
    if (char === '*' && !(digit.test(before) && digit.test(after))) continue;
    if (char === ' ' && han.test(before) && han.test(after)) continue;
    text += char;
    places.push(at);
  }
  return {
    text,
    original: (start, end) => ({
      start: places[start] ?? original.length,
      end: (places[end - 1] ?? original.length - 1) + 1,
    }),
  };
}
