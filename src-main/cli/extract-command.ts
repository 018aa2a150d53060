/** `chimed extract`: records in, facts out, one result object a record. */
import { createHash } from 'node:crypto';
import { annotationSchema } from '../domain/contract/annotation-schema';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import type { ExtractionResult, RunIdentity } from '../domain/contract/extraction';
import type { Fact } from '../domain/contract/fact';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled } from '../domain/contract/rpc';
import type { LanguageModel } from '../engine/language-model';
import { extract, plannedRun } from '../tasks/extraction/extract';
import {
  recordDeidentifier,
  recordName,
  type DeidentifiedRecord,
  type DeidentifyChoice,
} from './deidentified-record';
import { inputsOf, type Input } from './inputs';
import { Interruption } from './interruption';
import { openModel, type ModelChoice } from './open-model';
import { openOutput } from './output';
import type { TableOptions } from './table-options';
import { exitCodes, note, ProgressLine, report, withMessage } from './terminal';

export interface ExtractOptions extends ModelChoice, DeidentifyChoice, TableOptions {
  readonly inputs: readonly string[];
  readonly schema: string;
  readonly format: 'jsonl' | 'json';
  readonly out?: string;
  readonly force: boolean;
  /** Facts, offsets and hash are then those of the de-identified text. */
  readonly deidentify: boolean;
}

/** One line of the output; the stable interface of the command. */
interface RecordResult {
  readonly version: 1;
  readonly record: {
    readonly source: string;
    /** Of a table, from 1, without its heading; not of a de-identified record, as what leads back to it. */
    readonly row?: number;
    readonly caseId?: string;
    /** Of the UTF-8 of the text that the facts are of; null when there is no text. */
    readonly sha256: string | null;
    /** Null for a de-identified record: it would lead back to the file. */
    readonly fileSha256: string | null;
    /** UTF-16 units. */
    readonly chars: number;
  };
  /** The record was de-identified first; the text that the facts are of comes with them. */
  readonly deidentified?: true;
  readonly text?: string;
  readonly status: 'completed' | 'incomplete' | 'failed';
  readonly problem?: Problem & { message: string };
  readonly facts: readonly Fact[];
  readonly run: RunIdentity;
}

/**
 * @returns the exit code: 0 all completed, 1 any record not, 130 or 143 interrupted
 * @throws AppError for what stops everything: the output, the model, the key, options that do not fit
 */
export async function extractCommand(options: ExtractOptions, modelsDir: string): Promise<number> {
  annotationSchema(options.schema);
  // Who asks for shifted dates and forgets this option must not get the record as it is.
  if (!options.deidentify && (options.dates === 'shift' || options.key !== undefined))
    throw new AppError('USAGE', { params: { needed: '--deidentify' } });
  const deidentifyRecord = options.deidentify ? await recordDeidentifier(options) : null;
  const output = await openOutput({
    format: options.format,
    path: options.out,
    force: options.force,
  });
  const interruption = new Interruption();
  const { signal } = interruption;

  let allCompleted = true;
  let number = 0;
  try {
    const { model, card } = await openModel(options, modelsDir, signal);
    const onUnsupported = (file: string): void => report({ code: 'UNSUPPORTED_FILE' }, file);
    const reading = { onUnsupported, table: options, signal };
    for await (const input of inputsOf(options.inputs, reading)) {
      if (signal.aborted) break;
      number++;
      if (deidentifyRecord) note(`${input.label} -> ${recordName(number)}`);
      const source = deidentifyRecord ? recordName(number) : input.source;
      const result = await extractOne(input, {
        ...{ source, schema: options.schema, model, card, signal, deidentifyRecord },
      });
      await output.write(result);
      if (result.problem) report(result.problem, input.label);
      allCompleted &&= result.status === 'completed';
    }
  } catch (error) {
    if (!(error instanceof Cancelled)) {
      await output.abandon();
      throw error;
    }
  }
  await output.finish();
  return interruption.exitCode ?? (allCompleted ? exitCodes.ok : exitCodes.failed);
}

/** A model may take a placeholder for a word of medicine; what it covers was never that. */
function isOfPlaceholder({ start, end }: Fact, record: DeidentifiedRecord): boolean {
  return start !== null && end !== null && record.endsInPlaceholder(start, end);
}

interface RecordWork {
  /** What the record is called in the output. */
  readonly source: string;
  readonly schema: string;
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly deidentifyRecord: ((text: string) => Promise<DeidentifiedRecord>) | null;
}

/** @throws Cancelled: a record that was interrupted is not written, so that it can be run again whole */
async function extractOne(input: Input, work: RecordWork): Promise<RecordResult> {
  const { source, schema, model, card, signal, deidentifyRecord } = work;
  const progress = new ProgressLine();
  const deidentified = deidentifyRecord ? ({ deidentified: true } as const) : {};
  const row = input.row === undefined || deidentifyRecord ? {} : { row: input.row };
  let record: RecordResult['record'] = { source, ...row, sha256: null, fileSha256: null, chars: 0 };
  try {
    const read = input.read();
    const clear = await deidentifyRecord?.(read.text);
    const text = clear?.text ?? read.text;
    record = {
      ...record,
      ...(clear || read.caseId === undefined ? {} : { caseId: read.caseId }),
      sha256: createHash('sha256').update(text, 'utf8').digest('hex'),
      fileSha256: clear ? null : (read.source.fileSha256 ?? null),
      chars: text.length,
    };
    const result: ExtractionResult = await extract(
      { text, schema },
      {
        model,
        card,
        signal,
        onEvent: (event) => {
          if (event.kind === 'progress') {
            progress.show(`${input.label}  ${event.doneChars} / ${event.totalChars}`);
          }
        },
      },
    );
    // Times differ from run to run; what is written of a record does not.
    const { status, problem, run } = result;
    const facts = clear
      ? result.facts.filter((fact) => !isOfPlaceholder(fact, clear))
      : result.facts;
    return {
      ...{ version: 1, record, ...deidentified, ...(clear ? { text } : {}) },
      ...{ status, run, facts, ...withMessage(problem) },
    };
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return {
      version: 1,
      record,
      ...deidentified,
      status: 'failed',
      ...withMessage(problemOf(error)),
      facts: [],
      run: plannedRun(card, schema, model),
    };
  } finally {
    progress.clear();
  }
}
