/**
 * The text of a Word file: paragraphs as lines, cells of a table separated by tabs and its rows by line
 * ends, tracked changes as accepted. The words of text boxes follow their paragraph; those of footnotes
 * and endnotes stand at the end, where their numbers point. Headers and footers, which repeat on every
 * page, comments, pictures and the numbers that Word counts by itself are no part of the text.
 */
import mammoth from 'mammoth';
import { AppError } from '../../domain/contract/errors';
import { unsafe, type BoundedZip } from '../zip/bounded-zip';
import { storedZip } from '../zip/stored-zip';
import { wordsOf, type WordElement } from './word-elements';

export const docxExtractor = 'docx/1';

/** Bytes of one part, and of all parts, unpacked. */
const partLimit = 64_000_000;
const totalLimit = 128_000_000;

/** @throws AppError `DOCUMENT_DAMAGED`, `DOCUMENT_UNSAFE`, `EMPTY_TEXT` */
export async function docxText(zip: BoundedZip): Promise<string> {
  const parts = await partsOf(zip);
  let document: WordElement | undefined;
  try {
    await mammoth.convertToHtml(
      { buffer: storedZip(parts) },
      {
        // What is wanted is the document as it was read; the HTML made of nothing costs nothing.
        transformDocument: (read: WordElement) => {
          document = read;
          return { ...read, children: [] };
        },
      },
    );
  } catch (cause) {
    throw new AppError('DOCUMENT_DAMAGED', { cause });
  }
  if (!document) throw new AppError('DOCUMENT_DAMAGED');
  const text = wordsOf(document);
  if (text.trim() === '') throw new AppError('EMPTY_TEXT');
  return text;
}

/** The parts that hold words, unpacked within bounds; the library below unpacks without any. */
async function partsOf(zip: BoundedZip): Promise<Map<string, Buffer>> {
  const parts = new Map<string, Buffer>();
  let total = 0;
  for (const name of zip.names) {
    if (!/\.(xml|rels)$/i.test(name)) continue;
    const part = await zip.read(name, partLimit);
    total += part.length;
    if (total > totalLimit) throw unsafe('size');
    // Entities that a file defines can unfold without end; no program that writes docx has them.
    if (part.includes('<!DOCTYPE') || part.includes('<!ENTITY')) throw unsafe('entities');
    parts.set(name, part);
  }
  return parts;
}
