/**
 * The answer to a question. With a record the evidence comes first; what is written is written from it,
 * each sentence with its quotation, and without evidence nothing is. A model that cannot write gives the
 * quotations themselves. Without a record the words are the model's own, so they pass the guards of a draft:
 * no part of a medication order is ever shown.
 */
import type { DraftGuard } from '../../domain/contract/dialogue';
import { AppError } from '../../domain/contract/errors';
import type { Evidence } from '../../domain/contract/fact';
import type { ModelCard } from '../../domain/contract/model-card';
import {
  defaultThreshold,
  type QaAnswer,
  type QaEvent,
  type QaRequest,
  type QaSentence,
} from '../../domain/contract/qa';
import type { RecordParts } from '../../domain/contract/record-parts';
import type { Section } from '../../domain/contract/section';
import { guardsOf } from '../../domain/rules/dialogue/draft-guards';
import { OrderStream } from '../../domain/rules/prescription/order-stream';
import type { LanguageModel, Sequence, Token } from '../../engine/language-model';
import { defaultSampling, type SamplingSettings } from '../generation/sampling';
import { generate } from '../generation/generate';
import { stopsOf } from '../generation/stop-watcher';
import { UsageMeter } from '../usage-meter';
import { citedAnswer } from './cited-answer';
import {
  answerTokens,
  canWrite,
  checkedQuestion,
  partsOf,
  QaContextWindow,
  recordSentences,
} from './qa-context';
import { quotationsOf } from './quotations';
import { selectEvidence } from './select-evidence';
import type { Sentence } from './sentences';

export interface QaContext {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly meter?: UsageMeter;
  /** Sections where the request brings none. */
  findSections(text: string): readonly Section[];
  onEvent?(event: QaEvent): void;
}

const answerSentences = 6;

/**
 * @throws AppError `EMPTY_QUESTION`, `QUESTION_TOO_LONG`, `EMPTY_TEXT`, `TEXT_TOO_LARGE`; `TASK_NOT_SUPPORTED`
 *   for a question without a record to a model that cannot be talked to; `CONTEXT_EXCEEDED` where not even
 *   the question fits
 * @throws Cancelled; what was told by events until then stands
 */
export async function answerQuestion(request: QaRequest, context: QaContext): Promise<QaAnswer> {
  const question = checkedQuestion(request.question);
  const meter = context.meter ?? new UsageMeter();
  const work = new Work({ ...request, question }, { ...context, meter });
  return request.record ? work.fromRecord(request.record) : work.withoutRecord();
}

class Work {
  readonly #request: QaRequest;
  readonly #context: QaContext & { readonly meter: UsageMeter };
  readonly #window: QaContextWindow;

  constructor(request: QaRequest, context: QaContext & { readonly meter: UsageMeter }) {
    this.#request = request;
    this.#context = context;
    this.#window = new QaContextWindow(context.model, context.card);
  }

  async fromRecord(record: NonNullable<QaRequest['record']>): Promise<QaAnswer> {
    const { card, findSections } = this.#context;
    const sentences = recordSentences(record, findSections);
    return canWrite(card)
      ? this.#written(record.text, sentences)
      : this.#quotations(record.text, sentences);
  }

  async withoutRecord(): Promise<QaAnswer> {
    const { model, card, signal, onEvent, meter } = this.#context;
    const { turns } = card.promptFormat;
    if (!turns || !canWrite(card)) {
      throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
    }
    const { prompt, forgotten } = this.#window.free(this.#request);
    return this.#onSequence(async (sequence) => {
      this.#tellContext(prompt.length, { used: [], whole: true }, forgotten);
      const orders = new OrderStream();
      let text = '';
      const show = (piece: string): void => {
        if (piece === '') return;
        text += piece;
        onEvent?.({ kind: 'text', text: piece, speed: meter.speed });
      };
      const { ended } = await generate(model, sequence, prompt, {
        sampling: this.#sampling,
        maxTokens: answerTokens,
        stops: stopsOf(turns.toNextUser),
        signal,
        onText: (piece) => show(orders.push(piece)),
      });
      show(orders.end());
      const answer = text.trim();
      return this.#answer({
        answer,
        basis: 'no-record',
        form: 'written',
        sentences: answer === '' ? [] : [{ text: answer, cites: [] }],
        quotes: [],
        guards: guardsOf(answer, { hasRecord: false }),
        confidence: null,
        parts: null,
        isCut: ended === 'length',
      });
    });
  }

  /** By search alone. */
  #quotations(text: string, sentences: readonly Sentence[]): QaAnswer {
    const { onEvent } = this.#context;
    const search = quotationsOf(text, sentences, this.#request.question);
    const { confidence } = search;
    const isFound = confidence >= this.#threshold && search.quotes.length > 0;
    const { quotes, more } = isFound ? search : { quotes: [], more: 0 };
    onEvent?.({ kind: 'evidence', quotes: [...quotes], confidence });
    return this.#answer({
      answer: quotes.map((quote) => quote.text).join('\n'),
      basis: isFound ? 'record' : 'record-no-evidence',
      form: 'quotations',
      sentences: quotes.map((quote, at) => ({ text: quote.text, cites: [at] })),
      quotes,
      more,
      confidence,
      parts: partsOf(sentences, sentences),
      isCut: false,
    });
  }

  async #written(text: string, sentences: readonly Sentence[]): Promise<QaAnswer> {
    const { model, signal, onEvent, meter } = this.#context;
    const { question } = this.#request;
    const shown = this.#window.thatFit(text, sentences, question);
    const fitted = this.#window.evidence(text, shown, this.#request);
    const { prompt, forgotten } = fitted;
    const parts = partsOf(shown, sentences);
    return this.#onSequence(async (sequence) => {
      this.#tellContext(prompt.length, parts, forgotten);
      await sequence.prefill(prompt.slice(0, -1), signal);
      const last = prompt.at(-1) as Token;
      const { picked, confidence, written } = await selectEvidence(
        model,
        sequence,
        last,
        shown.length,
        signal,
      );
      const isFound = confidence >= this.#threshold && picked.length > 0;
      const quotes = isFound ? picked.map((at) => quoteOf(text, shown[at] as Sentence)) : [];
      onEvent?.({ kind: 'evidence', quotes, confidence });
      const basis = isFound ? 'record' : 'record-no-evidence';
      const common = { basis, form: 'written', quotes, confidence, parts } as const;
      if (!isFound) return this.#answer({ ...common, answer: '', sentences: [], isCut: false });
      const going = this.#window.answer(text, shown, question, fitted, written);
      const said = await citedAnswer(model, sequence, going, {
        quotes: quotes.length,
        sampling: this.#sampling,
        maxTokens: answerTokens,
        maxSentences: answerSentences,
        signal,
        onText: (piece) => onEvent?.({ kind: 'text', text: piece, speed: meter.speed }),
      });
      return this.#answer({
        ...common,
        answer: said.sentences.map(citedText).join(''),
        sentences: said.sentences,
        isCut: said.ended === 'length',
      });
    });
  }

  async #onSequence(work: (sequence: Sequence) => Promise<QaAnswer>): Promise<QaAnswer> {
    const { model, signal, meter } = this.#context;
    const priority = this.#request.priority ?? 'interactive';
    const sequence = await model.openSequence(signal, { priority, meter });
    try {
      return await work(sequence);
    } finally {
      sequence.release();
    }
  }

  #tellContext(used: number, parts: RecordParts, forgotten: number): void {
    const { model, onEvent } = this.#context;
    onEvent?.({ kind: 'context', used, size: model.contextSize, parts, forgotten });
  }

  #answer(said: {
    readonly answer: string;
    readonly basis: QaAnswer['basis'];
    readonly form: QaAnswer['form'];
    readonly sentences: readonly QaSentence[];
    readonly quotes: readonly Evidence[];
    readonly more?: number;
    readonly guards?: DraftGuard[];
    readonly confidence: number | null;
    readonly parts: RecordParts | null;
    readonly isCut: boolean;
  }): QaAnswer {
    const { card, meter } = this.#context;
    const { isCut, sentences, quotes, more = 0, ...rest } = said;
    return {
      version: 1,
      ...rest,
      sentences: [...sentences],
      quotes: [...quotes],
      ...(more > 0 ? { more } : {}),
      ...(isCut ? { problem: { code: 'LENGTH_LIMIT' } as const } : {}),
      model: { name: card.name, sha256: card.sha256 },
      usage: meter.usage,
    };
  }

  get #threshold(): number {
    return this.#request.threshold ?? defaultThreshold;
  }

  get #sampling(): SamplingSettings {
    const { temperature = 0, seed = defaultSampling.seed } = this.#request;
    return { ...defaultSampling, temperature, seed };
  }
}

function quoteOf(text: string, { start, end }: Sentence): Evidence {
  return { text: text.slice(start, end), start, end };
}

/** A sentence with its citations, counted from 1. */
export function citedText({ text, cites }: QaSentence): string {
  return `${text}${cites.map((at) => `[${at + 1}]`).join('')}`;
}
