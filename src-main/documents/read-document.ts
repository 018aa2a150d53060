/** One file into the records that it holds. */
import { readFile, stat } from 'node:fs/promises';
import type { TableChoice, ReadRecord } from '../domain/contract/document';
import { AppError, problemOf } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { maxRecordFileBytes } from '../domain/contract/worker-port';
import { decodeText } from './decode-text';

export interface ReadOptions {
  /** Needed for a table; without it a table is a problem `TABLE_NEEDS_COLUMNS`. */
  readonly table?: TableChoice;
  readonly signal?: AbortSignal;
  /** How much of the file was read, in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
}

export type RecordRead = Extract<ReadRecord, { kind: 'record' }>;

/**
 * The records of a file, one for a text, docx or pdf, one for each row of a csv or xlsx, in order. What
 * is wrong with the file or with a row comes as a `problem` in its place; nothing is left out silently
 * but rows whose cells are all empty.
 * @throws Cancelled
 */
export async function* readDocument(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<ReadRecord> {
  try {
    yield* recordsOf(path, options);
  } catch (error) {
    if (error instanceof Cancelled || options.signal?.aborted) throw new Cancelled();
    yield { kind: 'problem', problem: problemOf(error) };
  }
}

async function* recordsOf(path: string, options: ReadOptions): AsyncGenerator<ReadRecord> {
  const bytes = await readWhole(path, maxRecordFileBytes);
  if (options.signal?.aborted) throw new Cancelled();
  yield readBytes(bytes);
}

/**
 * A text, docx or pdf that is in memory already.
 * @throws AppError, Cancelled
 */
export async function readBytes(bytes: Uint8Array): Promise<RecordRead> {
  const { text, ...source } = decodeText(bytes);
  return { kind: 'record', text, source: { kind: 'file', ...source } };
}

async function readWhole(path: string, limit: number): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new AppError('UNSUPPORTED_FILE');
    if (info.size > limit)
      throw new AppError('FILE_TOO_LARGE', { params: { bytes: info.size, limit } });
    return await readFile(path);
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('FILE_UNREADABLE', { cause: error });
  }
}
