/**
 * The answer to a question. With a record the evidence comes first; what is written is written from it,
 * each sentence with its quotation, and without evidence nothing is. A model that cannot write gives the
 * quotations themselves.
 */
import { AppError } from '../../domain/contract/errors';
import type { Evidence } from '../../domain/contract/fact';
import { maxRecordChars } from '../../domain/contract/extraction';
import type { ModelCard } from '../../domain/contract/model-card';
import {
  maxQuestionChars,
  type QaAnswer,
  type QaEvent,
  type QaParts,
  type QaRequest,
  type QaSentence,
} from '../../domain/contract/qa';
import type { Section } from '../../domain/contract/section';
import type { LanguageModel, Sequence, Token } from '../../engine/language-model';
import { defaultSampling, type SamplingSettings } from '../generation/sampling';
import { generate } from '../generation/generate';
import { stopsOf } from '../generation/stop-watcher';
import { conversationTokens, type Exchange } from '../prompt/conversation';
import { UsageMeter } from '../usage-meter';
import { citedAnswer } from './cited-answer';
import { quotationsOf } from './quotations';
import { answerPrompt, evidencePrompt, freePrompt } from './prompts';
import { selectEvidence } from './select-evidence';
import { SentenceSearch } from './sentence-search';
import { sentencesOf, type Sentence } from './sentences';

export interface QaContext {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly meter?: UsageMeter;
  /** Sections where the request brings none. */
  findSections(text: string): readonly Section[];
  onEvent?(event: QaEvent): void;
}

/** Set by hand: more likely than not. */
export const defaultThreshold = 0.5;

const answerTokens = 400;
const answerSentences = 6;
/** Tokens that are kept free for picking evidence and writing. */
const room = answerTokens + 80;

/**
 * @throws AppError `EMPTY_QUESTION`, `QUESTION_TOO_LONG`, `EMPTY_TEXT`, `TEXT_TOO_LARGE`; `TASK_NOT_SUPPORTED`
 *   for a question without a record to a model that cannot be talked to; `CONTEXT_EXCEEDED` where not even
 *   the question fits
 * @throws Cancelled; what was told by events until then stands
 */
export async function answerQuestion(request: QaRequest, context: QaContext): Promise<QaAnswer> {
  const question = request.question.trim();
  if (question === '') throw new AppError('EMPTY_QUESTION');
  if (question.length > maxQuestionChars) {
    throw new AppError('QUESTION_TOO_LONG', {
      params: { chars: question.length, limit: maxQuestionChars },
    });
  }
  const meter = context.meter ?? new UsageMeter();
  const work = new Work({ ...request, question }, { ...context, meter });
  return request.record ? work.fromRecord(request.record) : work.withoutRecord();
}

class Work {
  readonly #request: QaRequest;
  readonly #context: QaContext & { readonly meter: UsageMeter };

  constructor(request: QaRequest, context: QaContext & { readonly meter: UsageMeter }) {
    this.#request = request;
    this.#context = context;
  }

  async fromRecord(record: NonNullable<QaRequest['record']>): Promise<QaAnswer> {
    const { text } = record;
    if (text.trim() === '') throw new AppError('EMPTY_TEXT');
    if (text.length > maxRecordChars) {
      throw new AppError('TEXT_TOO_LARGE', {
        params: { chars: text.length, limit: maxRecordChars },
      });
    }
    const sections = record.sections ?? this.#context.findSections(text);
    const sentences = sentencesOf(text, sections);
    if (
      !this.#context.card.promptFormat.turns ||
      !this.#context.card.capabilities.tasks.includes('qa')
    )
      return this.#quotations(text, sentences);
    return this.#written(text, sentences);
  }

  async withoutRecord(): Promise<QaAnswer> {
    const { model, signal, onEvent, meter } = this.#context;
    const turns = this.#turns();
    const { prompt, forgotten } = this.#fitted((history) => [
      ...history,
      { question: freePrompt(this.#request.question) },
    ]);
    return this.#onSequence(async (sequence) => {
      this.#tellContext(prompt.length, { used: [], whole: true }, forgotten);
      const { text, ended } = await generate(model, sequence, prompt, {
        sampling: this.#sampling,
        maxTokens: answerTokens,
        stops: stopsOf(turns.toNextUser),
        signal,
        onText: (piece) => onEvent?.({ kind: 'text', text: piece, speed: meter.speed }),
      });
      const answer = text.trim();
      return this.#answer({
        answer,
        basis: 'no-record',
        form: 'written',
        sentences: answer === '' ? [] : [{ text: answer, cites: [] }],
        quotes: [],
        confidence: null,
        parts: null,
        isCut: ended === 'length',
      });
    });
  }

  /** By search alone. */
  #quotations(text: string, sentences: readonly Sentence[]): Promise<QaAnswer> {
    const { onEvent } = this.#context;
    const { quotes: found, confidence } = quotationsOf(text, sentences, this.#request.question);
    const isFound = confidence >= this.#threshold && found.length > 0;
    const quotes = isFound ? found : [];
    onEvent?.({ kind: 'evidence', quotes: [...quotes], confidence });
    const parts = { used: sentences.map(({ start, end }) => ({ start, end })), whole: true };
    return Promise.resolve(
      this.#answer({
        answer: quotes.map((quote) => quote.text).join('\n'),
        basis: isFound ? 'record' : 'record-no-evidence',
        form: 'quotations',
        sentences: quotes.map((quote, at) => ({ text: quote.text, cites: [at] })),
        quotes,
        confidence,
        parts,
        isCut: false,
      }),
    );
  }

  async #written(text: string, sentences: readonly Sentence[]): Promise<QaAnswer> {
    const { model, signal, onEvent } = this.#context;
    const { question } = this.#request;
    const shown = this.#thatFit(text, sentences);
    const asked = evidencePrompt(text, shown, question);
    const { prompt, forgotten } = this.#fitted((history) => [...history, { question: asked }]);
    const parts: QaParts = {
      used: shown.map(({ start, end }) => ({ start, end })),
      whole: shown.length === sentences.length,
    };
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
      const going = this.#fitted((history) => [
        ...history,
        { question: asked, answer: written },
        { question: answerPrompt },
      ]);
      const said = await citedAnswer(model, sequence, going.prompt, {
        quotes: quotes.length,
        sampling: this.#sampling,
        maxTokens: answerTokens,
        maxSentences: answerSentences,
        signal,
        onText: (piece) =>
          onEvent?.({ kind: 'text', text: piece, speed: this.#context.meter.speed }),
      });
      return this.#answer({
        ...common,
        answer: said.sentences.map(citedText).join(''),
        sentences: said.sentences,
        isCut: said.ended === 'length',
      });
    });
  }

  /** All sentences in their order where they fit; else the best of a search, in the order of the text. */
  #thatFit(text: string, sentences: readonly Sentence[]): readonly Sentence[] {
    const { model } = this.#context;
    const { question } = this.#request;
    const frame = this.#tokensOf([{ question: evidencePrompt(text, [], question) }]).length;
    const capacity =
      model.contextSize - 1 - room - frame - 2 * model.tokenize(answerPrompt, true).length;
    if (capacity <= 0) {
      throw new AppError('CONTEXT_EXCEEDED', {
        params: { needed: frame + room, capacity: model.contextSize },
      });
    }
    const costOf = ({ start, end }: Sentence): number =>
      model.tokenize(text.slice(start, end), true).length + 8;
    const costs = sentences.map(costOf);
    if (costs.reduce((sum, cost) => sum + cost, 0) <= capacity) return sentences;
    const kept = new Set<number>();
    let used = 0;
    for (const { index } of new SentenceSearch(text, sentences).search(question)) {
      const cost = costs[index] as number;
      if (used + cost > capacity) continue;
      used += cost;
      kept.add(index);
    }
    // A question that shares no word with a long record: its beginning is as good as any part.
    for (let at = 0; at < sentences.length && kept.size === 0; at++)
      if ((costs[at] as number) <= capacity) kept.add(at);
    return sentences.filter((_, at) => kept.has(at));
  }

  /** The conversation with as much of the history as fits, from the newest back. */
  #fitted(conversation: (history: readonly Exchange[]) => Exchange[]): {
    readonly prompt: Token[];
    readonly forgotten: number;
  } {
    const { model } = this.#context;
    const history = this.#request.history ?? [];
    const capacity = model.contextSize - 1 - room;
    for (let from = 0; from <= history.length; from++) {
      const prompt = this.#tokensOf(conversation(history.slice(from)));
      if (prompt.length <= capacity) return { prompt, forgotten: from };
      if (from === history.length) {
        throw new AppError('CONTEXT_EXCEEDED', {
          params: { needed: prompt.length + room, capacity: model.contextSize },
        });
      }
    }
    throw new AppError('CONTEXT_EXCEEDED');
  }

  #tokensOf(exchanges: readonly Exchange[]): Token[] {
    const { model, card } = this.#context;
    return conversationTokens(model, card.promptFormat, { exchanges });
  }

  #turns() {
    const { card } = this.#context;
    const { turns } = card.promptFormat;
    if (!turns || !card.capabilities.tasks.includes('qa'))
      throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
    return turns;
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

  #tellContext(used: number, parts: QaParts, forgotten: number): void {
    const { model, onEvent } = this.#context;
    onEvent?.({ kind: 'context', used, size: model.contextSize, parts, forgotten });
  }

  #answer(said: {
    readonly answer: string;
    readonly basis: QaAnswer['basis'];
    readonly form: QaAnswer['form'];
    readonly sentences: readonly QaSentence[];
    readonly quotes: readonly Evidence[];
    readonly confidence: number | null;
    readonly parts: QaParts | null;
    readonly isCut: boolean;
  }): QaAnswer {
    const { card, meter } = this.#context;
    const { isCut, sentences, quotes, ...rest } = said;
    return {
      version: 1,
      ...rest,
      sentences: [...sentences],
      quotes: [...quotes],
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
