/** The records that a command's arguments mean. */
import { AppError, type Problem } from '../domain/contract/errors';
import type { ReadRecord } from '../domain/contract/document';
import { Cancelled } from '../domain/contract/rpc';
import { maxRecordFileBytes } from '../domain/contract/worker-port';
import { messagesFor } from '../domain/messages';
import { listFiles } from '../documents/list-files';
import { readDocument, readOneRecord, type RecordRead } from '../documents/read-document';
import { recordLabel } from './record-label';
import { tableChoiceFor, type TableOptions } from './table-options';
import { locale, note } from './terminal';

/** One record, or why there is none. */
export interface Input {
  /** As a person would name it: the argument, or a path below a folder argument. */
  readonly source: string;
  /** Of a table, from 1, without its heading. */
  readonly row?: number;
  /** Of its row, where it has one; also where the row holds no record. */
  readonly caseId?: string;
  /** The source with its row, for messages. */
  readonly label: string;
  /** @throws AppError */
  read(): RecordRead;
}

export interface InputOptions {
  /** Called with files in folders that the program does not read. */
  onUnsupported(path: string): void;
  /** Which columns of tables hold what. */
  readonly table: TableOptions;
  readonly signal: AbortSignal;
}

/**
 * Arguments in the order given; folders recursively, sorted by name, hidden entries and links
 * skipped. A file named by itself is read whatever it is called. A table gives a record for each row.
 * What an interruption leaves unread is not given.
 */
export async function* inputsOf(
  args: readonly string[],
  options: InputOptions,
): AsyncGenerator<Input> {
  try {
    for (const argument of args) {
      if (argument === '-') yield await standardInput(options);
      else yield* filesOf(argument, options);
    }
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
  }
}

async function* filesOf(argument: string, options: InputOptions): AsyncGenerator<Input> {
  const missing: Input[] = [];
  const onSkipped = (path: string, problem: Problem): void => {
    const isNamed = path === argument;
    if (problem.code === 'UNSUPPORTED_FILE' && !isNamed) options.onUnsupported(path);
    else missing.push(failed(path, problem));
  };
  for await (const { path } of listFiles([argument], { onSkipped, signal: options.signal })) {
    yield* missing.splice(0);
    yield* recordsOf(path, options);
  }
  yield* missing;
}

async function* recordsOf(path: string, { table, signal }: InputOptions): AsyncGenerator<Input> {
  let choice;
  try {
    choice = await tableChoiceFor(path, table, signal);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    yield failed(path, error.toProblem());
    return;
  }
  for await (const read of readDocument(path, { table: choice, signal })) yield input(path, read);
}

function input(source: string, read: ReadRecord): Input {
  if (read.kind === 'problem') return failed(source, read.problem, read);
  const { row, notices } = read.source;
  const { caseId } = read;
  const label = recordLabel(source, row);
  for (const notice of notices) note(`${label}: ${messagesFor(locale).records.notice[notice]}`);
  return { source, label, ...placeOf({ row, caseId }), read: () => read };
}

interface TablePlace {
  readonly row?: number | undefined;
  readonly caseId?: string | undefined;
}

function placeOf({ row, caseId }: TablePlace): Pick<Input, 'row' | 'caseId'> {
  return { ...(row === undefined ? {} : { row }), ...(caseId === undefined ? {} : { caseId }) };
}

function failed(source: string, problem: Problem, place: TablePlace = {}): Input {
  return {
    ...{ source, label: recordLabel(source, place.row), ...placeOf(place) },
    read: () => {
      throw new AppError(problem.code, problem);
    },
  };
}

async function standardInput({ signal }: InputOptions): Promise<Input> {
  try {
    return input('-', await readOneRecord(await readStandardInput(), { signal }));
  } catch (error) {
    if (error instanceof AppError) return failed('-', error.toProblem());
    throw error;
  }
}

async function readStandardInput(): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxRecordFileBytes) {
      throw new AppError('FILE_TOO_LARGE', { params: { bytes, limit: maxRecordFileBytes } });
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
