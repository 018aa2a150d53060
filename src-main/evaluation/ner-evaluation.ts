/**
 * How well a model extracts: the very extraction of the program over annotated records, scored.
 */
import { annotationSchema } from '../domain/contract/annotation-schema';
import type { Problem } from '../domain/contract/errors';
import type { Fact } from '../domain/contract/fact';
import { extract, type ExtractionContext } from '../tasks/extraction/extract';
import { unknownLabels, type LabelMapping } from './label-mapping';
import { labelledRecords, type LabelledRecord, type ReadOptions } from './labelled-records';
import { SpanScorer, type Span, type SpanScores } from './span-scores';

/** What `chimed eval ner --format json` prints; readers ignore unknown keys. */
export interface NerReport {
  readonly version: 1;
  readonly schema: string;
  /** Name of the label mapping. */
  readonly labels: string;
  /** Types of the schema that no label of the data set means: they are not scored. */
  readonly unscored: readonly string[];
  readonly records: number;
  /** Records whose extraction ended early; what was found in them is scored. */
  readonly incomplete: number;
  /** Faults of the data set itself; see `LabelledRecord.defects`. */
  readonly defects: number;
  readonly strict: SpanScores;
  readonly relaxed: SpanScores;
  /** Facts whose words are not in their record. */
  readonly ungrounded: number;
  /** Facts whose words are not at their place. */
  readonly offsetErrors: number;
  /** Spent on extraction: without loading the model and reading the file. */
  readonly seconds: number;
  readonly recordsPerMinute: number;
  readonly model: { readonly name: string; readonly sha256: string };
}

export interface Survey {
  readonly records: number;
  readonly labels: ReadonlySet<string>;
}

/**
 * Reads the whole data set once, so that a fault in its last line does not cost hours of running.
 * @throws as `labelledRecords`
 */
export async function surveyRecords(path: string, options: ReadOptions): Promise<Survey> {
  const labels = new Set<string>();
  let records = 0;
  for await (const record of labelledRecords(path, options)) {
    records++;
    for (const label of record.labels) labels.add(label);
  }
  return { records, labels };
}

export interface NerOptions extends Omit<ExtractionContext, 'onEvent'> {
  readonly schema: string;
  readonly mapping: LabelMapping;
  /** After each record: how many are done. */
  onProgress?(done: number): void;
  /** Each fact that is scored, with its record's line. */
  onFact?(fact: Fact, line: number): void;
  /** A record's extraction ended early. */
  onIncomplete?(line: number, problem: Problem): void;
}

/**
 * One record after another.
 * @throws AppError of reading the records; `DATASET_LABELS_UNKNOWN`; of `extract`, when it cannot start
 * @throws Cancelled
 */
export async function evaluateNer(
  records: AsyncIterable<LabelledRecord>,
  options: NerOptions,
): Promise<NerReport> {
  const { model, card, signal, schema, mapping } = options;
  const asked = annotationSchema(schema).types.map(({ id }) => id);
  const annotated = new Set(mapping.types.values());
  // What nobody annotated cannot be called wrong.
  const scored = asked.filter((id) => annotated.has(id));
  const scorer = new SpanScorer(scored);
  const count = { records: 0, incomplete: 0, defects: 0, ungrounded: 0, offsetErrors: 0 };
  let milliseconds = 0;
  for await (const record of records) {
    let facts: readonly Fact[] = [];
    // The program refuses a record without words; it is counted as a defect, and nothing is found.
    if (record.text.trim() !== '') {
      const began = performance.now();
      const result = await extract({ text: record.text, schema }, { model, card, signal });
      milliseconds += performance.now() - began;
      facts = result.facts;
      if (result.problem) {
        count.incomplete++;
        options.onIncomplete?.(record.line, result.problem);
      }
    }
    for (const fact of facts) options.onFact?.(fact, record.line);
    scorer.add(annotatedSpans(record, mapping), facts.map(spanOf));
    count.ungrounded += facts.filter((fact) => !isGrounded(fact, record.text)).length;
    count.offsetErrors += facts.filter((fact) => !isInPlace(fact, record.text)).length;
    count.defects += record.defects;
    count.records++;
    options.onProgress?.(count.records);
  }
  const seconds = milliseconds / 1000;
  return {
    version: 1,
    schema,
    labels: mapping.name,
    unscored: asked.filter((id) => !annotated.has(id)),
    records: count.records,
    incomplete: count.incomplete,
    defects: count.defects,
    strict: scorer.strict(),
    relaxed: scorer.relaxed(),
    ungrounded: count.ungrounded,
    offsetErrors: count.offsetErrors,
    seconds: rounded(seconds, 1000),
    recordsPerMinute: seconds === 0 ? 0 : rounded((count.records * 60) / seconds, 10),
    model: { name: card.name, sha256: card.sha256 },
  };
}

/** Annotations in our types; those that mean none of ours are left out. */
function annotatedSpans(record: LabelledRecord, { types }: LabelMapping): Span[] {
  return record.annotations.flatMap(({ label, start, end }) => {
    const type = types.get(label);
    if (type === undefined) throw unknownLabels([label]);
    return type === null ? [] : [{ type, start, end }];
  });
}

/** A fact without a place is a wrong one: it can agree with nothing. */
function spanOf({ type, start, end }: Fact): Span {
  return { type, start: start ?? -1, end: end ?? -1 };
}

export function isGrounded({ text }: Pick<Fact, 'text'>, record: string): boolean {
  return text !== null && text !== '' && record.includes(text);
}

export function isInPlace(
  { text, start, end }: Pick<Fact, 'text' | 'start' | 'end'>,
  record: string,
): boolean {
  return start !== null && end !== null && record.slice(start, end) === text;
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
