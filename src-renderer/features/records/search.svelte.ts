/** What is searched for and what was found. It ends with the page, like everything that can be read. */
import { problemOf, type Problem } from '@domain/contract/errors';
import { Cancelled } from '@domain/contract/rpc';
import { maxQueryChars, type SearchHit, type SearchSpan } from '@domain/contract/search';
import type { Store } from '../../data/store';

/** Milliseconds without a key before it is asked. */
const pauseMs = 120;
/** Hits of one answer; there may be more. */
const pageHits = 200;

/** A stretch of a record's text that is to be shown. */
export interface FoundPlace extends SearchSpan {
  readonly recordId: string;
}

export class SearchState {
  readonly #store: Pick<Store, 'call'>;
  #query = $state('');
  #hits = $state.raw<readonly SearchHit[]>([]);
  #selectedId = $state<string | null>(null);
  #running = $state(false);
  #next = $state<number | null>(null);
  #unreadable = $state(0);
  #problem = $state.raw<Problem | null>(null);
  #asked = $state(0);
  #pause: ReturnType<typeof setTimeout> | undefined;
  #run = new AbortController();
  /** Where the record that was opened from the hits answers. */
  place = $state.raw<FoundPlace | null>(null);

  constructor(store: Pick<Store, 'call'>) {
    this.#store = store;
  }

  get query(): string {
    return this.#query;
  }
  /** Whether hits are shown in the place of the list. */
  get active(): boolean {
    return this.#query.trim() !== '';
  }
  get hits(): readonly SearchHit[] {
    return this.#hits;
  }
  get selectedId(): string | null {
    return this.#selectedId;
  }
  get running(): boolean {
    return this.#running;
  }
  /** Whether there may be more than was asked for. */
  get hasMore(): boolean {
    return this.#next !== null;
  }
  /** Records that could not be opened, and so not be searched. */
  get unreadable(): number {
    return this.#unreadable;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** Grows each time somebody asks for the field. */
  get asked(): number {
    return this.#asked;
  }

  /** Puts the field in front. */
  ask(): void {
    this.#asked += 1;
  }

  select(recordId: string | null): void {
    this.#selectedId = recordId;
  }

  /** Takes what is typed; it is searched for once the typing pauses. */
  type(query: string): void {
    this.#query = query.slice(0, maxQueryChars);
    clearTimeout(this.#pause);
    this.#run.abort();
    this.#running = this.active;
    if (this.active) this.#pause = setTimeout(() => void this.#search(null), pauseMs);
    else this.clear();
  }

  clear(): void {
    clearTimeout(this.#pause);
    this.#run.abort();
    this.#query = '';
    this.#hits = [];
    this.#selectedId = null;
    this.#running = false;
    this.#next = null;
    this.#unreadable = 0;
    this.#problem = null;
    this.place = null;
  }

  /** Goes on where the answer ended. */
  more(): Promise<void> {
    return this.#next === null || this.#running ? Promise.resolve() : this.#search(this.#next);
  }

  /** @param after null for a new question */
  async #search(after: number | null): Promise<void> {
    this.#run = new AbortController();
    const { signal } = this.#run;
    this.#running = true;
    this.#problem = null;
    // What was found for the question before stays until there is an answer to this one.
    let before: readonly SearchHit[] = after === null ? [] : this.#hits;
    let unreadable = after === null ? 0 : this.#unreadable;
    const take = (hits: readonly SearchHit[]): void => {
      if (signal.aborted) return;
      before = [...before, ...hits];
      this.#hits = before;
    };
    try {
      const result = await this.#store.call(
        'search.run',
        { query: this.#query, limit: pageHits, ...(after === null ? {} : { after }) },
        { signal, onEvent: take },
      );
      take([]);
      if (signal.aborted) return;
      unreadable += result.unreadable;
      this.#next = result.next;
      this.#unreadable = unreadable;
      this.#running = false;
    } catch (error) {
      if (error instanceof Cancelled || signal.aborted) return;
      this.#hits = before;
      this.#next = null;
      this.#problem = problemOf(error);
      this.#running = false;
    }
  }
}
