/**
 * Extraction of one record: windows, strategy, facts.
 *
 * Windows run in parallel on as many sequences as the model has; facts are emitted as they come and
 * returned in order. A window that fails ends the run as incomplete, with what was found so far.
 */
import { annotationSchema, type AnnotationSchema } from '../../domain/contract/annotation-schema';
import { AppError, problemOf, type Problem } from '../../domain/contract/errors';
import type {
  ExtractionEvent,
  ExtractionRequest,
  ExtractionResult,
  PromptPreview,
  RunIdentity,
} from '../../domain/contract/extraction';
import { maxRecordChars } from '../../domain/contract/extraction';
import { compareFacts, type Fact } from '../../domain/contract/fact';
import type { MarkedAttribute, ModelCard, StrategyCard } from '../../domain/contract/model-card';
import { Cancelled } from '../../domain/contract/rpc';
import { takesSchema } from '../../domain/rules/model-for-job';
import type { Priority } from '../../domain/contract/usage';
import type { LanguageModel } from '../../engine/language-model';
import { UsageMeter } from '../usage-meter';
import { markedCopy } from './marked-copy';
import { sourceText, type SourceText } from './source-text';
import type { Annotator, CharMention } from './strategy';
import { typedList } from './typed-list';

export interface ExtractionContext {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  /** Counts what the run costs, for whoever looks while it runs. Defaults to one of its own. */
  readonly meter?: UsageMeter;
  onEvent?(event: ExtractionEvent): void;
}

/**
 * @throws AppError `EMPTY_TEXT`, `TEXT_TOO_LARGE`, `SCHEMA_UNKNOWN`, `SCHEMA_NOT_SUPPORTED`,
 *   `MODEL_CARD_INVALID`, `CONTEXT_EXCEEDED`: nothing could be started
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
  const schema = annotationSchema(request.schema);
  const strategy = chooseStrategy(card, schema);
  const source = sourceText(text, strategy.normalisation);
  const annotator = makeAnnotator(model, card, strategy, source, schema);
  const run = plannedRun(card, schema.id, model);
  onEvent?.({ kind: 'started', run, windows: annotator.windows.length });

  const facts = new Map<string, Fact>();
  const collect = (found: CharMention): void => {
    const mention = inSchema(found, schema, strategy, source);
    if (!mention) return;
    const fact = toFact(mention, source);
    if (facts.has(fact.id)) return;
    facts.set(fact.id, fact);
    onEvent?.({ kind: 'fact', fact });
  };

  const problem = await annotateAll(annotator, { ...context, meter, priority }, source, collect);
  if (signal.aborted) throw new Cancelled();
  return {
    status: problem ? 'incomplete' : 'completed',
    ...(problem ? { problem } : {}),
    run,
    facts: [...facts.values()].sort(compareFacts),
    usage: meter.usage,
  };
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
  { text, schema: id }: Pick<ExtractionRequest, 'text' | 'schema'>,
  { model, card }: Pick<ExtractionContext, 'model' | 'card'>,
): PromptPreview {
  const schema = annotationSchema(id);
  const strategy = chooseStrategy(card, schema);
  const annotator = makeAnnotator(
    model,
    card,
    strategy,
    sourceText(text, strategy.normalisation),
    schema,
  );
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
  collect: (mention: CharMention) => void,
): Promise<Problem | null> {
  const { windows } = annotator;
  const totalChars = source.original.length;
  let next = 0;
  let doneChars = 0;
  let problem: Problem | null = null;

  const lane = async (): Promise<void> => {
    const sequence = await model.openSequence(signal, { priority, meter });
    try {
      for (let window = windows[next++]; window && !signal.aborted; window = windows[next++]) {
        const { ended } = await annotator.annotate(window, sequence, signal, collect);
        if (ended === 'length-limit') problem ??= { code: 'LENGTH_LIMIT' };
        doneChars +=
          (source.offsets[window.end] as number) - (source.offsets[window.start] as number);
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
function chooseStrategy(card: ModelCard, schema: AnnotationSchema): StrategyCard {
  if (!takesSchema(card.capabilities, schema.id)) {
    throw new AppError('SCHEMA_NOT_SUPPORTED', { params: { schema: schema.id, model: card.name } });
  }
  return card.strategies[0] as StrategyCard;
}

function makeAnnotator(
  model: LanguageModel,
  card: ModelCard,
  strategy: StrategyCard,
  source: SourceText,
  schema: AnnotationSchema,
): Annotator {
  switch (strategy.kind) {
    case 'marked-copy':
      return markedCopy(model, strategy, card.promptFormat, source, { schema: schema.id });
    case 'typed-list':
      return typedList(
        model,
        strategy,
        card.promptFormat,
        source,
        schema.types.map(({ id }) => id),
      );
    default:
      return strategy satisfies never;
  }
}

/** What a run with this model would use; frozen with its results. */
export function plannedRun(card: ModelCard, schema: string, model: LanguageModel): RunIdentity {
  const strategy = card.strategies[0] as StrategyCard;
  const { attributes = [], derive } = strategy.kind === 'marked-copy' ? strategy : {};
  return {
    schema,
    model: { name: card.name, sha256: card.sha256 },
    strategy: strategy.kind,
    settings: {
      promptFormat: card.promptFormat.id,
      instruction: instructionOf(strategy, schema),
      normalisation: strategy.normalisation,
      windowChars: strategy.windowChars,
      context: model.contextSize,
      decoding: 'greedy',
      // What the model can state; where it is empty, no tag says nothing about a mention.
      attributes: attributes.map(({ attribute }) => attribute).join(),
      derived: JSON.stringify(derive?.[schema] ?? []),
    },
  };
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
  if (schema.types.some(({ id }) => id === mention.type)) return mention;
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
function instructionOf(strategy: StrategyCard, schema: string): string {
  if (strategy.kind === 'typed-list') return strategy.instruction;
  return strategy.instruction ?? strategy.tasks?.[schema] ?? '';
}

/** A mention in code points as a fact in UTF-16 units of the original text. */
function toFact(mention: CharMention, source: SourceText): Fact {
  const start = source.offsets[mention.start] as number;
  const end = source.offsets[mention.end] as number;
  const text = source.original.slice(start, end);
  return {
    id: `m${start}-${end}-${mention.type}`,
    kind: 'mention',
    type: mention.type,
    text,
    start,
    end,
    evidence: [{ text, start, end }],
    attributes: attributesOf(mention.attributes ?? []),
    confidence: Math.min(1, Math.max(0, mention.confidence)),
  };
}

function attributesOf(marks: readonly MarkedAttribute[]): Fact['attributes'] {
  return {
    ...(marks.includes('negated') ? { negated: true } : {}),
    ...(marks.includes('uncertain') ? { uncertain: true } : {}),
    ...(marks.includes('historical') ? { historical: true } : {}),
    ...(marks.includes('family') ? { experiencer: 'family' as const } : {}),
  };
}
