/** Ends a stream of text at the first of some texts, and holds back what may still become one. */
export class StopWatcher {
  readonly #stops: readonly string[];
  #held = '';
  #stopped = false;

  /** @param stops none of them empty */
  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** @returns what can be shown now */
  push(piece: string): string {
    if (this.#stopped) return '';
    this.#held += piece;
    const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.#stopped = true;
      return this.#take(Math.min(...found));
    }
    return this.#take(this.#held.length - this.#beginning());
  }

  /** The text has ended: what only began like a stop is text. */
  end(): string {
    return this.#stopped ? '' : this.#take(this.#held.length);
  }

  /** Length of the longest end of what is held that begins one of the stops. */
  #beginning(): number {
    const longest = Math.max(0, ...this.#stops.map(({ length }) => length - 1));
    for (let length = Math.min(longest, this.#held.length); length > 0; length--) {
      const tail = this.#held.slice(-length);
      if (this.#stops.some((stop) => stop.startsWith(tail))) return length;
    }
    return 0;
  }

  #take(length: number): string {
    const text = this.#held.slice(0, length);
    this.#held = this.#stopped ? '' : this.#held.slice(length);
    return text;
  }
}

/**
 * What a model of a plain-text format writes when it goes on in the other's name.
 * @param pieces of the format, from the end of an answer to the next question
 */
export function stopsOf(pieces: readonly ({ text: string } | { token: string })[]): string[] {
  const words = pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
  const name = words.trim();
  return name === '' ? [] : [name];
}
