/**
 * A first look through a csv file: its hash, and the encoding that all of it is in. A guess from its
 * beginning would be wrong for a file whose first Chinese word comes after a megabyte of numbers.
 *
 * No byte of a character in UTF-8 or GB18030 is a line end, so each line can be judged by itself, and a
 * file that was put together from two systems is found out instead of being read as other characters.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { AppError } from '../../domain/contract/errors';
import type { TextEncodingName } from '../../domain/contract/record';
import { isBinaryFormat } from '../binary-formats';
import { looksLikeShortGb, strictGb18030 } from '../decode-text';
import { damagedUtf8 } from '../utf8-damage';
import { guessUtf16 } from '../utf16-shape';

export interface CsvSurvey {
  readonly encoding: TextEncodingName;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly fileSha256: string;
  readonly bytes: number;
  /** A line of UTF-8 is damaged; what cannot be read of it becomes U+FFFD. */
  readonly replaced: boolean;
}

const lineFeed = 0x0a;
const bigLineBytes = 16_000_000;

/**
 * @param pieces the file's bytes in order
 * @throws AppError `FILE_EMPTY`, `FILE_NOT_TEXT`, `ENCODING_UNKNOWN`, `ENCODING_MIXED` (line),
 *   `TABLE_DAMAGED` for a line that is too long to be one
 */
export async function surveyCsv(pieces: AsyncIterable<Buffer>): Promise<CsvSurvey> {
  const hash = createHash('sha256');
  const lines = new LineJudge();
  let bytes = 0;
  let marked: TextEncodingName | null = null;
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    hash.update(piece);
    if (bytes === 0) {
      if (isBinaryFormat(piece)) throw new AppError('FILE_NOT_TEXT');
      marked = encodingOfStart(piece);
    }
    bytes += piece.length;
    if (marked !== null) continue;
    const all = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    const end = all.lastIndexOf(lineFeed) + 1;
    lines.judge(all.subarray(0, end));
    rest = Buffer.from(all.subarray(end));
    if (rest.length > bigLineBytes) throw new AppError('TABLE_DAMAGED');
  }
  if (bytes === 0) throw new AppError('FILE_EMPTY');
  lines.judge(rest);
  const encoding = marked ?? lines.verdict();
  return { encoding, fileSha256: hash.digest('hex'), bytes, replaced: lines.isDamaged };
}

function encodingOfStart(start: Buffer): TextEncodingName | null {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return 'utf-8';
  const sample = start.subarray(0, 65_536 - 2);
  const even = sample.subarray(0, sample.length - (sample.length % 2));
  // Pure ASCII looks like UTF-16; what is text without NULs is never taken for it.
  return isUtf8(even) && !even.includes(0) ? null : guessUtf16(even);
}

/** Characters of three or four bytes in one line; bytes of GB18030 form that many by chance never. */
const sureWide = 4;

/** Counts lines that can only be one encoding or the other. */
class LineJudge {
  #line = 0;
  #utf8 = 0;
  #other = 0;
  #shortGb = 0;
  /** First line that contradicts the lines before it. */
  #mixedAt = 0;
  isDamaged = false;

  /** @param block whole lines */
  judge(block: Buffer): void {
    if (block.length === 0) return;
    // Most blocks are of one kind; only where that fails lines are looked at one by one.
    if (this.#other === 0 && isUtf8(block)) {
      this.#line += countLines(block);
      if (isSurelyUtf8(block)) this.#utf8++;
      else if (looksLikeShortGb(block.toString('utf8'))) this.#shortGb++;
      return;
    }
    for (let at = 0; at < block.length;) {
      const found = block.indexOf(lineFeed, at);
      const end = found < 0 ? block.length : found + 1;
      this.#judgeLine(block.subarray(at, end));
      at = end;
    }
  }

  #judgeLine(line: Buffer): void {
    this.#line++;
    if (isUtf8(line)) {
      if (!isSurelyUtf8(line)) return;
      this.#utf8++;
      if (this.#other > 0) this.#mixedAt ||= this.#line;
      return;
    }
    if (this.#other === 0 && damagedUtf8(line)) {
      this.isDamaged = true;
      return;
    }
    if (strictGb18030(line) === null)
      throw new AppError('ENCODING_UNKNOWN', { params: { line: this.#line } });
    this.#other++;
    if (this.#utf8 > 0) this.#mixedAt ||= this.#line;
  }

  /** @throws AppError */
  verdict(): TextEncodingName {
    if (this.#mixedAt > 0)
      throw new AppError('ENCODING_MIXED', { params: { line: this.#mixedAt } });
    if (this.#other > 0) return 'gb18030';
    return this.#utf8 === 0 && this.#shortGb > 0 ? 'gb18030' : 'utf-8';
  }
}

function countLines(block: Buffer): number {
  let count = 0;
  for (let at = block.indexOf(lineFeed); at >= 0; at = block.indexOf(lineFeed, at + 1)) count++;
  return count;
}

/** @param block valid UTF-8 */
function isSurelyUtf8(block: Buffer): boolean {
  let wide = 0;
  for (const byte of block) if (byte >= 0xe0 && ++wide === sureWide) return true;
  return false;
}
