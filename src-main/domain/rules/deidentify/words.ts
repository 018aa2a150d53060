/** Patterns made of word lists. */

/** The words as alternatives, longest first, so that the longest one matches. */
export function anyOf(words: Iterable<string>): string {
  return [...words]
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('|');
}

/** Asks for the longest word of a list that ends or begins at a place, in constant time. */
export class WordSet {
  readonly #words: ReadonlySet<string>;
  readonly #longest: number;

  constructor(words: Iterable<string>) {
    this.#words = new Set(words);
    this.#longest = Math.max(0, ...[...this.#words].map(({ length }) => length));
  }

  has(word: string): boolean {
    return this.#words.has(word);
  }

  /** Length of the longest word that ends at `end`; 0 if there is none. */
  endingAt(text: string, end: number): number {
    for (let length = Math.min(this.#longest, end); length > 0; length--)
      if (this.#words.has(text.slice(end - length, end))) return length;
    return 0;
  }

  /** Length of the longest word that begins at `start`; 0 if there is none. */
  startingAt(text: string, start: number): number {
    for (let length = Math.min(this.#longest, text.length - start); length > 0; length--)
      if (this.#words.has(text.slice(start, start + length))) return length;
    return 0;
  }
}

/** Every match of a global pattern, without the array of all of them. */
export function* matches(pattern: RegExp, text: string): Generator<RegExpExecArray> {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    if (match[0] === '') pattern.lastIndex++;
    // A caller may use the pattern again before it asks for the next match.
    const next = pattern.lastIndex;
    yield match;
    pattern.lastIndex = next;
  }
}

/** What a sticky pattern matches at a place, or null. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
