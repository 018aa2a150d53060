/** `chimed export`: the JSONL of an extraction into another format, without a model. */
import { open, type FileHandle } from 'node:fs/promises';
import type { AnnotationSchema } from '../domain/contract/annotation-schema';
import { AppError } from '../domain/contract/errors';
import type { ExportOptions } from '../domain/contract/export';
import { SchemaCollection } from '../domain/rules/export/schema-of-run';
import { readLines } from '../evaluation/lines';
import {
  extractionResultLineSchema,
  exportedRecordOf,
  type ExtractionResultLine,
} from './extraction-result';
import { openFactOutput, type TableChoice } from './fact-output';
import { exitCodes } from './terminal';

export interface ExportCommandOptions extends TableChoice {
  readonly input: string;
  readonly format: ExportOptions['format'];
  readonly rows: 'record' | 'case';
  readonly out?: string;
  readonly force: boolean;
}

/** Longest line: a text of two million characters with its facts. */
const maxLineBytes = 64_000_000;

/** Where a result stands in the file. */
interface Place {
  readonly line: number;
  readonly offset: number;
  readonly bytes: number;
  readonly caseId: string | undefined;
}

interface Survey {
  readonly places: readonly Place[];
  readonly schemas: readonly AnnotationSchema[];
  readonly deidentified: boolean;
}

/**
 * Reads the file twice: what a table has as columns is known only at the end of it. A result is held
 * one at a time; the order is that of the file, or by case where a row is a case.
 *
 * @returns the exit code
 * @throws AppError `FILE_UNREADABLE`, `RESULT_LINE_INVALID` with the line's number, and those of the output
 */
export async function exportCommand(options: ExportCommandOptions): Promise<number> {
  const { input, out, rows, ...rest } = options;
  const { places, schemas, deidentified } = await survey(input);
  const output = await openFactOutput({ ...rest, rows, path: out, schemas, deidentified });
  try {
    const file = await open(input);
    try {
      for (const { place, number } of inOrder(places, rows))
        await output.write(exportedRecordOf(await readResult(file, place), number));
    } finally {
      await file.close();
    }
  } catch (error) {
    await output.abandon();
    throw error;
  }
  await output.finish();
  return exitCodes.ok;
}

async function survey(path: string): Promise<Survey> {
  const places: Place[] = [];
  const collection = new SchemaCollection();
  let deidentified = true;
  let offset = 0;
  for await (const { number, bytes } of readLines(path, maxLineBytes)) {
    const place = { line: number, offset, bytes: bytes.length };
    offset += bytes.length + 1;
    if (bytes.toString('utf-8').trim() === '') continue;
    const result = parse(bytes, number);
    collection.add({ run: result.run, facts: exportedRecordOf(result, number).facts });
    deidentified &&= result.deidentified ?? false;
    places.push({ ...place, caseId: result.record.caseId });
  }
  return { places, schemas: collection.schemas, deidentified: deidentified && places.length > 0 };
}

function* inOrder(
  places: readonly Place[],
  rows: 'record' | 'case',
): Generator<{ place: Place; number: number }> {
  const numbered = places.map((place, at) => ({ place, number: at + 1 }));
  if (rows === 'record') return yield* numbered;
  const first = new Map<string, number>();
  const orderOf = ({ place: { caseId }, number }: (typeof numbered)[number]): number => {
    if (caseId === undefined) return number;
    const known = first.get(caseId) ?? number;
    first.set(caseId, known);
    return known;
  };
  const ordered = numbered.map((one) => ({ ...one, order: orderOf(one) }));
  yield* ordered.sort((a, b) => a.order - b.order || a.number - b.number);
}

async function readResult(
  file: FileHandle,
  { offset, bytes, line }: Place,
): Promise<ExtractionResultLine> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, offset);
  // Changed meanwhile.
  if (bytesRead !== bytes) throw invalid(line);
  return parse(buffer, line);
}

function parse(bytes: Buffer, line: number): ExtractionResultLine {
  try {
    return extractionResultLineSchema.parse(JSON.parse(bytes.toString('utf-8')));
  } catch (cause) {
    throw invalid(line, cause);
  }
}

function invalid(line: number, cause?: unknown): AppError {
  return new AppError('RESULT_LINE_INVALID', { params: { line }, cause });
}
