/**
 * Text that cannot lie about itself: control and bidirectional characters are shown as small
 * labels instead of being obeyed, because a reordered dose would read as another dose
 * (Boucher and Anderson 2021, "Trojan Source").
 */

export type TextPiece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'control';
      /** For example `U+202E`. */
      readonly label: string;
      /** How many of the same stand in a row. */
      readonly count: number;
      /** UTF-16 units that they take in the text. */
      readonly units: number;
    };

// Tab, line feed and carriage return (before a line feed) keep their meaning; everything else of
// the classes Cc and Cf, line and paragraph separators, and lone surrogates are made visible.
// ZWJ and ZWNJ (U+200C, U+200D) join emoji and some scripts and cannot reorder anything.
const invisible = /((?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029])\1*/gu;

/** Splits a stretch of the original text into what is shown as it is and what is labelled. */
export function visiblePieces(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let at = 0;
  for (const match of text.matchAll(invisible)) {
    const first = match[1] ?? '';
    const end = match.index + match[0].length;
    // A Windows line end is one line end, not an odd character.
    if (match[0] === '\r' && (end === text.length || text[end] === '\n')) continue;
    if (match.index > at) pieces.push({ kind: 'text', text: text.slice(at, match.index) });
    const point = first.codePointAt(0) ?? 0;
    pieces.push({
      kind: 'control',
      label: `U+${point.toString(16).toUpperCase().padStart(4, '0')}`,
      count: match[0].length / first.length,
      units: match[0].length,
    });
    at = end;
  }
  if (at < text.length) pieces.push({ kind: 'text', text: text.slice(at) });
  return pieces;
}

/** One line for titles and labels: odd characters are left out, white space is one space. */
export function singleLine(text: string): string {
  return partOfLine(text).trim();
}

/** The same of what other parts stand beside. */
export function partOfLine(text: string): string {
  return text
    .replace(/(?![\s\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .replace(/[\s\u2028\u2029]+/gu, ' ');
}
