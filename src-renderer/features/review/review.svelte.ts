/** The review of the record on screen: what is selected in it, and what each key and button does. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import type { Fact } from '@domain/contract/fact';
import type { Policy } from '@domain/contract/policy';
import type { ReviewItem, ReviewRole, StoredReview } from '@domain/contract/review';
import type { Section, StoredSections } from '@domain/contract/section';
import { addAction, addTargets, wantsValue, type AddTarget } from '@domain/review/add-targets';
import {
  withEdgeMoved,
  withEvidence,
  withFlag,
  withNextExperiencer,
  withType,
  type Span,
} from '@domain/review/edit-fact';
import { nextOpen, type ReviewOrder } from '@domain/review/order';
import { isOpen } from '@domain/review/progress';
import {
  ordinalOf,
  startByHand,
  startReview,
  studyReviewIdOf,
  type Actor,
} from '@domain/review/review';
import type { Versioned } from '../../data/repository';
import { SchemaLook } from '../schemas';
import type { ReviewScreen } from './on-screen';
import type { ReviewCommand } from '../../ui/review-keys';
import { ReviewSession, type ReviewedRun, type ReviewPlace } from './review-session.svelte';
import { rowsOf } from './rows';
import { SectionsState } from './sections.svelte';

export interface ReviewedRecord {
  readonly id: string;
  readonly textSha256: string;
  readonly text: string;
}

/** A review that is part of a study. */
export interface ReviewKind {
  readonly role: Exclude<ReviewRole, 'primary'>;
  readonly study: string;
  begin(run: ReviewedRun, actor: Actor): StoredReview;
}

export interface ReviewParts {
  /** Which review of the record it is. Defaults to the first one under the schema. */
  kind?(): ReviewKind | null;
  review(id: string): Promise<Versioned<StoredReview> | null>;
  /** The first reviews of a record, one for each schema, in the order in which they were begun. */
  primaryReviews(recordId: string): Promise<readonly Versioned<StoredReview>[]>;
  sections(recordId: string): Promise<Versioned<StoredSections> | null>;
  saveReview: ReviewPlace['save'];
  saveSections(sections: StoredSections, base: number): Promise<{ readonly version: number }>;
  sign: ReviewPlace['sign'];
  /** The schema of an id in its newest version. */
  schema(id: string): AnnotationSchema | undefined;
  findSections(text: string): readonly Section[];
  /** null in a trial. */
  user(): { readonly id: string; readonly name: string; readonly title: string } | null;
  policy(): Pick<Policy, 'review'>;
  /** Goes to the next record that waits for review. */
  nextRecord(): void;
  /** Versions of a review, oldest first. */
  history(reviewId: string): Promise<readonly StoredReview[]>;
}

/** What a person is told after an act, in words of the screen. */
export type ReviewNotice =
  | { readonly kind: 'not-seen' }
  | { readonly kind: 'bulk'; readonly accepted: number; readonly hidden: number }
  | { readonly kind: 'bulk-forbidden' }
  | { readonly kind: 'locked' };

/** What a confirmed version does not take any more. */
const changing: ReadonlySet<ReviewCommand['kind']> = new Set([
  ...(['accept', 'reject', 'reopen', 'take', 'accept-type', 'accept-section'] as const),
  ...(['flag', 'experiencer', 'edge', 'type', 'types', 'edit'] as const),
]);

export class ReviewState {
  readonly #parts: ReviewParts;
  #record = $state.raw<ReviewedRecord | null>(null);
  #session = $state.raw<ReviewSession | null>(null);
  #sections = $state.raw<SectionsState | null>(null);
  #run = $state.raw<ReviewedRun | null>(null);
  #problem = $state.raw<Problem | null>(null);
  #selectedId = $state<string | null>(null);
  #notice = $state.raw<ReviewNotice | null>(null);
  /** What is selected in the text. */
  selection = $state.raw<Span | null>(null);
  /** Where the caret or the end of the selection is in the text. */
  caretAt = $state(0);
  order = $state<ReviewOrder>('place');
  /** Whether arrow keys move a caret in the text. */
  caretOn = $state(false);
  typesOpen = $state(false);
  editing = $state(false);
  historyOpen = $state(false);
  #screen: ReviewScreen | null = null;
  /** Items whose row and words were on screen. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #seen = new Set<string>();
  /** Schema of the review that was asked for; null for whichever was changed last. */
  #wanted: string | null = null;
  #turn = 0;
  /** Of records that were left, until they are saved. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(parts: ReviewParts) {
    this.#parts = parts;
  }

  get record(): ReviewedRecord | null {
    return this.#record;
  }
  get session(): ReviewSession | null {
    return this.#session;
  }
  get sections(): SectionsState | null {
    return this.#sections;
  }
  get run(): ReviewedRun | null {
    return this.#run;
  }
  get problem(): Problem | null {
    return this.#problem ?? this.#session?.problem ?? this.#sections?.problem ?? null;
  }
  get notice(): ReviewNotice | null {
    return this.#notice;
  }
  get user() {
    return this.#parts.user();
  }
  /** Whether a confirmed version may be followed by another one. */
  get canAmend(): boolean {
    return this.#kind === null;
  }
  get #kind(): ReviewKind | null {
    return this.#parts.kind?.() ?? null;
  }
  get bulkAllowed(): boolean {
    return this.#parts.policy().review.bulkAllowed;
  }
  /** A run under its schema that was made after the confirmation, and is not in the review. */
  get newerRun(): ReviewedRun | null {
    if (this.#kind) return null;
    const { review, isLocked } = this.#session ?? {};
    return isLocked && this.#run && this.#run.id !== review?.runId ? this.#run : null;
  }

  readonly look = $derived.by(() => {
    const session = this.#session;
    const id = session?.review.schema ?? '';
    // A run's frozen schema goes before what became of it.
    const frozen = this.#run?.run.schema === id ? this.#run.run.definition : undefined;
    return new SchemaLook(frozen ?? this.#parts.schema(id) ?? null);
  });
  /** What words can be added as, in the order of the digits. */
  readonly targets = $derived(addTargets(this.look));
  readonly rows = $derived(rowsOf(this.#session?.items ?? [], this.order, this.look));
  /** In the order of the rows. */
  readonly items = $derived(
    this.rows.flatMap((row): ReviewItem[] => (row.kind === 'item' ? [row.item] : [])),
  );
  readonly selected = $derived(this.items.find(({ id }) => id === this.#selectedId) ?? null);

  get selectedId(): string | null {
    return this.#selectedId;
  }

  /**
   * Whether the next key confirms: everything is decided, but at most for the one that is selected. A
   * difference of two doctors is not: adopting one of them is a decision of its own.
   */
  get canConfirm(): boolean {
    const session = this.#session;
    if (!session || session.isLocked || this.user === null) return false;
    const open = session.items.filter(isOpen);
    return open.length === 0 || (open.length === 1 && this.#takesWith(open[0]));
  }

  /** Whether confirming may accept the last open one too. */
  #takesWith(item: ReviewItem | undefined): boolean {
    return this.#session?.review.role !== 'adjudication' && item?.id === this.#selectedId;
  }

  attach(screen: ReviewScreen): () => void {
    this.#screen = screen;
    return () => {
      if (this.#screen === screen) this.#screen = null;
    };
  }

  /**
   * Shows the review of what a run found in a record. A later run under the same schema is brought in, one
   * under another has a review of its own; the last call wins.
   *
   * @param schema of the review where there is no run: what a person marks by
   * @param chosen whether they chose to see that one; otherwise the one that was changed last is shown, if
   *   there is any. Defaults to false
   */
  async show(
    record: ReviewedRecord,
    run: ReviewedRun | null,
    schema: string,
    chosen = false,
  ): Promise<void> {
    const same = this.#record?.id === record.id && this.#record.textSha256 === record.textSha256;
    // One that failed and found nothing takes no review away.
    const found = run !== null && saysSomething(run);
    const wanted = found ? run.run.schema : chosen ? schema : null;
    const session = same ? this.#session : null;
    if (session && (this.#kind || wanted === null || wanted === session.review.schema)) {
      if (found && run.id !== this.#run?.id) this.#meet(run);
      return;
    }
    if (same && !session && run === this.#run && wanted === this.#wanted && !this.#problem) return;
    const turn = ++this.#turn;
    if (!same || session) this.#leave();
    this.#wanted = wanted;
    this.#record = record;
    this.#run = run;
    this.#problem = null;
    try {
      await this.#leaving.get(record.id);
      const [stored, sections] = await Promise.all([
        this.#stored(record.id),
        this.#parts.sections(record.id),
      ]);
      if (turn !== this.#turn) return;
      this.#begin(record, stored, sections, schema);
    } catch (error) {
      if (turn === this.#turn) this.#problem = problemOf(error);
    }
  }

  /** The schema of the review that a person may be working in; null where there is nothing in it. */
  get workSchema(): string | null {
    const { review } = this.#session ?? {};
    return review && review.items.length > 0 ? review.schema : null;
  }

  close(): void {
    this.#turn += 1;
    this.#leave();
    this.#record = null;
    this.#run = null;
    this.#problem = null;
  }

  /** Saves what is not saved yet, of this record and of those that were left. */
  async putAway(): Promise<void> {
    await Promise.all([
      this.#session?.flush(),
      this.#sections?.putAway(),
      ...this.#leaving.values(),
    ]);
  }

  select(id: string | null): void {
    this.#selectedId = id;
    this.#notice = null;
  }

  /** Notes what is on screen now. */
  noteScreen(): void {
    this.#noteSeen();
  }

  /** Does what a key asks for. @returns whether it was for the review */
  do(command: ReviewCommand): boolean {
    const session = this.#session;
    if (!session) return command.kind === 'next-record' && this.#goOn();
    this.#notice = null;
    if (session.isLocked && changing.has(command.kind)) {
      this.#notice = { kind: 'locked' };
      return true;
    }
    const item = this.selected;
    switch (command.kind) {
      case 'accept':
      case 'reject':
        if (item) this.#decide(command.kind, item);
        return true;
      case 'take':
        if (item?.conflict) this.#decide(command.kind, item);
        return true;
      case 'reopen':
        if (item) session.act({ kind: 'reopen', id: item.id });
        return true;
      case 'next':
      case 'previous':
        this.#step(command.kind === 'next' ? 1 : -1);
        return true;
      case 'next-open':
      case 'previous-open':
        this.#selectOpen(command.kind === 'next-open' ? 1 : -1);
        return true;
      case 'order':
        this.order = this.order === 'place' ? 'doubt' : 'place';
        return true;
      case 'accept-type':
      case 'accept-section':
        if (item) this.acceptAll(command.kind === 'accept-type' ? 'type' : 'section');
        return true;
      case 'flag':
        if (item) this.edit(withFlag(item.fact, command.flag, !item.fact.attributes[command.flag]));
        return true;
      case 'experiencer':
        if (item) this.edit(withNextExperiencer(item.fact));
        return true;
      case 'edge':
        if (item) this.edit(withEdgeMoved(item.fact, command.edge, command.by, this.#of()));
        return true;
      case 'type': {
        const target = this.targets[command.index];
        if (target) this.choose(target, command.newRow);
        return true;
      }
      case 'types':
        this.typesOpen = this.selection !== null || item !== null;
        return true;
      case 'edit':
        this.#editField();
        return true;
      case 'caret':
        this.caretOn = !this.caretOn;
        return true;
      case 'undo':
        return this.#follow(this.#placed(session.undo()));
      case 'redo':
        return this.#follow(this.#placed(session.redo()));
      case 'confirm':
        return this.#confirmIfAny();
      case 'next-record':
        return this.#goOn();
      case 'history':
        this.historyOpen = true;
        return true;
      default:
        return command satisfies never;
    }
  }

  /** Puts a fact in the place of the selected one's. */
  edit(fact: Fact): void {
    const item = this.selected;
    if (item) this.#session?.act({ kind: 'edit', id: item.id, fact });
  }

  /** With words selected, adds what they say; otherwise corrects the type of the selected mention. */
  choose(target: AddTarget, newRow = false): void {
    this.typesOpen = false;
    const { selection, selected } = this;
    if (selection) this.#add(target, selection, newRow);
    else if (target.kind === 'type' && selected?.fact.kind === 'mention') {
      this.edit(withType(selected.fact, target.id));
    }
  }

  /** Accepts the open facts of the selected one's type or section that are on screen, as one act. */
  acceptAll(by: 'type' | 'section'): void {
    const item = this.selected;
    const session = this.#session;
    if (!item || !session || session.isLocked) return;
    // What stands in no section has nothing in common by that.
    if (by === 'section' && item.fact.section === undefined) return;
    if (!this.bulkAllowed) {
      this.#notice = { kind: 'bulk-forbidden' };
      return;
    }
    const group = this.items.filter(
      (each) =>
        each.decision === 'pending' &&
        !each.conflict &&
        (by === 'type' ? isAlike(each.fact, item.fact) : each.fact.section === item.fact.section),
    );
    const shown = this.#screen?.inView(group);
    const ids = group.filter(({ id }) => shown?.has(id)).map(({ id }) => id);
    for (const id of ids) this.#seen.add(id);
    session.act({ kind: 'accept-all', ids });
    if (!this.selected || !isOpen(this.selected)) this.#selectOpen(1);
    this.#notice = { kind: 'bulk', accepted: ids.length, hidden: group.length - ids.length };
  }

  /** Settles a place where two reviews differ, by one act. */
  settle(choice: { readonly accept: readonly string[]; readonly reject: readonly string[] }): void {
    const item = this.selected;
    if (!item) return;
    this.#notice = null;
    if (!this.#isSeen(item)) {
      this.#screen?.reveal(item.id);
      this.#notice = { kind: 'not-seen' };
      return;
    }
    this.#session?.act({ kind: 'choose', ...choice });
    const next = nextOpen(this.items, item.id);
    if (next) this.select(next.id);
  }

  /** Confirms the review. */
  async confirm(): Promise<void> {
    const session = this.#session;
    if (!session || session.isLocked) return;
    if (this.user === null) {
      this.#problem = new AppError('VAULT_LOCKED').toProblem();
      return;
    }
    const open = session.items.filter(isOpen);
    const [last] = open;
    if (last && (open.length > 1 || !this.#takesWith(last))) {
      this.#selectOpen(1);
      this.#problem = { code: 'REVIEW_INCOMPLETE', params: { open: open.length } };
      return;
    }
    if (last && !this.#isSeen(last)) {
      this.#notice = { kind: 'not-seen' };
      return;
    }
    this.#problem = null;
    await session.confirm(last?.id ?? null);
  }

  /** Takes a confirmed review up again; a later run comes in with it. */
  amend(): void {
    this.#session?.amend();
    if (this.#run) this.#session?.carry(this.#run);
  }

  /** Versions of the review on screen, oldest first. @throws AppError what the worker answers */
  async versions(): Promise<readonly StoredReview[]> {
    const session = this.#session;
    if (!session) return [];
    await session.flush();
    return session.isStored ? this.#parts.history(session.review.id) : [session.review];
  }

  /** What is stored of reviews of the record: the one of the study, or all of the first ones. */
  async #stored(recordId: string): Promise<readonly Versioned<StoredReview>[]> {
    const kind = this.#kind;
    if (!kind) return this.#parts.primaryReviews(recordId);
    const one = await this.#parts.review(studyReviewIdOf(recordId, kind.role, kind.study));
    return one ? [one] : [];
  }

  #begin(
    record: ReviewedRecord,
    stored: readonly Versioned<StoredReview>[],
    sections: Versioned<StoredSections> | null,
    schema: string,
  ): void {
    const { id: recordId, textSha256, text } = record;
    this.#sections = new SectionsState({ recordId, textSha256, text }, sections, {
      find: (of) => this.#parts.findSections(of),
      save: (all, base) => this.#parts.saveSections(all, base),
      changed: (list) => this.#session?.place(list),
    });
    // A review of another version of the text is of other places.
    const fitting = stored.filter(({ value }) => value.textSha256 === textSha256);
    const wanted = this.#wanted;
    const fits =
      wanted === null
        ? latestOf(fitting)
        : (fitting.find(({ value }) => value.schema === wanted) ?? null);
    const subject = {
      ...{ recordId, textSha256, role: 'primary' as const },
      ordinal: stored.length + 1,
    };
    const actor = { at: Date.now(), by: this.user?.id ?? '' };
    const run = this.#run;
    const kind = this.#kind;
    const begin = (): StoredReview => {
      // What found nothing because it was stopped, or failed, is nothing to confirm.
      if (!run || (!kind && !saysSomething(run))) return startByHand(subject, schema, actor);
      return kind ? kind.begin(run, actor) : startReview(subject, run, actor);
    };
    this.#session = this.#sessionOf(fits?.value ?? begin(), fits?.version ?? 0);
    // One that failed may be of another schema than what is shown in its place; nor has a review anything of it.
    if (run?.run.schema !== this.#session.review.schema) this.#run = null;
    else if (!kind && !saysSomething(run)) this.#run = null;
    else if (!kind) this.#meet(run);
    this.#placed([]);
    this.#selectOpen(1);
    if (this.#selectedId === null) this.select(this.items[0]?.id ?? null);
  }

  #sessionOf(review: StoredReview, rowVersion: number): ReviewSession {
    return new ReviewSession(review, rowVersion, {
      save: (each, base) => this.#parts.saveReview(each, base),
      sign: (content) => this.#parts.sign(content),
      userId: () => this.user?.id ?? '',
      now: () => Date.now(),
    });
  }

  /** A run of the record on screen has become known. */
  #meet(run: ReviewedRun): void {
    this.#run = run;
    const session = this.#session;
    if (!session || session.isLocked || session.review.runId === run.id) return;
    const isEmpty = session.items.length === 0 && !session.isStored;
    if (isEmpty && this.#record) {
      const { id: recordId, textSha256 } = this.#record;
      const ordinal = ordinalOf(session.review) ?? 1;
      const subject = { recordId, textSha256, role: 'primary' as const, ordinal };
      const review = startReview(subject, run, { at: Date.now(), by: this.user?.id ?? '' });
      this.#session = this.#sessionOf(review, 0);
    } else {
      session.carry(run);
    }
    if (!this.selected) this.#selectOpen(1);
  }

  /** A step that is taken back may be older than a correction of the sections. */
  #placed(ids: readonly string[]): readonly string[] {
    if (this.#sections?.isCorrected) this.#session?.place(this.#sections.list);
    return ids;
  }

  #leave(): void {
    const session = this.#session;
    const sections = this.#sections;
    const record = this.#record;
    this.#session = null;
    this.#sections = null;
    this.#selectedId = null;
    this.#notice = null;
    this.selection = null;
    this.caretAt = 0;
    this.caretOn = false;
    this.typesOpen = false;
    this.editing = false;
    this.historyOpen = false;
    this.#seen.clear();
    if (!session || !record) return;
    const left = Promise.all([session.flush(), sections?.putAway()]).then(() => {
      if (this.#leaving.get(record.id) === left) this.#leaving.delete(record.id);
      if (session.problem) this.#problem ??= session.problem;
    });
    this.#leaving.set(record.id, left);
  }

  #decide(kind: 'accept' | 'reject' | 'take', item: ReviewItem): void {
    if (!this.#isSeen(item)) {
      this.#screen?.reveal(item.id);
      this.#notice = { kind: 'not-seen' };
      return;
    }
    const at = this.items.findIndex(({ id }) => id === item.id);
    this.#session?.act({ kind, id: item.id });
    const next = nextOpen(this.items, item.id);
    if (next) this.select(next.id);
    else if (!this.selected) this.select((this.items[at] ?? this.items.at(-1))?.id ?? null);
  }

  #isSeen(item: ReviewItem): boolean {
    this.#noteSeen();
    return this.#seen.has(item.id);
  }

  #noteSeen(): void {
    const { selected } = this;
    if (!selected || !this.#screen) return;
    for (const id of this.#screen.inView([selected])) this.#seen.add(id);
  }

  #step(by: 1 | -1): void {
    const { items } = this;
    const at = items.findIndex(({ id }) => id === this.#selectedId);
    const next = items[Math.min(items.length - 1, Math.max(0, at + by))];
    if (next) this.select(next.id);
  }

  #selectOpen(by: 1 | -1): void {
    const next = nextOpen(this.items, this.#selectedId, by);
    if (next) this.select(next.id);
  }

  /** Shows what was taken back or done again. @returns whether anything was */
  #follow(touched: readonly string[]): boolean {
    const shown = this.items.find(({ id }) => touched.includes(id));
    if (shown) this.select(shown.id);
    else if (!this.selected) this.#selectOpen(1);
    return touched.length > 0;
  }

  #add(target: AddTarget, span: Span, newRow: boolean): void {
    const session = this.#session;
    if (!session || session.isLocked) return;
    const newId = globalThis.crypto.randomUUID();
    const { selected } = this;
    const of = this.#of();
    const action = addAction({
      ...{ target, span, of, items: session.items, selected, newId, newRow },
    });
    this.selection = null;
    if (!session.act(action) || !('id' in action)) return;
    this.select(action.id);
    this.#seen.add(action.id);
    const fact = this.selected?.fact;
    this.editing = target.kind !== 'type' && !!fact && wantsValue(target.field, fact);
  }

  /** Words that are selected become a field's evidence; without, its value is edited. */
  #editField(): void {
    const item = this.selected;
    const field = item && this.look.fieldOf(item.fact);
    if (!item || !field || this.#session?.isLocked) return;
    if (this.selection) {
      this.edit(withEvidence(item.fact, field, this.selection, this.#of()));
      this.selection = null;
    } else {
      this.editing = true;
    }
  }

  /** Before anything was found there is nothing to confirm, and the key is for a run. */
  #confirmIfAny(): boolean {
    const session = this.#session;
    if (!session || session.isLocked) return false;
    if (session.items.length === 0 && session.review.runId === null) return false;
    void this.confirm();
    return true;
  }

  #goOn(): true {
    this.#parts.nextRecord();
    return true;
  }

  #of(): { readonly text: string; readonly sections: readonly Section[] } {
    return { text: this.#record?.text ?? '', sections: this.#sections?.list ?? [] };
  }
}

function saysSomething({ status, facts }: ReviewedRun): boolean {
  return status === 'completed' || facts.length > 0;
}

function latestOf(reviews: readonly Versioned<StoredReview>[]): Versioned<StoredReview> | null {
  return reviews.reduce<Versioned<StoredReview> | null>(
    (last, each) => (last && last.value.updatedAt > each.value.updatedAt ? last : each),
    null,
  );
}

/** Of one type; fields of which the record says nothing are alike by that, whatever they are of. */
function isAlike(one: Fact, other: Fact): boolean {
  if (one.text === null || other.text === null) return one.text === other.text;
  return one.type === other.type && one.kind === other.kind;
}
