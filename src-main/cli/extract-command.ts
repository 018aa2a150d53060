/** `chimed extract`: records in, facts out, one result object a record. */
import { createHash } from 'node:crypto';
import { annotationSchema, type AnnotationSchema } from '../domain/contract/annotation-schema';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import type { ExportOptions } from '../domain/contract/export';
import type { ExtractionResult, RunIdentity } from '../domain/contract/extraction';
import type { Fact } from '../domain/contract/fact';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled } from '../domain/contract/rpc';
import { messagesFor } from '../domain/messages';
import { CasePseudonyms } from '../domain/rules/deidentify/deidentify-record';
import type { LanguageModel } from '../engine/language-model';
import { extract, plannedRun, previewPrompt } from '../tasks/extraction/extract';
import {
  recordDeidentifier,
  recordName,
  type DeidentifiedRecord,
  type DeidentifyChoice,
} from './deidentified-record';
import { exportedRecordOf, extractionResultLineSchema } from './extraction-result';
import { openFactOutput, type TableChoice } from './fact-output';
import { inputsOf, type Input } from './inputs';
import { inOrder } from './in-order';
import { Interruption } from './interruption';
import { openModel, type ModelChoice } from './open-model';
import { exportCommand } from './export-command';
import { openOutput } from './output';
import { openResumable, type ResumableOutput } from './resume-file';
import { schemaChoice, type SchemaChoice } from './schema-file';
import type { TableOptions } from './table-options';
import { exitCodes, locale, note, ProgressLine, report, withMessage } from './terminal';

export interface ExtractOptions extends ModelChoice, DeidentifyChoice, TableOptions, TableChoice {
  readonly inputs: readonly string[];
  /** An id, or a file. */
  readonly schema: string;
  readonly format: ExportOptions['format'];
  readonly out?: string;
  readonly force: boolean;
  /** Records at once. */
  readonly jobs: number;
  /** Goes on where `out` ends. */
  readonly resume: boolean;
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
    /** Of a de-identified record `case-0001`, in the order of the cases. */
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
  const asked = await schemaChoice(options.schema);
  const schema = asked.definition ?? annotationSchema(asked.schema);
  // Who asks for shifted dates and forgets this option must not get the record as it is.
  if (!options.deidentify && (options.dates === 'shift' || options.key !== undefined))
    throw new AppError('USAGE', { params: { needed: '--deidentify' } });
  const { resume, out } = options;
  if (resume && out === undefined) throw new AppError('USAGE', { params: { needed: '--out' } });
  // Shifted by chance, a record is another one each time.
  if (resume && options.dates === 'shift' && options.key === undefined)
    throw new AppError('USAGE', { params: { needed: '--key' } });
  const deidentifyRecord = options.deidentify ? await recordDeidentifier(options) : null;
  const plain = resume ? null : await openResults(options, schema);
  const interruption = new Interruption();
  const { signal } = interruption;

  let output: Results | null = plain;
  let allCompleted = true;
  let number = 0;
  const cases = new CasePseudonyms();
  try {
    const { model, card } = await openModel(options, modelsDir, signal);
    // What is wrong with all records is said once, before the first of them.
    previewPrompt({ text: '。', ...asked }, { model, card });
    const resumed = resume
      ? await openResumable(
          { ...options, path: out ?? '' },
          plannedRun(card, asked, model),
          options.deidentify,
          (state) => exportCommand({ ...options, input: state, rows: 'record' }),
        )
      : null;
    const target = (output = resumed ? resumedResults(resumed, options.format) : plain) as Results;
    if (resumed && resumed.done > 0) note(messagesFor(locale).batch.resumed(String(resumed.done)));
    const onUnsupported = (file: string): void => report({ code: 'UNSUPPORTED_FILE' }, file);
    const reading = { onUnsupported, table: options, signal };
    await inOrder(inputsOf(options.inputs, reading), options.jobs, {
      signal,
      work: (input) => {
        number++;
        const source = deidentifyRecord ? recordName(number) : input.source;
        if (deidentifyRecord) note(`${input.label} -> ${source}`);
        return extractOne(input, {
          ...{ source, number, asked, model, card, signal, deidentifyRecord, cases, resumed },
        });
      },
      take: async (done, input) => {
        if (!done) return;
        const { result, text, number: of } = done;
        await target.write(result, of, text);
        if (result.problem) report(result.problem, input.label);
        allCompleted &&= result.status === 'completed';
      },
    });
  } catch (error) {
    if (!(error instanceof Cancelled)) {
      await output?.abandon();
      throw error;
    }
  }
  const end = signal.aborted && output?.pause ? output.pause : output?.finish;
  await end?.();
  return interruption.exitCode ?? (allCompleted ? exitCodes.ok : exitCodes.failed);
}

interface Results {
  /** @param text that the facts are of, for formats that show it; undefined where there is none */
  write(result: RecordResult, number: number, text: string | undefined): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
  /** After an interruption: what is there waits to be gone on with. */
  pause?(): Promise<void>;
}

/** Formats that show the text need it in the lines that they are made of. */
function resumedResults(resumed: ResumableOutput, format: ExportOptions['format']): Results {
  const isPlain = format === 'jsonl' || format === 'json';
  return {
    ...resumed,
    write: (result, _number, text) =>
      resumed.write(isPlain || text === undefined ? result : { ...result, text }),
  };
}

/** JSON and JSONL are the command's own, stable; the other formats are those of `chimed export`. */
async function openResults(options: ExtractOptions, schema: AnnotationSchema): Promise<Results> {
  const { format, out: path, force, layout, evidence, language, deidentify } = options;
  if (format === 'jsonl' || format === 'json') return openOutput({ format, path, force });
  const output = await openFactOutput({
    ...{ format, path, force, layout, evidence, language },
    schemas: [schema],
    deidentified: deidentify,
  });
  return {
    ...output,
    write: (result, number, text) => {
      // The same checks as of a result that is read back.
      const line = extractionResultLineSchema.parse(result);
      return output.write(exportedRecordOf(line, number, text));
    },
  };
}

/** A model may take a placeholder for a word of medicine; what it covers was never that. */
function isOfPlaceholder({ start, end }: Fact, record: DeidentifiedRecord): boolean {
  return start !== null && end !== null && record.endsInPlaceholder(start, end);
}

interface RecordWork {
  /** What the record is called in the output. */
  readonly source: string;
  /** Its number among the inputs, from 1. */
  readonly number: number;
  readonly asked: SchemaChoice;
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly deidentifyRecord: ((text: string) => Promise<DeidentifiedRecord>) | null;
  /** Of de-identified records. */
  readonly cases: CasePseudonyms;
  /** Has what was done before. */
  readonly resumed: ResumableOutput | null;
}

/**
 * @returns null for one that was done before
 * @throws Cancelled: a record that was interrupted is not written, so that it can be run again whole
 */
async function extractOne(
  input: Input,
  work: RecordWork,
): Promise<{ result: RecordResult; text: string | undefined; number: number } | null> {
  const { source, number, asked, model, card, signal, deidentifyRecord, cases, resumed } = work;
  const progress = new ProgressLine();
  const deidentified = deidentifyRecord ? ({ deidentified: true } as const) : {};
  const row = input.row === undefined || deidentifyRecord ? {} : { row: input.row };
  // Before anything is waited for: a later record must not be named first.
  const caseId =
    deidentifyRecord && input.caseId !== undefined ? cases.of(input.caseId) : input.caseId;
  let record: RecordResult['record'] = {
    ...{ source, ...row, sha256: null, fileSha256: null, chars: 0 },
    ...(caseId === undefined ? {} : { caseId }),
  };
  let text: string | undefined;
  try {
    const read = input.read();
    const clear = await deidentifyRecord?.(read.text);
    text = clear?.text ?? read.text;
    const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
    record = {
      ...record,
      sha256,
      fileSha256: clear ? null : (read.source.fileSha256 ?? null),
      chars: text.length,
    };
    if (resumed?.has({ source, row: record.row, sha256 })) return null;
    const result: ExtractionResult = await extract(
      // Records that run at once take turns, each with one sequence.
      { text, ...asked },
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
    const of: RecordResult = {
      ...{ version: 1, record, ...deidentified, ...(clear ? { text } : {}) },
      ...{ status, run, facts, ...withMessage(problem) },
    };
    return { result: of, text, number };
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    const failed: RecordResult = {
      version: 1,
      record,
      ...deidentified,
      status: 'failed',
      ...withMessage(problemOf(error)),
      facts: [],
      run: plannedRun(card, asked, model),
    };
    return { result: failed, text, number };
  } finally {
    progress.clear();
  }
}
