/**
 * One answer while it is being given. It belongs to its conversation, not to what is on screen: it goes on,
 * and is kept, while the doctor reads another record.
 */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { Evidence } from '@domain/contract/fact';
import type { QaAnswer, QaEvent, QaRequest } from '@domain/contract/qa';
import type { RecordParts } from '@domain/contract/record-parts';
import { GatheredTexts } from '../../ui/gathered-texts.svelte';

export interface AskOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: QaEvent) => void;
}
export type Ask = (request: QaRequest, options: AskOptions) => Promise<QaAnswer>;

/** How an answer ended; `partial` keeps what was written until then. */
export type Ended =
  | { readonly state: 'answered'; readonly answer: QaAnswer }
  | {
      readonly state: 'partial' | 'failed';
      readonly written: string;
      readonly quotes: readonly Evidence[];
      readonly problem: Problem | null;
    };

export interface ContextUse {
  readonly used: number;
  readonly size: number;
  readonly parts: RecordParts;
  readonly forgotten: number;
}

export class Answering {
  readonly nodeId: string;
  readonly #abort = new AbortController();
  readonly #onEnd: (ended: Ended) => void;
  #ahead = $state(0);
  #context = $state.raw<ContextUse | null>(null);
  #quotes = $state.raw<readonly Evidence[] | null>(null);
  #confidence = $state<number | null>(null);
  readonly #words = new GatheredTexts(1);
  #isOver = false;

  constructor(nodeId: string, request: QaRequest, ask: Ask, onEnd: (ended: Ended) => void) {
    this.nodeId = nodeId;
    this.#onEnd = onEnd;
    void this.#run(request, ask);
  }

  /** Requests that the host will do before this one. */
  get ahead(): number {
    return this.#ahead;
  }
  get context(): ContextUse | null {
    return this.#context;
  }
  /** Null until the evidence was selected. */
  get quotes(): readonly Evidence[] | null {
    return this.#quotes;
  }
  get confidence(): number | null {
    return this.#confidence;
  }
  get text(): string {
    return this.#words.drawn[0] ?? '';
  }

  /** Ends it now, with what was written; the host is told, not waited for. */
  stop(): void {
    if (this.#isOver) return;
    this.#endEarly('partial', null);
    this.#abort.abort();
  }

  async #run(request: QaRequest, ask: Ask): Promise<void> {
    const { signal } = this.#abort;
    try {
      const answer = await ask(request, { signal, onEvent: (event) => this.#receive(event) });
      if (this.#isOver) return;
      this.#words.drawNow();
      this.#end({ state: 'answered', answer });
    } catch (error) {
      // A stopped answer has already ended; its cancellation is no failure.
      if (this.#isOver) return;
      this.#words.drawNow();
      const hasAny = this.text !== '' || (this.#quotes?.length ?? 0) > 0;
      this.#endEarly(hasAny ? 'partial' : 'failed', problemOf(error));
    }
  }

  #receive(event: QaEvent): void {
    if (this.#isOver) return;
    switch (event.kind) {
      case 'queued':
        this.#ahead = event.ahead;
        return;
      case 'context':
        this.#ahead = 0;
        this.#context = event;
        return;
      case 'evidence':
        this.#quotes = event.quotes;
        this.#confidence = event.confidence;
        return;
      case 'text':
        this.#words.add(0, event.text);
        return;
      default:
        event satisfies never;
    }
  }

  #endEarly(state: 'partial' | 'failed', problem: Problem | null): void {
    this.#words.drawNow();
    this.#end({ state, written: this.text, quotes: this.#quotes ?? [], problem });
  }

  #end(ended: Ended): void {
    this.#isOver = true;
    this.#onEnd(ended);
  }
}
