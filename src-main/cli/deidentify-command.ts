/** `chimed deidentify`: records in, the same records without what identifies a person out. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import {
  recordDeidentifier,
  recordName,
  type DeidentifiedRecord,
  type DeidentifyChoice,
} from './deidentified-record';
import { inputsOf } from './inputs';
import { Interruption } from './interruption';
import { openOutput, openTextOutput, type Output } from './output';
import { isTable, type TableOptions } from './table-options';
import { exitCodes, note, report, withMessage } from './terminal';

export interface DeidentifyOptions extends DeidentifyChoice, TableOptions {
  readonly inputs: readonly string[];
  readonly format: 'text' | 'json';
  readonly out?: string;
  readonly force: boolean;
  readonly showIdentifiers: boolean;
}

/** One line of the output as JSON; the stable interface of the command. Offsets are those of `text`. */
interface RecordResult {
  readonly version: 1;
  readonly record: { readonly source: string };
  readonly status: 'completed' | 'failed';
  readonly problem?: Problem & { message: string };
  readonly text: string | null;
  readonly identifiers: readonly object[];
  readonly counts: DeidentifiedRecord['counts'];
}

/**
 * @returns the exit code: 0 all completed, 1 any record not, 130 or 143 interrupted
 * @throws AppError for what stops everything: the output, the key, text of several records without
 * a folder to put it in (`USAGE`)
 */
export async function deidentifyCommand(options: DeidentifyOptions): Promise<number> {
  const many = await meansSeveral(options.inputs);
  const deidentifyRecord = await recordDeidentifier(options);
  const output = await outputFor(options, many);
  const interruption = new Interruption();

  let allCompleted = true;
  let number = 0;
  try {
    const onUnsupported = (file: string): void => report({ code: 'UNSUPPORTED_FILE' }, file);
    const reading = { onUnsupported, table: options, signal: interruption.signal };
    for await (const input of inputsOf(options.inputs, reading)) {
      if (interruption.signal.aborted) break;
      const source = recordName(++number);
      if (many) note(`${input.label} -> ${source}`);
      let result: RecordResult;
      try {
        const done = await deidentifyRecord(input.read().text);
        result = resultOf(source, done, options.showIdentifiers);
      } catch (error) {
        const problem = problemOf(error);
        report(problem, input.label);
        allCompleted = false;
        result = failureOf(source, problem);
      }
      await output.write(result);
    }
  } catch (error) {
    await output.abandon();
    throw error;
  }
  await output.finish();
  return interruption.exitCode ?? (allCompleted ? exitCodes.ok : exitCodes.failed);
}

function resultOf(source: string, done: DeidentifiedRecord, show: boolean): RecordResult {
  return {
    version: 1,
    record: { source },
    status: 'completed',
    text: done.text,
    identifiers: done.identifiers.map(({ original, ...rest }) =>
      show ? { ...rest, original } : rest,
    ),
    counts: done.counts,
  };
}

function failureOf(source: string, problem: Problem): RecordResult {
  return {
    ...{ version: 1, record: { source }, status: 'failed', ...withMessage(problem) },
    ...{ text: null, identifiers: [], counts: {} },
  };
}

/** Several arguments, a folder, or a table. */
async function meansSeveral(inputs: readonly string[]): Promise<boolean> {
  const [only] = inputs;
  if (only === undefined || inputs.length !== 1 || isTable(only)) return true;
  const info = await stat(only).catch(() => null);
  return info?.isDirectory() ?? false;
}

type ResultOutput = Omit<Output, 'write'> & { write(result: RecordResult): Promise<void> };

/** Text: the record itself. Of several records each is a file, numbered, in the folder `--out`. */
async function outputFor(options: DeidentifyOptions, many: boolean): Promise<ResultOutput> {
  const { format, out: path, force } = options;
  if (format === 'json') return openOutput({ format: 'jsonl', path, force });
  if (many) {
    if (path === undefined) throw new AppError('USAGE', { params: { needed: '--out' } });
    return folderOutput(path, force);
  }
  const output = await openTextOutput({ path, force });
  let isWritten = false;
  return {
    write: async ({ text }) => {
      if (text === null) return;
      await output.write(text);
      isWritten = true;
    },
    // A record that failed leaves no empty file that could be taken for it.
    finish: () => (isWritten ? output.finish() : output.discard()),
    abandon: () => output.discard(),
  };
}

async function folderOutput(folder: string, force: boolean): Promise<ResultOutput> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new AppError('OUTPUT_UNWRITABLE', { params: { path: folder }, cause });
  }
  return {
    write: async ({ record, text }) => {
      if (text === null) return;
      const file = await openTextOutput({ path: join(folder, `${record.source}.txt`), force });
      try {
        await file.write(text);
        await file.finish();
      } catch (error) {
        await file.discard();
        throw error;
      }
    },
    finish: () => Promise.resolve(),
    abandon: () => Promise.resolve(),
  };
}
