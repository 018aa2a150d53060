/** A window that is being copied: where the copy stands, what may come next, and what comes of it. */
import type { MarkedAttribute } from '../../domain/contract/model-card';
import type { Ask, Sequence, Token } from '../../engine/language-model';
import type { SourceText } from './source-text';
import type { CharMention } from './strategy';

/**
 * What no mention goes across. Of 15,042 mentions of cEHRNER's training part six do, and most of those
 * join what are two diagnoses; a mention that is left open swallows half a paragraph.
 */
const mentionBorders = new Set([
  ...['。', '；', ';', '！', '!', '｡'],
  ...['\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029'],
]);

/** Tokens that open, close and qualify a mention. */
export interface Marks {
  readonly types: readonly string[];
  readonly open: readonly Token[];
  readonly close: Token;
  readonly attributes: readonly { readonly attribute: MarkedAttribute; readonly token: Token }[];
}

/** What is copied. */
export interface CopiedText {
  readonly tokens: readonly Token[];
  /** For each token: the code point it begins, or -1 inside a character. */
  readonly begins: readonly number[];
  /** The code point after the last one. */
  readonly end: number;
  readonly source: SourceText;
  readonly marks: Marks;
  readonly acrossSentences: boolean;
}

/** A mention that is complete but for its attributes. */
interface Closed {
  readonly mention: CharMention;
  readonly attributes: readonly MarkedAttribute[];
  /** Attribute marks that may still follow, by place in `Marks.attributes`. */
  readonly next: number;
}

/** The closing mark's place among the candidates inside a mention; the source token's is 0 everywhere. */
export const closing = 1;

export class CopyState {
  readonly #text: CopiedText;
  /** Next source token to copy. */
  #next = 0;
  /** Tokens that the sequence holds before the last one that was taken, and most that it can hold. */
  #length: number;
  readonly #capacity: number;
  #open: { readonly type: string; readonly start: number; readonly logP: number } | null = null;
  #closed: Closed | null = null;
  /** Attributes of the mention that was given out last. */
  #before: readonly MarkedAttribute[] = [];

  constructor(text: CopiedText, { length, capacity }: Pick<Sequence, 'length' | 'capacity'>) {
    this.#text = text;
    this.#length = length;
    this.#capacity = capacity;
  }

  /** Another one that goes on from here by itself. */
  clone(): CopyState {
    const other = new CopyState(this.#text, { length: this.#length, capacity: this.#capacity });
    other.#next = this.#next;
    other.#open = this.#open;
    other.#closed = this.#closed;
    other.#before = this.#before;
    return other;
  }

  /** Whether the whole text is copied. */
  get isDone(): boolean {
    return this.#next >= this.#text.tokens.length;
  }

  /** The source token that is copied next. */
  get sourceToken(): Token {
    return this.#text.tokens[this.#next] as Token;
  }

  /** The code point before which it stands; -1 inside a character. */
  get place(): number {
    return this.#text.begins[this.#next] as number;
  }

  /** The mention that is open. */
  get open(): { readonly type: string; readonly start: number } | null {
    return this.#open;
  }

  /** The mention that was closed just now, while nothing was said of it. */
  get unqualified(): {
    readonly type: string;
    readonly start: number;
    readonly end: number;
  } | null {
    return this.#closed?.attributes.length === 0 ? this.#closed.mention : null;
  }

  get attributesBefore(): readonly MarkedAttribute[] {
    return this.#before;
  }

  /** Whether what is open ends here whatever the model says. */
  get mustClose(): boolean {
    return this.#open !== null && !this.#text.acrossSentences && this.#endsSentence(this.place);
  }

  /** What to ask before the next source token; null where it is forced. */
  ask(): Ask | null {
    const { source, marks, tokens } = this.#text;
    const place = this.place;
    if (place < 0) return null;
    const token = this.sourceToken;
    if (this.#open) {
      // An empty mention is impossible: the first character inside is forced.
      if (place === this.#open.start || token === marks.close) return null;
      return { candidates: [token, marks.close] };
    }
    // Room for the rest of the copy with all the marks of one more mention must remain.
    const left = tokens.length - this.#next;
    if (this.#length + left + 3 + marks.attributes.length > this.#capacity) return null;
    // No mention begins with white space or the end of a sentence.
    const opens = (source.chars[place] as string).trim() !== '' && !this.#endsSentence(place);
    const allowed = [...(opens ? marks.open : []), ...this.attributeMarks()];
    // A source character that is written like a mark is that character, not the mark.
    const candidates = [token, ...allowed.filter((mark) => mark !== token)];
    return candidates.length > 1 ? { candidates, unlessLikeliest: token } : null;
  }

  /**
   * Goes on with what was chosen.
   * @param best its place among the candidates of `ask`; 0 where nothing was asked
   * @param logP natural logarithm of its probability among them
   * @returns the mention that is complete with it, if one is
   */
  take(ask: Ask | null, best: number, logP: number): CharMention | null {
    this.#length++;
    if (!ask || best === 0) {
      if (this.#open && ask) this.#open = { ...this.#open, logP: this.#open.logP + logP };
      this.#next++;
      return this.release();
    }
    const { marks } = this.#text;
    const token = ask.candidates[best] as Token;
    const type = marks.open.indexOf(token);
    if (this.#open) {
      this.#open = { ...this.#open, logP: this.#open.logP + logP };
      this.#close(this.place);
    } else if (type >= 0) {
      const released = this.release();
      this.#open = { type: marks.types[type] as string, start: this.place, logP };
      return released;
    } else {
      this.qualify(token);
    }
    return null;
  }

  /** Closes what is open at the end of the text. */
  closeAtEnd(): void {
    if (this.#open) this.#close(this.#text.end);
  }

  /** Attribute marks that may follow now. */
  attributeMarks(): Token[] {
    if (!this.#closed) return [];
    return this.#text.marks.attributes.slice(this.#closed.next).map(({ token }) => token);
  }

  /** Takes an attribute mark of the mention that was closed just now. */
  qualify(mark: Token): void {
    const { mention, attributes } = this.#closed as Closed;
    const known = this.#text.marks.attributes;
    const at = known.findIndex(({ token }) => token === mark);
    const { attribute } = known[at] as Marks['attributes'][number];
    this.#closed = { mention, attributes: [...attributes, attribute], next: at + 1 };
  }

  /** Gives out the mention that was closed just now; nothing more can be said of it. */
  release(): CharMention | null {
    const closed = this.#closed;
    if (!closed) return null;
    this.#closed = null;
    this.#before = closed.attributes;
    return { ...closed.mention, attributes: closed.attributes };
  }

  #close(end: number): void {
    const { type, start, logP } = this.#open as { type: string; start: number; logP: number };
    this.#open = null;
    const { chars } = this.#text.source;
    // It begins with a character, so something is left.
    while ((chars[end - 1] as string).trim() === '') end--;
    const mention = { type, start, end, confidence: Math.exp(logP) };
    this.#closed = { mention, attributes: [], next: 0 };
  }

  /** In the original or as the model reads it: a half-width ｡ is 。 to the model. */
  #endsSentence(place: number): boolean {
    const { original, offsets, chars } = this.#text.source;
    return (
      mentionBorders.has(original[offsets[place] as number] as string) ||
      mentionBorders.has(chars[place] as string)
    );
  }
}
