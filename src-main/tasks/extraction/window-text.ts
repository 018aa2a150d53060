/**
 * A window as its values are read out of it, one code point after the other, from any place.
 *
 * A line break inside a word is passed over, as if it were not there: one break between two Han characters,
 * or any breaks in a field that quotes whole paragraphs. Nothing goes across the beginning of a section.
 *
 * Nothing here grows with the text but an index by first character, which is made once a window: a value
 * is followed through the places where it stands, and these only become fewer.
 */
import { isHan, isLineEnd, type SourceText } from './source-text';
import type { Window } from './windows';

/** Where a value began, and where it goes on. */
export interface Place {
  readonly begins: number;
  /** One past the last code point that was read. */
  readonly at: number;
}

/** How values of one kind are read. */
export interface Reading {
  /** Characters that end them. */
  readonly forbidden: ReadonlySet<string>;
  /** Whether they go on over line breaks of every kind. */
  readonly acrossLines: boolean;
}

export class WindowText {
  readonly chars: readonly string[];
  readonly #first = new Map<string, number[]>();
  /** Places whose next character is beyond a line break: one break between Han characters, or any. */
  readonly #beyondOne = new Map<number, number>();
  readonly #beyondAll = new Map<number, number>();
  /** White space in which a line breaks. */
  readonly #broken = new Set<number>();

  /** @param borders code points of the source text at which a section begins */
  constructor(source: SourceText, { start, end }: Window, borders: readonly number[] = []) {
    this.chars = source.chars.slice(start, end);
    this.chars.forEach((char, at) => {
      if (char.trim() === '') return;
      const places = this.#first.get(char);
      if (places) places.push(at);
      else this.#first.set(char, [at]);
    });
    const inner = new Set(borders.map((border) => border - start));
    this.#findBreaks(source, start, inner);
  }

  /** Distinct characters with which a value can begin. */
  get firstChars(): IterableIterator<string> {
    return this.#first.keys();
  }

  startsOf(char: string): readonly number[] {
    return this.#first.get(char) ?? [];
  }

  /** Where the next character to be read stands; -1 where nothing goes on. */
  readable(at: number, { forbidden, acrossLines }: Reading): number {
    const beyond = this.#beyondOne.get(at) ?? (acrossLines ? this.#beyondAll.get(at) : undefined);
    const next = beyond ?? at;
    const char = this.chars[next];
    if (char === undefined || this.#broken.has(next) || forbidden.has(char)) return -1;
    return next;
  }

  /** Reads characters on from a place; -1 where others stand. */
  read(at: number, chars: readonly string[], reading: Reading): number {
    for (const char of chars) {
      const next = this.readable(at, reading);
      if (next < 0 || this.chars[next] !== char) return -1;
      at = next + 1;
    }
    return at;
  }

  /** End of a value without the white space at its end. */
  trimmedEnd({ begins, at }: Place): number {
    while (at > begins && (this.chars[at - 1] as string).trim() === '') at--;
    return at;
  }

  #findBreaks(source: SourceText, start: number, borders: ReadonlySet<number>): void {
    const { chars } = this;
    const original = (at: number): string =>
      source.original[source.offsets[start + at] as number] as string;
    for (let at = 0; at < chars.length; at++) {
      if (borders.has(at)) this.#broken.add(at);
      if ((chars[at] as string).trim() !== '') continue;
      let end = at;
      let breaks = 0;
      for (; end < chars.length && (chars[end] as string).trim() === ''; end++) {
        const isSecond = original(end) === '\n' && end > at && original(end - 1) === '\r';
        if (isLineEnd(source, start + end) && !isSecond) breaks++;
      }
      if (breaks > 0) {
        for (let i = at; i < end; i++) this.#broken.add(i);
        if (end < chars.length && at > 0 && !borders.has(end)) {
          const within = isHan(chars[at - 1]) && isHan(chars[end]);
          if (breaks === 1 && within) this.#beyondOne.set(at, end);
          this.#beyondAll.set(at, end);
        }
      }
      at = end - 1;
    }
  }
}
