/** One file into the records that it holds. */
import type { FileHandle } from 'node:fs/promises';
import {
  maxDocumentFileBytes,
  maxTableFileBytes,
  type ReadRecord,
  type TableChoice,
} from '../domain/contract/document';
import { AppError, problemOf } from '../domain/contract/errors';
import type { DocumentFormat } from '../domain/contract/record';
import { Cancelled } from '../domain/contract/rpc';
import { maxRecordFileBytes } from '../domain/contract/worker-port';
import { csvRecords } from './csv/csv-records';
import { surveyCsv } from './csv/csv-survey';
import { decodeText } from './decode-text';
import {
  contentKind,
  formatOfName,
  headBytes,
  isCutDocument,
  isEncryptedOffice,
} from './file-format';
import { checkSize, openFile, piecesOf, readStart } from './read-file';
import { recordsInThread, type ThreadLimits } from './thread/read-in-thread';

export interface ReadOptions {
  /** Needed for a table; without it a table is a problem `TABLE_NEEDS_COLUMNS`. */
  readonly table?: TableChoice | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the name says that it is. Defaults to nothing, and to its path's name for a file with one. */
  readonly named?: DocumentFormat | undefined;
  /** Of the thread that reads a pdf, docx or xlsx. */
  readonly limits?: ThreadLimits;
}

export type RecordRead = Extract<ReadRecord, { kind: 'record' }>;

/**
 * The records of a file: one for a text, docx or pdf, one for each row of a csv or xlsx, in order. What is
 * wrong with the file or with a row comes as a `problem` in its place; nothing is left out silently but
 * rows whose cells are all empty, and rows that only continue a merged text. The content says what a file
 * is; only a csv is told from a text by its name.
 *
 * A pdf, docx or xlsx is read in a thread that is ended with `signal`, or when the iteration is left.
 * @throws Cancelled
 */
export async function* readDocument(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<ReadRecord> {
  try {
    if (options.signal?.aborted) throw new Cancelled();
    yield* recordsOf(path, options);
  } catch (error) {
    if (error instanceof Cancelled || options.signal?.aborted) throw new Cancelled();
    yield { kind: 'problem', problem: problemOf(error) };
  }
}

async function* recordsOf(path: string, options: ReadOptions): AsyncGenerator<ReadRecord> {
  const { file, bytes } = await openFile(path);
  try {
    if (bytes === 0) throw new AppError('FILE_EMPTY');
    const kind = contentKind(await readStart(file, Math.min(bytes, headBytes)));
    if (kind === 'plain' && formatOfName(path) === 'csv') {
      checkSize(bytes, maxTableFileBytes);
      if (!options.table) {
        // One that could not be read with columns either says so.
        await surveyCsv(piecesOf(file, options.signal));
        throw new AppError('TABLE_NEEDS_COLUMNS');
      }
      yield* csvRecords(file, options.table, options.signal);
      return;
    }
    checkSize(bytes, kind === 'plain' ? maxRecordFileBytes : maxDocumentFileBytes);
    const named = formatOfName(path) ?? undefined;
    yield* recordsOfBytes(await readWhole(file, bytes), { named, ...options });
  } finally {
    await file.close();
  }
}

async function readWhole(file: FileHandle, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const read = await readStart(file, bytes);
  return new Uint8Array(read.buffer as ArrayBuffer, read.byteOffset, read.byteLength);
}

/**
 * The one record of a text, docx or pdf that is in memory already.
 * @param bytes handed over: not to be used afterwards
 * @throws AppError; `TABLE_NEEDS_BATCH` for a workbook
 * @throws Cancelled
 */
export async function readOneRecord(
  bytes: Uint8Array<ArrayBuffer>,
  options: Omit<ReadOptions, 'table'> = {},
): Promise<RecordRead> {
  checkSize(bytes.length, maxDocumentFileBytes);
  try {
    for await (const read of recordsOfBytes(bytes, options)) {
      if (read.kind === 'record') return read;
      throw new AppError(read.problem.code, read.problem);
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'TABLE_NEEDS_COLUMNS')
      throw new AppError('TABLE_NEEDS_BATCH');
    throw error;
  }
  throw new AppError('EMPTY_TEXT');
}

async function* recordsOfBytes(
  bytes: Uint8Array<ArrayBuffer>,
  { table, named, ...options }: ReadOptions,
): AsyncGenerator<ReadRecord> {
  const kind = contentKind(bytes);
  if (kind === 'ole')
    throw new AppError(isEncryptedOffice(bytes) ? 'DOCUMENT_ENCRYPTED' : 'OLD_OFFICE_FORMAT');
  if (kind === 'plain') {
    if (named && isCutDocument(bytes, named)) throw new AppError('DOCUMENT_DAMAGED');
    const { text, ...source } = decodeText(bytes);
    if (text.trim() === '') throw new AppError('EMPTY_TEXT');
    yield { kind: 'record', text, source: { kind: 'file', ...source } };
  } else yield* recordsInThread(bytes, table ? { table } : {}, options);
}
