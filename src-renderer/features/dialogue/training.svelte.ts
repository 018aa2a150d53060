/** The export of approved replies for later training, from its counts to its file. */
import { problemOf, type Problem } from '@domain/contract/errors';
import { mayExport, type Policy } from '@domain/contract/policy';
import type { SaveOrder } from '@domain/contract/save-file';
import type { Identifier } from '@domain/rules/deidentify/identifier';
import { clearReply, type ClearReply, type ReplyStory } from './clear-reply';
import { trainingLines, type TrainingForm } from './training-data';

export interface TrainingParts {
  /** Approved ones. @throws AppError */
  replies(): AsyncIterable<ReplyStory>;
  find(text: string, signal: AbortSignal): Promise<readonly Identifier[]>;
  policy(): Policy;
  /** Lets a person choose a place and writes there; false when they did not. */
  save(order: SaveOrder, text: string): Promise<boolean>;
}

export interface TrainingCounts {
  readonly replies: number;
  readonly sft: number;
  readonly dpo: number;
  /** Replies that hold nothing to learn from. */
  readonly left: number;
  readonly replaced: number;
}

export class TrainingExport {
  readonly #parts: TrainingParts;
  #abort: AbortController | null = null;
  #open = $state(false);
  form = $state<TrainingForm>('dpo');
  #clear = $state.raw<readonly ClearReply[] | null>(null);
  #counts = $state.raw<TrainingCounts | null>(null);
  #problem = $state.raw<Problem | null>(null);
  #saving = $state(false);

  constructor(parts: TrainingParts) {
    this.#parts = parts;
  }

  get open(): boolean {
    return this.#open;
  }
  /** Null until everything was looked through. */
  get counts(): TrainingCounts | null {
    return this.#counts;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  get saving(): boolean {
    return this.#saving;
  }
  get allowed(): boolean {
    return mayExport(this.#parts.policy(), { deidentified: true });
  }
  get count(): number {
    return this.#counts?.[this.form] ?? 0;
  }

  /** Opens the dialog and looks through all approved replies. */
  async show(): Promise<void> {
    if (!this.allowed) return;
    this.close();
    this.#open = true;
    this.#clear = null;
    this.#counts = null;
    this.#problem = null;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      let replies = 0;
      const clear: ClearReply[] = [];
      for await (const reply of this.#parts.replies()) {
        if (abort.signal.aborted) return;
        replies += 1;
        const one = await clearReply(reply, (text) => this.#parts.find(text, abort.signal));
        if (one && trainingLines('sft', [one]).length > 0) clear.push(one);
      }
      if (abort.signal.aborted) return;
      this.#clear = clear;
      this.#counts = {
        replies,
        sft: trainingLines('sft', clear).length,
        dpo: trainingLines('dpo', clear).length,
        left: replies - clear.length,
        replaced: clear.reduce((sum, { replaced }) => sum + replaced, 0),
      };
    } catch (error) {
      if (!abort.signal.aborted) this.#problem = problemOf(error);
    }
  }

  close(): void {
    this.#open = false;
    this.#abort?.abort();
  }

  /** @returns how many lines were written; 0 also when no place was chosen */
  async save(): Promise<number> {
    const clear = this.#clear;
    if (!clear || this.count === 0 || this.#saving) return 0;
    const lines = trainingLines(this.form, clear);
    this.#saving = true;
    this.#problem = null;
    try {
      const order: SaveOrder = {
        ...{ format: 'jsonl', count: lines.length, deidentified: true, pairs: this.form },
      };
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      return (await this.#parts.save(order, text)) ? lines.length : 0;
    } catch (error) {
      this.#problem = problemOf(error);
      return 0;
    } finally {
      this.#saving = false;
    }
  }
}
