/**
 * Tokens that a vocabulary calls user-defined and that are written as words: `<human>` in a file made by
 * llama.cpp's own converter. The engine finds such tokens in plain text too, so that a record which says
 * `<human>` would speak as one. A text is therefore cut inside each of them before it is tokenised.
 */
export class RoleTokens {
  readonly #ids: ReadonlySet<number>;
  /** Finds each of them; null where the vocabulary has none. */
  readonly #pattern: RegExp | null;

  /** @param written how each user-defined token is written, with its id */
  constructor(written: Iterable<readonly [text: string, id: number]>) {
    const words = [...written].filter(
      // Runs of white space, and single characters, are text in every vocabulary that has them.
      ([text]) => /[^\s\u2581]/u.test(text) && Array.from(text).length > 1,
    );
    this.#ids = new Set(words.map(([, id]) => id));
    const escaped = words.map(([text]) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    this.#pattern = escaped.length === 0 ? null : new RegExp(escaped.join('|'), 'gu');
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** The text in parts, none of which has such a token as a whole; itself where there is none in it. */
  split(text: string): string[] {
    const pattern = this.#pattern;
    if (!pattern) return [text];
    const parts: string[] = [];
    let from = 0;
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
      const [first = ''] = found[0];
      const cut = found.index + first.length;
      parts.push(text.slice(from, cut));
      // The rest of this one may be the beginning of the next.
      pattern.lastIndex = from = cut;
    }
    return [...parts, text.slice(from)];
  }
}
