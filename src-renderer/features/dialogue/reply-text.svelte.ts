/** The reply as a doctor makes it: its text, what rules say of it, and the steps of its history. */
import type { StoredReply } from '@domain/contract/conversation';
import type { DraftGuard } from '@domain/contract/dialogue';
import { guardsOf, openOrdersIn } from '@domain/rules/dialogue/draft-guards';

export interface ReplyTextOptions {
  /** Whether a doctor has it open: only then it is checked, and changes are steps. */
  isEdited(): boolean;
  hasRecord(): boolean;
  /** Opaque id of who works with it. */
  userId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Milliseconds after the last key that the text is checked. */
const checkAfter = 400;
/** Edits that a history holds; what comes after them is in the versions of the row. */
const mostEdits = 990;

export class ReplyText {
  readonly #options: ReplyTextOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #text = $state('');
  #guards = $state.raw<readonly DraftGuard[]>([]);
  #edits: StoredReply['edits'] = [];
  /** The text at the last step of the history. */
  #kept = '';
  readonly #openOrders = $derived(openOrdersIn(this.#text).length);

  constructor(
    options: ReplyTextOptions,
    { text, edits }: Pick<StoredReply, 'text' | 'edits'> = { text: '', edits: [] },
  ) {
    this.#options = options;
    this.#text = text;
    this.#kept = text;
    this.#edits = edits;
    this.#check();
  }

  get text(): string {
    return this.#text;
  }
  get guards(): readonly DraftGuard[] {
    return this.#guards;
  }
  /** Orders that a doctor has not typed yet. */
  get openOrders(): number {
    return this.#openOrders;
  }
  get edits(): StoredReply['edits'] {
    return this.#edits;
  }

  /**
   * Another text in its place.
   *
   * @param kept what is no step of the history while it stands. Defaults to that text
   */
  put(text: string, kept = text): void {
    this.#text = text;
    this.#kept = kept;
    this.#check();
  }

  edit(text: string): void {
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), checkAfter);
  }

  /** @returns whether the text is a new step of the history */
  keep(): boolean {
    const isNew = this.#options.isEdited() && this.#text !== this.#kept;
    const isStep = isNew && this.#edits.length < mostEdits;
    if (isStep) {
      const { now, userId } = this.#options;
      this.#edits = [...this.#edits, { at: now(), by: userId(), text: this.#text }];
      this.#kept = this.#text;
    }
    return isStep;
  }

  putAway(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    const { isEdited, hasRecord } = this.#options;
    this.#guards = isEdited() ? guardsOf(this.#text, { hasRecord: hasRecord() }) : [];
  }
}
