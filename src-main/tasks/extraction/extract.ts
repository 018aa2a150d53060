/**
 * Extraction of one record: windows, strategy, facts.
 *
 * Windows run in parallel on as many sequences as the model has; facts are emitted as they come and
 * returned in order. A window that fails ends the run as incomplete, with what was found so far.
 */
import { annotationSchema, type AnnotationSchema } from '../../domain/contract/annotation-schema';
import { AppError, problemOf, type Problem } from '../../domain/contract/errors';
import type {
  Approach,
  ExtractionEvent,
  ExtractionRequest,
  ExtractionResult,
  PromptPreview,
  RunIdentity,
} from '../../domain/contract/extraction';
import { maxRecordChars } from '../../domain/contract/extraction';
import type { ModelCard, StrategyCard } from '../../domain/contract/model-card';
import { Cancelled } from '../../domain/contract/rpc';
import type { Section } from '../../domain/contract/section';
import { takesSchema } from '../../domain/rules/model-for-job';
import { checkStructure } from '../../domain/rules/schema-check';
import { findSections } from '../../domain/rules/sections';
import type { Priority } from '../../domain/contract/usage';
import type { LanguageModel } from '../../engine/language-model';
import { UsageMeter } from '../usage-meter';
import { attributePlan, type AttributePlan } from './attribute-plan';
import { instructionFor } from '../../domain/rules/typed-list/instruction';
import { markedCopy } from './marked-copy';
import { recordMarks } from './record-marks';
import { RunFacts } from './run-facts';
import { sourceText, type SourceText } from './source-text';
import type { Annotator, CharMention } from './strategy';
import { typedList } from './typed-list';
import type { Window } from './windows';

export interface ExtractionContext {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  /** Counts what the run costs, for whoever looks while it runs. Defaults to one of its own. */
  readonly meter?: UsageMeter;
  onEvent?(event: ExtractionEvent): void;
}

/**
 * @throws AppError `EMPTY_TEXT`, `TEXT_TOO_LARGE`, `SCHEMA_UNKNOWN`, `SCHEMA_INVALID`,
 *   `SCHEMA_NOT_SUPPORTED`, `STRATEGY_NOT_SUPPORTED`, `MODEL_CARD_INVALID`, `CONTEXT_EXCEEDED`:
 *   nothing could be started
 * @throws Cancelled
 */
export async function extract(
  request: ExtractionRequest,
  context: ExtractionContext,
): Promise<ExtractionResult> {
  const { model, card, signal, meter = new UsageMeter(), onEvent } = context;
  const { text, priority = 'interactive' } = request;
  if (text.trim() === '') throw new AppError('EMPTY_TEXT');
  if (text.length > maxRecordChars) {
    throw new AppError('TEXT_TOO_LARGE', { params: { chars: text.length, limit: maxRecordChars } });
  }
  const work = plan(request, context);
  const { source, schema, strategy, annotator, sections } = work;
  const run = plannedRun(card, request, model);
  onEvent?.({ kind: 'started', run, windows: annotator.windows.length });

  const facts = new RunFacts({
    ...work,
    calibration: strategy.calibration,
    onFact: (fact) => onEvent?.({ kind: 'fact', fact }),
  });
  const collect = (found: CharMention, window: number): void => {
    const mention = inSchema(found, schema, strategy, source);
    if (mention) facts.add(mention, window);
  };
  try {
    const problem = await annotateAll(annotator, { ...context, meter, priority }, source, collect);
    if (signal.aborted) throw new Cancelled();
    return {
      status: problem ? 'incomplete' : 'completed',
      ...(problem ? { problem } : {}),
      run,
      facts: facts.finish(!problem),
      sections: [...sections],
      usage: meter.usage,
    };
  } catch (error) {
    // Whoever stopped the run keeps what it found, fields too.
    if (error instanceof Cancelled) facts.decideFields();
    throw error;
  }
}

interface Plan {
  readonly source: SourceText;
  readonly schema: AnnotationSchema;
  readonly strategy: StrategyCard;
  readonly sections: readonly Section[];
  readonly attributes: AttributePlan;
  readonly annotator: Annotator;
}

type Asked = Pick<ExtractionRequest, 'text' | 'schema' | 'definition' | 'sections' | 'approach'>;

/** @throws AppError of `extract` */
function plan(request: Asked, { model, card }: Pick<ExtractionContext, 'model' | 'card'>): Plan {
  const schema = schemaOf(request);
  demandSchema(card, schema);
  const strategy = strategyOf(card, request.approach);
  const source = sourceText(request.text, strategy.normalisation);
  const sections = request.sections ?? findSections(request.text);
  const attributes = attributePlan(card, strategy, schema);
  const borders = sections.map(({ start }) => codePointAt(source, start));
  const annotator = makeAnnotator(model, card, strategy, source, { schema, attributes, borders });
  return { source, schema, strategy, sections, attributes, annotator };
}

/**
 * One of our own, or the definition that came with the request.
 * @throws AppError `SCHEMA_UNKNOWN`, `SCHEMA_INVALID`
 */
export function schemaOf({ schema, definition }: Pick<Asked, 'schema' | 'definition'>) {
  if (!definition) return annotationSchema(schema);
  const [fault] = checkStructure(definition);
  if (fault) {
    const at = fault.path.join('.');
    throw new AppError('SCHEMA_INVALID', { params: { at, why: fault.code } });
  }
  return definition;
}

/** The code point that begins at, or first after, a UTF-16 offset. */
function codePointAt({ offsets }: SourceText, offset: number): number {
  let [low, high] = [0, offsets.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface MeteredContext extends ExtractionContext {
  readonly meter: UsageMeter;
  readonly priority: Priority;
}

/**
 * The very tokens that the first window of a text is sent as, without asking the model anything.
 * @throws AppError of `extract`
 */
export function previewPrompt(
  request: Asked,
  context: Pick<ExtractionContext, 'model' | 'card'>,
): PromptPreview {
  const { model } = context;
  const { annotator } = plan(request, context);
  const [first] = annotator.windows;
  const tokens = first ? annotator.promptOf(first) : [];
  return {
    tokens: tokens.map((token) => ({ id: token, ...model.describe(token) })),
    windows: annotator.windows.length,
    contextSize: model.contextSize,
  };
}

/** Runs every window; returns the first thing that went wrong, if any. */
async function annotateAll(
  annotator: Annotator,
  { model, signal, meter, priority, onEvent }: MeteredContext,
  source: SourceText,
  collect: (mention: CharMention, window: number) => void,
): Promise<Problem | null> {
  const { windows } = annotator;
  const totalChars = source.original.length;
  let next = 0;
  let doneChars = 0;
  let problem: Problem | null = null;

  const lane = async (): Promise<void> => {
    const sequence = await model.openSequence(signal, { priority, meter });
    try {
      for (let at = next++; at < windows.length && !signal.aborted; at = next++) {
        const window = windows[at] as Window;
        const { ended } = await annotator.annotate(window, sequence, signal, (mention) => {
          if (mention.start >= window.from && mention.start < window.to) collect(mention, at);
        });
        if (ended === 'length-limit') problem ??= { code: 'LENGTH_LIMIT' };
        doneChars +=
          (source.offsets[window.to] as number) - (source.offsets[window.from] as number);
        onEvent?.({
          kind: 'progress',
          doneChars,
          totalChars,
          contextUsed: sequence.length,
          contextSize: model.contextSize,
          speed: meter.speed,
        });
      }
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      problem ??= problemOf(error);
      // The other lanes stop at their next window: more of a failing model helps nobody.
      next = windows.length;
    } finally {
      sequence.release();
    }
  };

  const lanes = Math.max(1, Math.min(model.sequences, windows.length));
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
  return problem;
}

/** @throws AppError `SCHEMA_NOT_SUPPORTED` when the model does not take the schema */
function demandSchema(card: ModelCard, schema: AnnotationSchema): void {
  if (!takesSchema(card.capabilities, schema.id)) {
    throw new AppError('SCHEMA_NOT_SUPPORTED', { params: { schema: schema.id, model: card.name } });
  }
}

/** @throws AppError `STRATEGY_NOT_SUPPORTED` where the card does not name the one that is asked for */
function strategyOf(card: ModelCard, { strategy: kind, windowChars }: Approach = {}): StrategyCard {
  const strategy = card.strategies.find((each) => kind === undefined || each.kind === kind);
  if (!strategy) throw new AppError('STRATEGY_NOT_SUPPORTED', { params: { model: card.name } });
  if (windowChars === undefined || windowChars >= strategy.windowChars) return strategy;
  return { ...strategy, windowChars };
}

function makeAnnotator(
  model: LanguageModel,
  card: ModelCard,
  strategy: StrategyCard,
  source: SourceText,
  { schema, attributes, borders }: AnnotatorOptions,
): Annotator {
  switch (strategy.kind) {
    case 'marked-copy':
      return markedCopy(model, strategy, card.promptFormat, source, {
        ...{ schema: schema.id, borders },
        predictor: recordMarks(),
      });
    case 'typed-list':
      return typedList(model, strategy, card.promptFormat, source, {
        ...{ schema, attributes: attributes.byModel, borders },
      });
    default:
      return strategy satisfies never;
  }
}

interface AnnotatorOptions {
  readonly schema: AnnotationSchema;
  readonly attributes: AttributePlan;
  /** Code points at which sections begin. */
  readonly borders: readonly number[];
}

/**
 * What a run with this model would use; frozen with its results.
 * @throws AppError `SCHEMA_UNKNOWN`, `SCHEMA_INVALID`, `STRATEGY_NOT_SUPPORTED`
 */
export function plannedRun(
  card: ModelCard,
  request: Pick<Asked, 'schema' | 'definition' | 'approach'>,
  model: LanguageModel,
): RunIdentity {
  const strategy = strategyOf(card, request.approach);
  const schema = schemaOf(request);
  const plan = attributePlan(card, strategy, schema);
  const { attributes = [], derive } = strategy.kind === 'marked-copy' ? strategy : {};
  const stated =
    strategy.kind === 'marked-copy'
      ? attributes.map(({ attribute }): string => attribute)
      : plan.byModel;
  return {
    schema: schema.id,
    model: { name: card.name, sha256: card.sha256 },
    strategy: strategy.kind,
    settings: {
      promptFormat: card.promptFormat.id,
      instruction: instructionOf(strategy, schema, plan),
      normalisation: strategy.normalisation,
      windowChars: strategy.windowChars,
      context: model.contextSize,
      decoding: 'greedy',
      // What the model can state, and what rules say instead where the schema asks for it. Where both
      // are empty, no tag says nothing about a mention.
      attributes: stated.join(),
      attributesByRule: plan.byRule.join(),
      derived: JSON.stringify(derive?.[schema.id] ?? []),
      ...scaleOf(strategy),
    },
    ...(request.definition ? { definition: request.definition } : {}),
  };
}

/** What confidences went through; nothing where they are the model's own, as runs of earlier versions say. */
function scaleOf({ calibration }: StrategyCard): { calibration?: string } {
  return calibration ? { calibration: `${calibration.slope} ${calibration.intercept}` } : {};
}

/**
 * The mention as the asked schema knows it, or null: a model may be trained on more types, and its card
 * may say what such a type holds of the schema's own (`derive`).
 */
function inSchema(
  mention: CharMention,
  schema: AnnotationSchema,
  strategy: StrategyCard,
  { chars }: SourceText,
): CharMention | null {
  if (mention.field || schema.types.some(({ id }) => id === mention.type)) return mention;
  const rules = strategy.kind === 'marked-copy' ? strategy.derive?.[schema.id] : undefined;
  const rule = rules?.find(({ from }) => from === mention.type);
  if (!rule || !schema.types.some(({ id }) => id === rule.to)) return null;
  const words = chars.slice(mention.start, mention.end).join('');
  const fitting = rule.parts.filter((part) => words.startsWith(part) && words !== part);
  const length = Math.max(0, ...fitting.map((part) => Array.from(part).length));
  if (length === 0) return null;
  const { start, confidence } = mention;
  // A pain that is denied leaves a part of the body as it is; whose body it is stays true.
  const attributes = (mention.attributes ?? []).filter((attribute) => attribute === 'family');
  return { type: rule.to, start, end: start + length, confidence, attributes };
}

/** What the model is asked with: words, or the control token of the schema. */
function instructionOf(
  strategy: StrategyCard,
  schema: AnnotationSchema,
  { byModel }: AttributePlan,
): string {
  if (strategy.kind === 'typed-list') return instructionFor(strategy, schema, byModel);
  return strategy.instruction ?? strategy.tasks?.[schema.id] ?? '';
}
