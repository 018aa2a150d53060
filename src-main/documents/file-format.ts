/** What a file is: by its first bytes, and only then by its name. */
import { extname } from 'node:path';
import type { DocumentFormat } from '../domain/contract/record';

const formatOfExtension: Readonly<Record<string, DocumentFormat>> = {
  '.txt': 'text',
  '.text': 'text',
  '.docx': 'docx',
  '.pdf': 'pdf',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.xlsx': 'xlsx',
};

/** By the ending of the name; null where the program reads no such file. */
export function formatOfName(path: string): DocumentFormat | null {
  const extension = extname(path).toLowerCase();
  return Object.hasOwn(formatOfExtension, extension)
    ? (formatOfExtension[extension] ?? null)
    : null;
}

/** `zip` may be docx or xlsx, `ole` an old or an encrypted Office file; `plain` is what has no mark. */
export type ContentKind = 'pdf' | 'zip' | 'ole' | 'plain';

/** Bytes that `contentKind` looks at. */
export const headBytes = 1024;

const oleMark = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** @param head the first `headBytes` of a file, or all of it */
export function contentKind(head: Uint8Array): ContentKind {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, headBytes));
  if (bytes.subarray(0, 8).equals(oleMark)) return 'ole';
  const start = bytes.toString('latin1', 0, 4);
  if (start === 'PK\x03\x04' || start === 'PK\x05\x06') return 'zip';
  // Some producers put a few bytes before it, which every reader of the format accepts.
  const pdf = bytes.indexOf('%PDF-', 0, 'latin1');
  return pdf === 0 || (pdf > 0 && isShortPreamble(bytes.subarray(0, pdf))) ? 'pdf' : 'plain';
}

/** A byte order mark, blanks or a printer's job language; a text that talks of '%PDF-' is none. */
function isShortPreamble(bytes: Buffer): boolean {
  const text = bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  return /^[\s\0]*$/.test(text) || text.startsWith('\x1b%-12345X');
}

/**
 * Whether a file without a mark is the first bytes of what its name says: a download or a copy that broke
 * off. Any other text under such a name is read as text.
 *
 * @param named by the name
 */
export function isCutDocument(bytes: Uint8Array, named: DocumentFormat): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 5));
  const text = start.toString('latin1');
  if (named === 'pdf') return text !== '' && '%PDF-'.startsWith(text);
  return (named === 'docx' || named === 'xlsx') && (text === 'P' || text.startsWith('PK'));
}

/** Word and Excel put an encrypted file into an old container, in a stream of this name. */
export function isEncryptedOffice(bytes: Uint8Array): boolean {
  const name = Buffer.from('EncryptedPackage', 'utf16le');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(name);
}
