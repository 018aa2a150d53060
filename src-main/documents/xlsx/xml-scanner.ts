/**
 * Reads XML as it comes, piece by piece, in memory that does not grow with the file. It knows what Office
 * Open XML uses, and refuses document types: entities defined by a file can unfold without end.
 */
import { AppError } from '../../domain/contract/errors';
import { unsafe } from '../zip/bounded-zip';

export interface XmlHandler {
  /** @param name without its prefix  @param raw the tag's inside, for `attributeOf` */
  open(name: string, raw: string): void;
  close(name: string): void;
  /** Decoded; one text may come in several pieces. */
  text(piece: string): void;
}

const maxDepth = 256;
/** UTF-16 units of one tag, or of a comment. */
const maxTagChars = 1_000_000;
/** The longest is a numeric reference. */
const maxEntityChars = 12;

const named: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

export class XmlScanner {
  readonly #handler: XmlHandler;
  #rest = '';
  #depth = 0;
  #seenRoot = false;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** @throws AppError `DOCUMENT_DAMAGED`, `DOCUMENT_UNSAFE` */
  feed(piece: string): void {
    const all = this.#rest + piece;
    let at = 0;
    while (at < all.length) {
      const tag = all.indexOf('<', at);
      if (tag !== at) {
        const end = tag < 0 ? textEnd(all, at) : tag;
        if (end > at) this.#text(all.slice(at, end));
        at = end;
        if (tag < 0) break;
      }
      const next = this.#markup(all, at);
      if (next === null) break;
      at = next;
    }
    this.#rest = all.slice(at);
    if (this.#rest.length > maxTagChars) throw unsafe('size');
  }

  /** Nothing follows. @throws AppError `DOCUMENT_DAMAGED` where something is missing */
  end(): void {
    if (this.#depth !== 0 || !this.#seenRoot || this.#rest.trim() !== '') throw damaged();
  }

  /** @returns where the markup ends, or null where it does not end in this piece */
  #markup(all: string, at: number): number | null {
    const second = all[at + 1];
    if (second === undefined) return null;
    if (second === '?') return after(all, '?>', at + 2);
    if (second === '!') return this.#declaration(all, at);
    const end = tagEnd(all, at + 1);
    if (end === null) return null;
    if (second === '/') {
      if (--this.#depth < 0) throw damaged();
      this.#handler.close(localName(all, at + 2, end));
      return end + 1;
    }
    this.#seenRoot = true;
    const isEmpty = all[end - 1] === '/';
    const name = localName(all, at + 1, isEmpty ? end - 1 : end);
    if (name === '') throw damaged();
    this.#handler.open(name, all.slice(at + 1, end));
    if (isEmpty) this.#handler.close(name);
    else if (++this.#depth > maxDepth) throw unsafe('depth');
    return end + 1;
  }

  #declaration(all: string, at: number): number | null {
    if (all.startsWith('<!--', at)) return after(all, '-->', at + 4);
    if (all.startsWith('<![CDATA[', at)) {
      const end = after(all, ']]>', at + 9);
      if (end !== null && this.#depth > 0) this.#handler.text(newlines(all.slice(at + 9, end - 3)));
      return end;
    }
    // It may go on in the next piece.
    if (all.length - at < 9 && '<![CDATA['.startsWith(all.slice(at))) return null;
    if (all.length - at < 4 && '<!--'.startsWith(all.slice(at))) return null;
    throw unsafe('entities');
  }

  #text(raw: string): void {
    if (this.#depth > 0) this.#handler.text(newlines(decodeEntities(raw)));
    else if (raw.trim() !== '' && raw !== '\uFEFF') throw damaged();
  }
}

/** The value of an attribute by its full name, such as `r` or `r:id`; undefined where absent. */
export function attributeOf(raw: string, name: string): string | undefined {
  for (let at = raw.indexOf(name); at >= 0; at = raw.indexOf(name, at + 1)) {
    if (!/\s/.test(raw[at - 1] ?? '')) continue;
    const rest = /^\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(raw.slice(at + name.length));
    if (rest) return decodeEntities(rest[1] ?? rest[2] ?? '');
  }
  return undefined;
}

/** Where text that nothing closes yet can be cut: not in an entity, a pair, or a line end. */
function textEnd(all: string, from: number): number {
  const amp = all.lastIndexOf('&');
  if (amp >= from && all.length - amp < maxEntityChars && !all.includes(';', amp)) return amp;
  return all.endsWith('\r') ? all.length - 1 : all.length;
}

function tagEnd(all: string, from: number): number | null {
  let at = from;
  for (;;) {
    const end = all.indexOf('>', at);
    if (end < 0) return null;
    // A quoted value may hold '>'.
    const quote = openQuote(all, from, end);
    if (quote === null) return end;
    const closing = all.indexOf(quote, end);
    if (closing < 0) return null;
    at = closing + 1;
  }
}

function openQuote(all: string, from: number, end: number): string | null {
  let open: string | null = null;
  for (let i = from; i < end; i++) {
    const char = all[i];
    if (open === null) {
      if (char === '"' || char === "'") open = char;
    } else if (char === open) open = null;
  }
  return open;
}

function localName(all: string, from: number, end: number): string {
  let start = from;
  let stop = from;
  for (; stop < end; stop++) {
    const code = all.charCodeAt(stop);
    if (code === 0x3a) start = stop + 1;
    else if (code <= 0x20 || code === 0x2f) break;
  }
  return all.slice(start, stop);
}

function after(all: string, mark: string, from: number): number | null {
  const found = all.indexOf(mark, from);
  return found < 0 ? null : found + mark.length;
}

function newlines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&\s]{0,10});?/g, (whole, name: string) => {
    const known = named[name];
    if (known !== undefined && whole.endsWith(';')) return known;
    const number = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name);
    const code = number ? parseInt(number[1] ?? number[2] ?? '', number[1] ? 16 : 10) : NaN;
    if (!whole.endsWith(';') || !(code > 0 && code <= 0x10ffff)) throw unsafe('entities');
    return String.fromCodePoint(code);
  });
}

function damaged(): AppError {
  return new AppError('DOCUMENT_DAMAGED');
}
