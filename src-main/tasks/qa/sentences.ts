/** A record in sentences: what is searched, quoted and cited. */
import type { Section } from '../../domain/contract/section';

export interface Sentence {
  /** UTF-16 units of the record, end exclusive; without white space around. */
  readonly start: number;
  readonly end: number;
  /** Canonical name of the section that it stands in. */
  readonly section: string | null;
}

/** Longer ones are cut at commas, then anywhere: a quotation is to be read at a glance. */
const longest = 160;

/** In the order of the text; every character that is not white space is in exactly one. */
export function sentencesOf(text: string, sections: readonly Section[]): Sentence[] {
  const sentences: Sentence[] = [];
  const ordered = [...sections].sort((one, other) => one.start - other.start);
  // Places come in their order, so the section that one stands in is never before the last one's.
  let current = 0;
  const sectionOf = (place: number): string | null => {
    while ((ordered[current + 1]?.start ?? Infinity) <= place) current++;
    const section = ordered[current];
    return section && section.start <= place && place < section.end ? section.name : null;
  };
  const borders = new Set(sections.flatMap(({ start }) => [start]));
  let from = 0;
  const close = (to: number): void => {
    for (const { start, end } of parts(text, from, to)) {
      sentences.push({ start, end, section: sectionOf(start) });
    }
    from = to;
  };
  for (let at = 0; at < text.length; at++) {
    if (borders.has(at)) close(at);
    if ('。！？!?；;\n\r'.includes(text[at] as string)) {
      // What ends with it: 高血压病2级？； and “……入院。”
      while (!borders.has(at + 1) && '。！？!?；;”’」』'.includes(text[at + 1] ?? ' ')) at++;
      close(at + 1);
    }
  }
  close(text.length);
  return sentences;
}

function parts(text: string, from: number, to: number): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  let start = from;
  while (start < to) {
    let end = to;
    if (end - start > longest) {
      const comma = Math.max(
        ...[...'，,、：: '].map((mark) => text.lastIndexOf(mark, start + longest - 1)),
      );
      end = comma > start + longest / 4 ? comma + 1 : start + longest;
      if (isLowSurrogate(text.charCodeAt(end))) end--;
    }
    const trimmed = trim(text, start, end);
    if (trimmed) found.push(trimmed);
    start = end;
  }
  return found;
}

function trim(text: string, start: number, end: number): { start: number; end: number } | null {
  while (start < end && (text[start] as string).trim() === '') start++;
  while (end > start && (text[end - 1] as string).trim() === '') end--;
  return start < end ? { start, end } : null;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
