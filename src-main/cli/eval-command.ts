/** `chimed eval ner`: how well a model extracts, measured on an annotated set. */
import { basename } from 'node:path';
import { annotationSchema } from '../domain/contract/annotation-schema';
import type { NerReport } from '../domain/contract/evaluation';
import { Cancelled } from '../domain/contract/rpc';
import { formatterFor, messagesFor } from '../domain/messages';
import { mappingFor, readLabelMapping, readLabelMappings } from '../evaluation/label-mapping';
import { labelledRecords } from '../evaluation/labelled-records';
import { evaluateNer, surveyRecords } from '../evaluation/ner-evaluation';
import { extract } from '../tasks/extraction/extract';
import { Interruption } from './interruption';
import { nerTable } from './ner-table';
import { openModel, type ModelChoice } from './open-model';
import { standardOutput } from './output';
import { exitCodes, locale, note, ProgressLine, report } from './terminal';

export interface EvalNerOptions extends ModelChoice {
  readonly data: string;
  readonly schema: string;
  /** A label mapping. Defaults to the first of the program's own that knows all labels of the data. */
  readonly labels?: string;
  readonly limit?: number;
  readonly format: 'text' | 'json';
}

export interface EvalPlaces {
  readonly modelsDir: string;
  /** Holds the label mappings. */
  readonly labelsDir: string;
}

/**
 * Prints scores once all records are done, so that there are never scores of a part by accident.
 * @returns the exit code: 0 all completed, 1 any record not, 130 or 143 interrupted
 * @throws AppError for what stops everything: the data, its labels, the model
 */
export async function evalNerCommand(options: EvalNerOptions, places: EvalPlaces): Promise<number> {
  annotationSchema(options.schema);
  const interruption = new Interruption();
  try {
    const result = await evaluate(options, places, interruption.signal);
    const text =
      options.format === 'json' ? `${JSON.stringify(result)}\n` : nerTable(result, locale);
    await standardOutput().write(text);
    return result.incomplete === 0 ? exitCodes.ok : exitCodes.failed;
  } catch (error) {
    if (!(error instanceof Cancelled) || interruption.exitCode === null) throw error;
    note(messagesFor(locale).evaluation.interrupted);
    return interruption.exitCode;
  }
}

/** @throws Cancelled */
async function evaluate(
  options: EvalNerOptions,
  { modelsDir, labelsDir }: EvalPlaces,
  signal: AbortSignal,
): Promise<NerReport> {
  const { data, schema, limit } = options;
  const survey = await surveyRecords(data, { limit, signal });
  const mappings =
    options.labels === undefined
      ? await readLabelMappings(labelsDir)
      : [await readLabelMapping(options.labels)];
  const mapping = mappingFor(mappings, survey.labels);
  const { model, card } = await openModel(options, modelsDir, signal);

  const texts = messagesFor(locale).evaluation;
  const { integer } = formatterFor(locale);
  const total = integer(survey.records);
  note(texts.started(total, card.name));
  const progress = new ProgressLine();
  try {
    const result = await evaluateNer(labelledRecords(data, { limit, signal }), {
      model: { name: card.name, sha256: card.sha256 },
      extract: (text) => extract({ text, schema }, { model, card, signal }),
      schema,
      mapping,
      onProgress: (done) => progress.show(texts.progress(integer(done), total)),
      onIncomplete: (line, problem) => {
        progress.clear();
        report(problem, `${basename(data)}:${line}`);
      },
    });
    // An interruption after the last record still asked for no result.
    if (signal.aborted) throw new Cancelled();
    return result;
  } finally {
    progress.clear();
  }
}
