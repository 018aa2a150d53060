/** What the question that is being typed would be asked with: counted by the host, at a pause in typing. */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { QaPreview, QaRequest } from '@domain/contract/qa';

/** Milliseconds after the last key. */
const pause = 300;

export class ContextPreview {
  readonly #ask: (request: QaRequest) => Promise<QaPreview>;
  #value = $state.raw<QaPreview | null>(null);
  #question = '';
  #problem = $state.raw<Problem | null>(null);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: (request: QaRequest) => Promise<QaPreview>) {
    this.#ask = ask;
  }

  /** Null until it was counted, and where nothing can be. */
  get value(): QaPreview | null {
    return this.#value;
  }
  /** What `value` was counted for; by then more may have been typed. */
  get question(): string {
    return this.#question;
  }
  get problem(): Problem | null {
    return this.#problem;
  }

  clear(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#value = null;
    this.#problem = null;
  }

  /** @param request made when it is due; null where there is nothing to count */
  later(request: () => QaRequest | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#count(request()), pause);
  }

  /** The last one that was asked for wins. */
  async #count(request: QaRequest | null): Promise<void> {
    const turn = ++this.#turn;
    const counted = await this.#counted(request);
    if (turn !== this.#turn) return;
    this.#question = request?.question ?? '';
    this.#value = counted.value;
    this.#problem = counted.problem;
  }

  async #counted(
    request: QaRequest | null,
  ): Promise<{ readonly value: QaPreview | null; readonly problem: Problem | null }> {
    if (!request) return { value: null, problem: null };
    try {
      return { value: await this.#ask(request), problem: null };
    } catch (error) {
      return { value: null, problem: problemOf(error) };
    }
  }
}
