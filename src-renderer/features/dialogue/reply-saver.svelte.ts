/** Saves a reply, one version after the other: at once where it matters, else in a pause. */
import { AppError, problemOf, type Problem } from '@domain/contract/errors';

export type Saving = 'new' | 'unsaved' | 'saving' | 'saved' | 'failed';

/** @param base version that it was made of @returns the version that it became */
export type SaveReply = (base: number) => Promise<{ readonly version: number }>;

/** Milliseconds after the last change. */
const saveAfter = 1_000;

export class ReplySaver {
  readonly #write: SaveReply;
  #base: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> = Promise.resolve();
  #status = $state<Saving>('new');
  #problem = $state.raw<Problem | null>(null);
  #isFinal = false;

  /**
   * @param write saves the reply as it stands then
   * @param version that is stored; 0 for none
   */
  constructor(write: SaveReply, version: number) {
    this.#write = write;
    this.#base = version;
    if (version > 0) this.#status = 'saved';
  }

  get status(): Saving {
    return this.#status;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  get isStored(): boolean {
    return this.#status !== 'new';
  }

  /** Saved in a pause, where it was stored before. */
  changed(): void {
    if (!this.isStored || this.#isFinal) return;
    this.#status = 'unsaved';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), saveAfter);
  }

  save(): void {
    this.rest();
    if (this.#isFinal) return;
    this.#status = 'unsaved';
    this.#work = this.#work.then(async () => {
      // One save takes all that waited.
      if (this.#status !== 'unsaved') return;
      this.#status = 'saving';
      this.#problem = null;
      try {
        this.#base = (await this.#write(this.#base)).version;
        if (this.#isSaving()) this.#status = 'saved';
      } catch (error) {
        this.#problem = problemOf(error);
        this.#status = 'failed';
      }
    });
  }

  /** Tries again after a failure. */
  retry(): void {
    if (this.#status === 'failed') this.save();
  }

  /** Until everything is saved, or cannot be. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** @throws AppError why it could not be saved */
  async demandSaved(): Promise<void> {
    await this.#work;
    if (this.#problem) throw new AppError(this.#problem.code, this.#problem);
  }

  /** The last version of it. @throws AppError what `write` throws */
  async finish(write: SaveReply): Promise<void> {
    this.rest();
    this.#base = (await write(this.#base)).version;
    this.close();
    this.#status = 'saved';
  }

  /** Nothing is saved any more. */
  close(): void {
    this.#isFinal = true;
  }

  /** What waits for a pause is not saved by itself. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** Whether nothing was changed since; read anew, because it may have been while a save went on. */
  #isSaving(): boolean {
    return this.#status === 'saving';
  }
}
