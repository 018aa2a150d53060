/**
 * Sections of a Chinese record (主诉, 现病史, ...), by lexicon (`resources/lexicons/sections.json`) and layout.
 *
 * A heading stands at the beginning of a line, alone, in brackets, before a colon or before a gap; or
 * within a line behind the end of a clause, and then before a colon or in brackets. It may be numbered, be
 * written in traditional characters or full width, and have spaces between its characters.
 */
import lexicon from '../../../resources/lexicons/sections.json' with { type: 'json' };
import simplified from '../../../resources/lexicons/simplified.json' with { type: 'json' };
import type { Section } from '../contract/section';

const canonical = new Map<string, string>();
for (const [name, aliases] of Object.entries(lexicon)) {
  for (const written of [name, ...aliases]) canonical.set(written, name);
}

/** What sections are called. */
export const sectionNames: readonly string[] = Object.keys(lexicon);

const simplifiedOf = new Map(
  Array.from(simplified.traditional, (char, i) => [char, simplified.simplified[i] as string]),
);

/** Characters and signs that only a heading is written with. */
const number = '(?:[(（]?(?:[一二三四五六七八九十]{1,3}|\\d{1,2})(?:[、.．)）]+))?';
const opening = '(?<open>[【\\[〖《<#*]*)';
const names = [...canonical.keys()]
  .sort((a, b) => b.length - a.length)
  .map((name) => name.replace(/[()]/g, '\\$&'))
  .join('|');
const closing = '(?<close>[】\\]〗》>*]*)';
const heading = new RegExp(
  `${number}${opening}${number}(?<name>${names})${closing}(?<colon>:?)`,
  'g',
);

export function findSections(text: string): Section[] {
  const folded = fold(text);
  const found: { name: string; start: number; body: number }[] = [];
  heading.lastIndex = 0;
  for (let match = heading.exec(folded.text); match; match = heading.exec(folded.text)) {
    const { name, open, close, colon } = match.groups as Record<string, string>;
    const at = match.index;
    const end = at + match[0].length;
    const [previous, next] = [folded.text[at - 1], folded.text[end]];
    const isLineStart = previous === undefined || previous === '\n';
    const isClauseStart = /[。;!?,、|]/.test(previous ?? '') || folded.gapBefore.has(at);
    const isBracketed = open !== '' && close !== '';
    const isAlone = next === undefined || next === '\n';
    const isGap = folded.gapBefore.has(end);
    const isHeading = isLineStart
      ? colon !== '' || isBracketed || isAlone || (isGap && (name as string).length > 1)
      : (colon !== '' && (isClauseStart || isBracketed)) ||
        (isBracketed && /[【〖]/.test(open as string));
    heading.lastIndex = isHeading ? end : at + 1;
    if (!isHeading) continue;
    found.push({
      name: canonical.get(name as string) as string,
      start: folded.offsets[at] as number,
      body: (folded.offsets[end - 1] as number) + (folded.lengths[end - 1] as number),
    });
  }
  return found.map((section, i): Section => {
    const end = found[i + 1]?.start ?? text.length;
    let { body } = section;
    while (body < end && (text[body] as string).trim() === '') body++;
    return { name: section.name, start: section.start, end, body };
  });
}

/** The section that a place stands in. */
export function sectionAt(sections: readonly Section[], offset: number): Section | undefined {
  return sections.find(({ start, end }) => start <= offset && offset < end);
}

interface Folded {
  readonly text: string;
  /** Of each character of the folded text: where it stands and how long it is in the original. */
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  /** Characters of the folded text before which white space was left out; its end counts as one. */
  readonly gapBefore: ReadonlySet<number>;
}

const lineBreaks = new Set('\n\r\v\f\u0085\u2028\u2029');

/** In half width and simplified; null for white space. */
function foldChar(char: string): string | null {
  if (lineBreaks.has(char)) return '\n';
  if (char.trim() === '') return null;
  const wide = char.normalize('NFKC');
  const one = wide.length === 1 ? wide : char;
  const plain = one === '；' ? ';' : (simplifiedOf.get(one) ?? one);
  // A pair of surrogates is in no name of a section.
  return plain.length > 1 ? '\uffff' : plain;
}

/** Without spaces, in half width and simplified characters; line breaks are `\n`. */
function fold(text: string): Folded {
  let folded = '';
  const offsets: number[] = [];
  const lengths: number[] = [];
  const gapBefore = new Set<number>();
  const known = new Map<string, string | null>();
  let offset = 0;
  for (const char of text) {
    const at = offset;
    offset += char.length;
    let one = known.get(char);
    if (one === undefined) known.set(char, (one = foldChar(char)));
    if (one === null) {
      gapBefore.add(folded.length);
      continue;
    }
    folded += one;
    offsets.push(at);
    lengths.push(char.length);
  }
  return { text: folded, offsets, lengths, gapBefore };
}
