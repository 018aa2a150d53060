/**
 * How well a model extracts: the very extraction of the program over annotated records, scored.
 */
import { annotationSchema, type AnnotationSchema } from '../domain/contract/annotation-schema';
import type { Problem } from '../domain/contract/errors';
import type { NerReport } from '../domain/contract/evaluation';
import type { ExtractionResult, RunIdentity } from '../domain/contract/extraction';
import type { Fact } from '../domain/contract/fact';
import { CalibrationMeter } from './calibration';
import { unknownLabels, type LabelMapping } from './label-mapping';
import { labelledRecords, type LabelledRecord, type ReadOptions } from './labelled-records';
import { SpanScorer, type Span } from './span-scores';
import { ConfusionCounter } from './type-confusion';

export interface Survey {
  readonly records: number;
  readonly labels: ReadonlySet<string>;
  /** Of the set itself; see `LabelledRecord`. */
  readonly defects: number;
}

/**
 * Reads the whole data set once, so that a fault in its last line does not cost hours of running.
 * @throws as `labelledRecords`
 */
export async function surveyRecords(path: string, options: ReadOptions): Promise<Survey> {
  const labels = new Set<string>();
  let records = 0;
  let defects = 0;
  for await (const record of labelledRecords(path, options)) {
    records++;
    defects += record.defects;
    for (const label of record.labels) labels.add(label);
  }
  return { records, labels, defects };
}

export interface NerOptions<R extends LabelledRecord> {
  readonly schema: string;
  /** What `schema` names, where it is not one of our own. */
  readonly definition?: Pick<AnnotationSchema, 'types'> | undefined;
  /** Whose extraction it is. */
  readonly model: RunIdentity['model'];
  readonly mapping: LabelMapping;
  /** The program's own extraction of one record. @throws AppError, Cancelled: they end the evaluation */
  extract(text: string, record: R): Promise<ExtractionResult>;
  /** After each record: how many are done. */
  onProgress?(done: number): void;
  /** Each mention that is scored, with its record's line. */
  onFact?(fact: Fact, line: number): void;
  /** Each scored mention's confidence, and whether it is strictly right. */
  onConfidence?(confidence: number, isRight: boolean): void;
  /** A record's extraction ended early. */
  onIncomplete?(line: number, problem: Problem): void;
}

/** Types of a schema that the labels of a data set mean; of the others nothing can be called wrong. */
export function scoredTypes(
  { types }: Pick<AnnotationSchema, 'types'>,
  mapping: LabelMapping,
): string[] {
  const annotated = new Set(mapping.types.values());
  return types.map(({ id }) => id).filter((id) => annotated.has(id));
}

/**
 * One record after another. Mentions are scored; of fields it is only checked that each quotation stands
 * where the fact says.
 * @throws AppError of reading the records; `DATASET_LABELS_UNKNOWN`; and what `extract` throws
 * @throws Cancelled
 */
export async function evaluateNer<R extends LabelledRecord>(
  records: AsyncIterable<R>,
  options: NerOptions<R>,
): Promise<NerReport> {
  const { schema, mapping, model } = options;
  const definition = options.definition ?? annotationSchema(schema);
  const scored = scoredTypes(definition, mapping);
  const scorer = new SpanScorer(scored);
  const confusion = new ConfusionCounter(scored);
  const calibration = new CalibrationMeter();
  const count = { records: 0, incomplete: 0, defects: 0, ungrounded: 0, offsetErrors: 0 };
  const tokens = { prompt: 0, reused: 0, decoded: 0 };
  const times: number[] = [];
  for await (const record of records) {
    let facts: readonly Fact[] = [];
    // The program refuses a record without words; it is counted as a defect, and nothing is found.
    if (record.text.trim() !== '') {
      const began = performance.now();
      const result = await options.extract(record.text, record);
      times.push(performance.now() - began);
      facts = result.facts;
      tokens.prompt += result.usage?.promptTokens ?? 0;
      tokens.reused += result.usage?.reusedTokens ?? 0;
      tokens.decoded += result.usage?.decodedTokens ?? 0;
      if (result.problem) {
        count.incomplete++;
        options.onIncomplete?.(record.line, result.problem);
      }
    }
    const mentions = facts.filter(({ kind }) => kind === 'mention');
    for (const mention of mentions) options.onFact?.(mention, record.line);
    const wanted = annotatedSpans(record, mapping);
    const found = mentions.map(spanOf);
    scorer.add(wanted, found);
    confusion.add(wanted, found);
    const places = new Set(wanted.map(placeOf));
    for (const mention of mentions) {
      if (mention.confidence === null || !scored.includes(mention.type)) continue;
      // Strictly right: same type, start and end.
      const isRight = places.has(placeOf(spanOf(mention)));
      calibration.add(mention.confidence, isRight);
      options.onConfidence?.(mention.confidence, isRight);
    }
    const quotes = facts.map(quotationsOf);
    count.ungrounded += quotes.filter(
      (all) => !all.every((one) => isGrounded(one, record.text)),
    ).length;
    count.offsetErrors += quotes.filter(
      (all) => !all.every((one) => isInPlace(one, record.text)),
    ).length;
    count.defects += record.defects;
    count.records++;
    options.onProgress?.(count.records);
  }
  const seconds = times.reduce((sum, time) => sum + time, 0) / 1000;
  return {
    version: 1,
    schema,
    labels: mapping.name,
    unscored: definition.types.map(({ id }) => id).filter((id) => !scored.includes(id)),
    records: count.records,
    incomplete: count.incomplete,
    defects: count.defects,
    strict: scorer.strict(),
    relaxed: scorer.relaxed(),
    confusion: confusion.confusion(),
    calibration: calibration.calibration(),
    latency: latencyOf(times),
    tokens,
    ungrounded: count.ungrounded,
    offsetErrors: count.offsetErrors,
    seconds: rounded(seconds, 1000),
    recordsPerMinute: seconds === 0 ? 0 : rounded((count.records * 60) / seconds, 10),
    model: { name: model.name, sha256: model.sha256 },
  };
}

function placeOf({ type, start, end }: Span): string {
  return `${type} ${start} ${end}`;
}

/** Nearest rank. */
function latencyOf(times: readonly number[]): NerReport['latency'] {
  if (times.length === 0) return null;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    rounded(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number, 10);
  return { median: at(0.5), p95: at(0.95), max: at(1) };
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

/** A mention is its own; a field that the record does not mention has none. */
function quotationsOf(fact: Fact): readonly Pick<Fact, 'text' | 'start' | 'end'>[] {
  return fact.kind === 'mention' ? [fact] : fact.evidence;
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
