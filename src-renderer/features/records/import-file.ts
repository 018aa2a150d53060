/** One text, docx or pdf into a record. The file is data: its size is looked at before it is read. */
import { maxDocumentFileBytes } from '@domain/contract/document';
import { AppError } from '@domain/contract/errors';
import { maxRecordFileBytes, maxTitleChars } from '@domain/contract/worker-port';
import type { Store } from '../../data/store';
import { singleLine } from '../../ui/visible-text';

const text = /\.(txt|text)$/i;
const oneRecord = /\.(txt|text|docx|pdf)$/i;
/** Each row is a record, of columns that a person has to choose. */
const manyRecords = /\.(csv|tsv|xlsx)$/i;

/** What names of files say; a text's name says nothing. */
const formatNames = ['docx', 'pdf'] as const;

/** For the dialog that chooses files. */
export const importedFiles = '.txt,.text,.docx,.pdf';

/** What is needed of a DOM `File`. */
export interface TextFile {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Name of a file without its ending, as a title: one line, no odd characters, not too long. */
export function titleOfFile(name: string): string {
  const stem = singleLine(name.replace(oneRecord, ''));
  return cutTitle(stem);
}

/** Cuts a title to the longest allowed without cutting a character in two. */
export function cutTitle(title: string): string {
  const cut = title.slice(0, maxTitleChars);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/**
 * @returns the new record's id
 * @throws AppError `UNSUPPORTED_FILE`, `TABLE_NEEDS_BATCH`, `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_UNREADABLE`, and what
 *   the worker answers
 */
export async function importFile(
  store: Pick<Store, 'call'>,
  file: TextFile,
  untitled: () => string,
): Promise<string> {
  if (manyRecords.test(file.name)) throw new AppError('TABLE_NEEDS_BATCH');
  if (!oneRecord.test(file.name)) throw new AppError('UNSUPPORTED_FILE');
  if (file.size === 0) throw new AppError('FILE_EMPTY');
  const max = text.test(file.name) ? maxRecordFileBytes : maxDocumentFileBytes;
  if (file.size > max) {
    throw new AppError('FILE_TOO_LARGE', { params: { bytes: file.size, max } });
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { cause });
  }
  const named = formatNames.find((format) => file.name.toLowerCase().endsWith(`.${format}`));
  const read = await store.call('documents.decode', { bytes, named });
  const created = await store.call('records.create', {
    title: titleOfFile(file.name) || untitled(),
    text: read.text,
    source: read.source,
  });
  return created.recordId;
}
