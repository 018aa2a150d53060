/**
 * Bytes of a text file into the original text of a record.
 *
 * A wrong guess here is not cosmetic: a record decoded with the wrong table reads as other
 * characters, and every offset, hash and review would bind to those. So decoding is strict, and
 * what had to be replaced is said.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import { AppError } from '../domain/contract/errors';
import { maxRecordChars } from '../domain/contract/extraction';
import type { ImportNotice, TextEncodingName } from '../domain/contract/record';
import { maxRecordFileBytes } from '../domain/contract/worker-port';
import { isWellFormed, toWellFormed } from '../domain/text/well-formed';
import { isBinaryFormat } from './binary-formats';
import { damagedUtf8 } from './utf8-damage';
import { guessUtf16 } from './utf16-shape';

/** Kept with every record, so that a later change of these rules can be told apart. */
export const textExtractor = 'text/1';

export interface DecodedText {
  /** BOM removed, line ends kept, well-formed UTF-16. */
  readonly text: string;
  readonly encoding: TextEncodingName;
  /** SHA-256 of the bytes as they were, hexadecimal. */
  readonly fileSha256: string;
  readonly extractor: string;
  readonly notices: ImportNotice[];
}

interface Decoded {
  readonly text: string;
  readonly encoding: TextEncodingName;
  /** Bytes that mean nothing in the encoding stand as U+FFFD. */
  readonly replaced: boolean;
}

/**
 * UTF-8, UTF-16 (with BOM, or by its shape) or GB18030, in that order of certainty.
 * @throws AppError `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_NOT_TEXT`, `ENCODING_UNKNOWN`, `TEXT_TOO_LARGE`
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (bytes.length === 0) throw new AppError('FILE_EMPTY');
  if (bytes.length > maxRecordFileBytes) {
    throw new AppError('FILE_TOO_LARGE', {
      params: { bytes: bytes.length, limit: maxRecordFileBytes },
    });
  }
  if (isBinaryFormat(bytes)) throw new AppError('FILE_NOT_TEXT');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoded = byBom(buffer) ?? byShape(buffer);
  const raw = decoded.text.startsWith('\uFEFF') ? decoded.text.slice(1) : decoded.text;
  if (raw === '') throw new AppError('FILE_EMPTY');
  if (hasTooManyControls(raw)) throw new AppError('FILE_NOT_TEXT');
  if (raw.length > maxRecordChars) {
    throw new AppError('TEXT_TOO_LARGE', { params: { chars: raw.length, limit: maxRecordChars } });
  }
  const notices: ImportNotice[] = [];
  if (!isWellFormed(raw)) notices.push('LONE_SURROGATES_REPLACED');
  if (decoded.replaced) notices.push('UNDECODABLE_BYTES_REPLACED');
  return {
    text: toWellFormed(raw),
    encoding: decoded.encoding,
    fileSha256: createHash('sha256').update(bytes).digest('hex'),
    extractor: textExtractor,
    notices,
  };
}

function byBom(buffer: Buffer): Decoded | null {
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return utf16(buffer.subarray(2), 'utf-16le');
  if (buffer[0] === 0xfe && buffer[1] === 0xff) return utf16(buffer.subarray(2), 'utf-16be');
  if (buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) {
    // The mark settles the question, so damage is repaired visibly instead of guessed around.
    const body = buffer.subarray(3);
    return { text: body.toString('utf8'), encoding: 'utf-8', replaced: !isUtf8(body) };
  }
  return null;
}

function byShape(buffer: Buffer): Decoded {
  const asUtf8 = isUtf8(buffer) ? buffer.toString('utf8') : null;
  if (asUtf8 !== null && !hasTooManyControls(asUtf8)) {
    const chinese = looksLikeShortGb(asUtf8) ? strictGb18030(buffer) : null;
    if (chinese !== null) return { text: chinese, encoding: 'gb18030', replaced: false };
    return { text: asUtf8, encoding: 'utf-8', replaced: false };
  }
  const order = guessUtf16(buffer);
  if (order) return utf16(buffer, order);
  if (asUtf8 !== null) throw new AppError('FILE_NOT_TEXT');
  // Nearly everything is legal GB18030, a UTF-8 file with one broken byte too: it would come out as
  // other characters without any error. So damaged UTF-8 is looked for first.
  if (damagedUtf8(buffer)) {
    return { text: buffer.toString('utf8'), encoding: 'utf-8', replaced: true };
  }
  const text = strictGb18030(buffer);
  if (text !== null) return { text, encoding: 'gb18030', replaced: false };
  throw new AppError(
    hasTooManyControls(buffer.toString('latin1')) ? 'FILE_NOT_TEXT' : 'ENCODING_UNKNOWN',
  );
}

/**
 * A few characters of GB18030 can form valid two-byte UTF-8: 一 is D2 BB, which is also Cyrillic һ.
 * Such a text has letters of those scripts and nothing of Chinese. Latin-1 and Greek (±, µ, °, β) do
 * stand alone between ASCII in real UTF-8 records, so they say nothing.
 */
export function looksLikeShortGb(text: string): boolean {
  return /[\u0100-\u036f\u0400-\u07ff]/.test(text) && !/[\u0800-\uffff]/.test(text);
}

function utf16(body: Buffer, encoding: 'utf-16le' | 'utf-16be'): Decoded {
  const even = body.subarray(0, body.length - (body.length % 2));
  const little = encoding === 'utf-16le' ? even : Buffer.from(even).swap16();
  const odd = body.length !== even.length;
  return { text: little.toString('utf16le') + (odd ? '\uFFFD' : ''), encoding, replaced: odd };
}

/**
 * GB18030, or null where it is not. By iconv-lite rather than TextDecoder, because what the ICU of
 * an Electron build knows is not ours to decide. iconv-lite marks what it cannot decode with U+FFFD
 * or lone surrogates; U+FFFD also has a legal form (84 31 A4 37), which the way back tells apart.
 */
export function strictGb18030(buffer: Buffer): string | null {
  const text = iconv.decode(buffer, 'gb18030', { stripBOM: false });
  if (!isWellFormed(text)) return null;
  if (text.includes('\uFFFD') && !iconv.encode(text, 'gb18030').equals(buffer)) return null;
  return text;
}

/**
 * Whether there are more control characters than stray ones. A few (a NUL that padded a field, an
 * escape from a printer) are kept, because they are in the doctor's file and removing them would
 * move every offset; the rest of the program copes with them. Many mean that this is no text.
 */
function hasTooManyControls(text: string): boolean {
  let controls = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Tab, line feed, vertical tab, form feed, carriage return and DOS's end-of-file are text.
    if (code < 0x20 && !(code >= 0x09 && code <= 0x0d) && code !== 0x1a) controls++;
    else if (code === 0x7f) controls++;
  }
  return controls > 2 && controls > text.length / 50;
}
