/** What a model would be asked with what is being typed: counted by the host, at a pause in typing. */
import { problemOf, type Problem } from '@domain/contract/errors';

/** Milliseconds after the last key. */
const pause = 300;

export class ContextPreview<Request, Preview> {
  readonly #ask: (request: Request) => Promise<Preview>;
  #value = $state.raw<Preview | null>(null);
  #request = $state.raw<Request | null>(null);
  #problem = $state.raw<Problem | null>(null);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: (request: Request) => Promise<Preview>) {
    this.#ask = ask;
  }

  /** Null until it was counted, and where nothing can be. */
  get value(): Preview | null {
    return this.#value;
  }
  /** What `value` was counted for; by then more may have been typed. */
  get request(): Request | null {
    return this.#request;
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
  later(request: () => Request | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#count(request()), pause);
  }

  /** The last one that was asked for wins. */
  async #count(request: Request | null): Promise<void> {
    const turn = ++this.#turn;
    const counted = await this.#counted(request);
    if (turn !== this.#turn) return;
    this.#request = request;
    this.#value = counted.value;
    this.#problem = counted.problem;
  }

  async #counted(
    request: Request | null,
  ): Promise<{ readonly value: Preview | null; readonly problem: Problem | null }> {
    if (!request) return { value: null, problem: null };
    try {
      return { value: await this.#ask(request), problem: null };
    } catch (error) {
      return { value: null, problem: problemOf(error) };
    }
  }
}
