/**
 * The review of one record, from when it is opened until it is put away. Every change is saved by
 * itself, and it says whether it is; it belongs to its record, not to what is on screen.
 */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { StoredRun } from '@domain/contract/record';
import type { Confirmation, ReviewItem, StoredReview } from '@domain/contract/review';
import { stepOf, type ReviewAction } from '@domain/review/actions';
import { carryOver } from '@domain/review/carry-over';
import type { Section } from '@domain/contract/section';
import { checkConfirmable, contentSha256 } from '@domain/review/confirmation';
import { inSections } from '@domain/review/edit-fact';
import { applyPatch, type Patch } from '@domain/review/patch';
import { isOpen, progressOf } from '@domain/review/progress';
import { nextVersion, type Actor } from '@domain/review/review';
import { redo, reviewing, take, undo, type Reviewing } from '@domain/review/undo';

/** Milliseconds from a change to its being saved, so that a row of keys is one write. */
const saveDelay = 400;

export type ReviewSaving = 'saved' | 'unsaved' | 'saving' | 'failed';

export interface ReviewPlace {
  /** @param base version of the row that it was made of; 0 for none. @returns the new one */
  save(review: StoredReview, base: number): Promise<{ readonly version: number }>;
  /** @throws AppError when nobody may confirm */
  sign(content: {
    readonly recordId: string;
    readonly contentSha256: string;
  }): Promise<Confirmation>;
  /** Opaque id of who works here; empty in a trial. */
  userId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A run as a review needs it. */
export type ReviewedRun = Pick<
  StoredRun,
  'id' | 'run' | 'facts' | 'status' | 'textSha256' | 'startedAt'
>;

export class ReviewSession {
  readonly #place: ReviewPlace;
  #state = $state.raw<Reviewing>() as Reviewing;
  #rowVersion: number;
  #saving = $state<ReviewSaving>('saved');
  #problem = $state.raw<Problem | null>(null);
  #confirming = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> = Promise.resolve();

  /** @param rowVersion of the stored review; 0 for one that is not stored yet */
  constructor(review: StoredReview, rowVersion: number, place: ReviewPlace) {
    this.#state = reviewing(review);
    this.#rowVersion = rowVersion;
    this.#place = place;
  }

  get review(): StoredReview {
    return this.#state.review;
  }
  get items(): readonly ReviewItem[] {
    return this.#state.review.items;
  }
  get progress() {
    return progressOf(this.items);
  }
  get isLocked(): boolean {
    return this.review.confirmation !== null;
  }
  get canUndo(): boolean {
    return this.#state.done.length > 0 && !this.isLocked;
  }
  get canRedo(): boolean {
    return this.#state.undone.length > 0 && !this.isLocked;
  }
  /** Whether all of it is in the journal. */
  get saving(): ReviewSaving {
    return this.#saving;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  get confirming(): boolean {
    return this.#confirming;
  }
  /** Whether anything of it is stored. */
  get isStored(): boolean {
    return this.#rowVersion > 0;
  }

  /** @returns whether anything changed */
  act(action: ReviewAction): boolean {
    const actor = this.#actor();
    if (this.isLocked || this.#confirming) return false;
    const patch = stepOf(this.review, action, actor);
    return patch !== null && this.#take(patch, actor);
  }

  /** Brings in a later run; what was decided stays. @returns whether it did */
  carry(run: ReviewedRun): boolean {
    if (this.isLocked || this.#confirming) return false;
    const patch = carryOver(this.review, run);
    return patch !== null && this.#take(patch, this.#actor());
  }

  /** Facts stand in the sections that a person corrected; a confirmed version stays as it was signed. */
  place(sections: readonly Section[]): void {
    if (this.isLocked || this.#confirming) return;
    const items = inSections(this.items, sections);
    if (items === this.items) return;
    this.#state = { ...this.#state, review: { ...this.review, items: [...items] } };
    if (this.isStored) this.#changed();
  }

  /** @returns ids of the items that it touched; none where there was nothing to take back */
  undo(): readonly string[] {
    return this.#move(undo(this.#state, this.#actor()), this.#state.done.at(-1));
  }

  /** @returns as `undo` */
  redo(): readonly string[] {
    return this.#move(redo(this.#state, this.#actor()), this.#state.undone.at(-1));
  }

  /** Begins the next version of a confirmed review. */
  amend(): void {
    if (!this.isLocked || this.#confirming) return;
    this.#state = reviewing(nextVersion(this.review, this.#actor()));
    this.#changed();
  }

  /**
   * Confirms the review (审核确认): signed by main, and done once it is in the journal.
   *
   * @param last accepted as part of it, where it is the last open one
   * @returns whether it is confirmed; why not is `problem`
   */
  async confirm(last: string | null = null): Promise<boolean> {
    if (this.#confirming) return false;
    const open = this.items.filter(isOpen);
    if (last !== null && open.length === 1 && open[0]?.id === last) {
      this.act({ kind: 'accept', id: last });
    }
    this.#problem = null;
    try {
      checkConfirmable(this.review);
      this.#confirming = true;
      await this.flush();
      if (this.#saving !== 'saved') return false;
      const { review } = this;
      const confirmation = await this.#place.sign({
        recordId: review.recordId,
        contentSha256: await contentSha256(review),
      });
      const confirmed = { ...review, confirmation };
      const { version } = await this.#place.save(confirmed, this.#rowVersion);
      this.#rowVersion = version;
      this.#state = reviewing(confirmed);
      this.#saving = 'saved';
      return true;
    } catch (error) {
      this.#problem = problemOf(error);
      return false;
    } finally {
      this.#confirming = false;
    }
  }

  /** Saves now what is not saved yet. Never throws: the state says how it went. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work = this.#work.then(() => this.#save());
    return this.#work;
  }

  #actor(): Actor {
    return { at: this.#place.now(), by: this.#place.userId() };
  }

  #take(patch: Patch, actor: Actor): boolean {
    // Where a run only takes the place of another one, there is nothing to take back.
    this.#state =
      patch.items.length > 0
        ? take(this.#state, patch, actor)
        : { ...this.#state, review: applyPatch(this.review, patch, actor) };
    this.#changed();
    return true;
  }

  #move(next: Reviewing, patch: Patch | undefined): readonly string[] {
    if (next === this.#state || this.#confirming || !patch) return [];
    this.#state = next;
    this.#changed();
    return patch.items.flatMap(({ before, after }) => (before ?? after)?.id ?? []);
  }

  #changed(): void {
    this.#saving = 'unsaved';
    this.#timer ??= setTimeout(() => void this.flush(), saveDelay);
  }

  async #save(): Promise<void> {
    if (this.#saving !== 'unsaved' && this.#saving !== 'failed') return;
    const { review } = this;
    this.#saving = 'saving';
    try {
      const { version } = await this.#place.save(review, this.#rowVersion);
      this.#rowVersion = version;
      this.#problem = null;
      // A change that came meanwhile has its own timer.
      this.#saving = this.review === review ? 'saved' : 'unsaved';
    } catch (error) {
      this.#problem = problemOf(error);
      this.#saving = 'failed';
    }
    if (this.#saving === 'unsaved') this.#timer ??= setTimeout(() => void this.flush(), saveDelay);
  }
}
