/**
 * One drafting, from the press of the button to its end: candidates as they stream, and what is kept of
 * them when it was stopped or its process died.
 */
import type { StoredCandidate } from '@domain/contract/conversation';
import type {
  DraftContext,
  DraftEvent,
  DraftRequest,
  DraftResult,
} from '@domain/contract/dialogue';
import { problemOf, type Problem } from '@domain/contract/errors';
import type { HostMethods } from '@domain/contract/host-port';
import type { RpcClient } from '@domain/contract/rpc';
import { guardsOf } from '@domain/rules/dialogue/draft-guards';
import { GatheredTexts } from '../../ui/gathered-texts.svelte';

export type DraftStatus = 'running' | 'completed' | 'stopped' | 'failed';

export interface DraftOutcome {
  readonly candidates: readonly StoredCandidate[];
  readonly model: DraftResult['model'] | null;
  readonly problem: Problem | null;
  /** What they were written from; null where it did not come so far. */
  readonly context: DraftContext | null;
}

export class DraftSession {
  readonly #request: DraftRequest;
  readonly #abort = new AbortController();
  readonly #onEnd: (outcome: DraftOutcome) => void;
  readonly #words: GatheredTexts;
  #status = $state<DraftStatus>('running');
  #ahead = $state(0);
  #context = $state.raw<DraftContext | null>(null);

  private constructor(request: DraftRequest, onEnd: (outcome: DraftOutcome) => void) {
    this.#request = request;
    this.#onEnd = onEnd;
    this.#words = new GatheredTexts(request.candidates);
  }

  /** Starts it; it ends by itself, and tells once what it came to. */
  static start(
    request: DraftRequest,
    host: { ready(): Promise<RpcClient<HostMethods>> },
    onEnd: (outcome: DraftOutcome) => void,
  ): DraftSession {
    const session = new DraftSession(request, onEnd);
    void session.#run(host);
    return session;
  }

  get status(): DraftStatus {
    return this.#status;
  }
  /** Of each candidate so far. */
  get texts(): readonly string[] {
    return this.#words.drawn;
  }
  /** Requests that the host will do before this one. */
  get ahead(): number {
    return this.#ahead;
  }
  /** What the drafts are made from; null until it was counted. */
  get context(): DraftContext | null {
    return this.#context;
  }

  /** Ends it now, with the text so far; the host is told, not waited for. */
  stop(): void {
    if (this.#status !== 'running') return;
    this.#end('stopped', { candidates: this.#partial(), model: null, problem: null });
    this.#abort.abort();
  }

  async #run(host: { ready(): Promise<RpcClient<HostMethods>> }): Promise<void> {
    try {
      const client = await host.ready();
      if (this.#status !== 'running') return;
      const { candidates, model } = await client.call('dialogue.draft', this.#request, {
        signal: this.#abort.signal,
        onEvent: (event) => this.#receive(event),
      });
      if (this.#status !== 'running') return;
      this.#words.replace(candidates.map(({ text }) => text));
      this.#end('completed', { candidates, model, problem: null });
    } catch (error) {
      // What was stopped has ended already; its cancellation is no failure.
      if (this.#status !== 'running') return;
      const problem = problemOf(error);
      this.#end('failed', { candidates: this.#partial(), model: null, problem });
    }
  }

  #receive(event: DraftEvent): void {
    if (this.#status !== 'running') return;
    switch (event.kind) {
      case 'queued':
        this.#ahead = event.ahead;
        return;
      case 'context':
        this.#ahead = 0;
        this.#context = event.context;
        return;
      case 'text':
        this.#words.add(event.candidate, event.text);
        return;
      default:
        event satisfies never;
    }
  }

  /** What was written until now, each marked as what it is; orders were taken out as it streamed. */
  #partial(): StoredCandidate[] {
    const hasRecord = this.#request.record !== undefined;
    return this.#words.drawNow().flatMap((text) =>
      text.trim() === ''
        ? []
        : [
            {
              text,
              guards: guardsOf(text, { hasRecord }),
              quotes: [],
              ended: 'partial' as const,
            },
          ],
    );
  }

  #end(status: DraftStatus, outcome: Omit<DraftOutcome, 'context'>): void {
    this.#status = status;
    this.#onEnd({ ...outcome, context: this.#context });
  }
}
