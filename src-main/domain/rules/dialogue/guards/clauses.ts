/** A text in clauses, each between two marks such as ，。？, with the sentence that it is a part of. */

export interface Clause {
  /** UTF-16 units of the text, end exclusive and before its mark. */
  readonly start: number;
  readonly end: number;
  /** The mark that ends it; empty at the end of the text. */
  readonly mark: string;
  /** Which sentence of the text it stands in, from 0 on. */
  readonly sentence: number;
}

const within = '，,；;：:';
const between = '。！!？?\n';
/** A longer stretch without a mark is read in parts, so that reading stays linear whatever is written. */
const longest = 120;

/** @param text as a plain view gives it: its width folded, so half-width marks stand for both. */
export function clausesOf(text: string): Clause[] {
  const clauses: Clause[] = [];
  let sentence = 0;
  let start = 0;
  const close = (end: number, mark: string): void => {
    if (end > start) clauses.push({ start, end, mark, sentence });
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const ends = between.includes(char) || (char === '.' && !isDigit(text[at + 1]));
    if (ends || within.includes(char)) {
      close(at, char);
      start = at + 1;
      if (ends) sentence++;
    } else if (at - start >= longest) {
      close(at, '');
      start = at;
    }
  }
  close(text.length, '');
  return clauses;
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}
