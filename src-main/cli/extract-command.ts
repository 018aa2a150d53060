/** `chimed extract`: records in, facts out, one result object a record. */
import { createHash } from 'node:crypto';
import { annotationSchema } from '../domain/contract/annotation-schema';
import { problemOf, type Problem } from '../domain/contract/errors';
import type { ExtractionResult, RunIdentity } from '../domain/contract/extraction';
import type { Fact } from '../domain/contract/fact';
import type { ModelCard } from '../domain/contract/model-card';
import { Cancelled } from '../domain/contract/rpc';
import { messagesFor } from '../domain/messages';
import { decodeText } from '../documents/decode-text';
import type { LanguageModel } from '../engine/language-model';
import { extract, plannedRun } from '../tasks/extraction/extract';
import { inputsOf, type Input } from './inputs';
import { Interruption } from './interruption';
import { openModel, type ModelChoice } from './open-model';
import { openOutput } from './output';
import { exitCodes, locale, ProgressLine, report } from './terminal';

export interface ExtractOptions extends ModelChoice {
  readonly inputs: readonly string[];
  readonly schema: string;
  readonly format: 'jsonl' | 'json';
  readonly out?: string;
  readonly force: boolean;
}

/** One line of the output; the stable interface of the command. */
interface RecordResult {
  readonly version: 1;
  readonly record: {
    readonly source: string;
    /** Of the UTF-8 of the original text; null when there is no text. */
    readonly sha256: string | null;
    readonly fileSha256: string | null;
    /** UTF-16 units. */
    readonly chars: number;
  };
  readonly status: 'completed' | 'incomplete' | 'failed';
  readonly problem?: Problem & { message: string };
  readonly facts: readonly Fact[];
  readonly run: RunIdentity;
}

/**
 * @returns the exit code: 0 all completed, 1 any record not, 130 or 143 interrupted
 * @throws AppError for what stops everything: the output, the model
 */
export async function extractCommand(options: ExtractOptions, modelsDir: string): Promise<number> {
  annotationSchema(options.schema);
  const output = await openOutput({
    format: options.format,
    path: options.out,
    force: options.force,
  });
  const interruption = new Interruption();
  const { signal } = interruption;

  let allCompleted = true;
  try {
    const { model, card } = await openModel(options, modelsDir, signal);
    const unsupported = (file: string): void => report({ code: 'UNSUPPORTED_FILE' }, file);
    for await (const input of inputsOf(options.inputs, unsupported)) {
      if (signal.aborted) break;
      const result = await extractOne(input, options.schema, model, card, signal);
      await output.write(result);
      if (result.problem) report(result.problem, input.source);
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

/** @throws Cancelled: a record that was interrupted is not written, so that it can be run again whole */
async function extractOne(
  input: Input,
  schema: string,
  model: LanguageModel,
  card: ModelCard,
  signal: AbortSignal,
): Promise<RecordResult> {
  const progress = new ProgressLine();
  let record: RecordResult['record'] = {
    source: input.source,
    sha256: null,
    fileSha256: null,
    chars: 0,
  };
  try {
    const { text, fileSha256 } = decodeText(await input.read());
    record = {
      ...record,
      sha256: createHash('sha256').update(text, 'utf8').digest('hex'),
      fileSha256,
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
            progress.show(`${input.source}  ${event.doneChars} / ${event.totalChars}`);
          }
        },
      },
    );
    // Times differ from run to run; what is written of a record does not.
    const { status, problem, run, facts } = result;
    return { version: 1, record, status, run, facts, ...withMessage(problem) };
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return {
      version: 1,
      record,
      status: 'failed',
      ...withMessage(problemOf(error)),
      facts: [],
      run: plannedRun(card, schema, model),
    };
  } finally {
    progress.clear();
  }
}

function withMessage(problem: Problem | undefined): { problem?: Problem & { message: string } } {
  if (!problem) return {};
  return { problem: { ...problem, message: messagesFor(locale).errors[problem.code].title } };
}
