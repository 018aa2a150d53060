/** A review as a whole: its beginning, its next version, the order of its items. */
import { compareFacts } from '../contract/fact';
import type { ReviewItem, ReviewRole, StoredReview } from '../contract/review';
import type { StoredRun } from '../contract/record';

/** Who acts, and when. */
export interface Actor {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Opaque id of the user; empty where nobody signed in. */
  readonly by: string;
}

/**
 * Id of a first review of a record. There is one a schema, and the id says which by nothing but the order
 * in which they were begun: ids of rows lie open in the journal, and the name of a schema may tell of what
 * somebody is ill.
 *
 * @param ordinal from 1
 */
export function primaryIdOf(recordId: string, ordinal = 1): string {
  const first = `${recordId}.primary`;
  return ordinal === 1 ? first : `${first}.${ordinal}`;
}

/** Which of the first reviews of its record has this id, from 1; null where it is the id of none. */
export function ordinalOf({ id, recordId }: Pick<StoredReview, 'id' | 'recordId'>): number | null {
  const first = primaryIdOf(recordId);
  const ordinal = id === first ? 1 : Number(id.slice(first.length + 1));
  return Number.isSafeInteger(ordinal) && ordinal > 0 && primaryIdOf(recordId, ordinal) === id
    ? ordinal
    : null;
}

/** Whether it is the id of a first review, of whichever record. */
export function isPrimaryId(id: string): boolean {
  return /\.primary(?:\.\d+)?$/.test(id);
}

/** Id of the one review that a record has in a role of a study. */
export function studyReviewIdOf(
  recordId: string,
  role: Exclude<ReviewRole, 'primary'>,
  study: string,
): string {
  return `${recordId}.${role}.${study}`;
}

/** The order in which items are stored and confirmed: of their facts, then of their ids. */
export function compareItems(a: ReviewItem, b: ReviewItem): number {
  return compareFacts(a.fact, b.fact) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

export interface ReviewSubject {
  readonly recordId: string;
  /** The version of the text that is reviewed. */
  readonly textSha256: string;
  readonly role: ReviewRole;
  /** Of a second review or an adjudication. */
  readonly study?: string | undefined;
  /** Which of the first reviews of the record it is. Defaults to 1. */
  readonly ordinal?: number;
}

/** A review of what a run found; nothing of it is decided yet. */
export function startReview(
  { recordId, textSha256, role, study, ordinal }: ReviewSubject,
  run: Pick<StoredRun, 'id' | 'run' | 'facts'>,
  { at, by }: Actor,
): StoredReview {
  return {
    id:
      role === 'primary' || study === undefined
        ? primaryIdOf(recordId, ordinal)
        : studyReviewIdOf(recordId, role, study),
    ...{ recordId, textSha256, role },
    ...(study === undefined ? {} : { study }),
    runId: run.id,
    schema: run.run.schema,
    version: 1,
    items: run.facts.map((fact, index) => itemOfRun(run.id, index, fact)).sort(compareItems),
    confirmation: null,
    changes: [],
    updatedAt: at,
    ...(by === '' ? {} : { by }),
  };
}

/** A review of a text that no model has read: a person adds what is in it. */
export function startByHand(
  { recordId, textSha256, role, ordinal }: ReviewSubject,
  schema: string,
  { at, by }: Actor,
): StoredReview {
  return {
    id: primaryIdOf(recordId, ordinal),
    ...{ recordId, textSha256, role, schema },
    runId: null,
    version: 1,
    items: [],
    confirmation: null,
    changes: [],
    updatedAt: at,
    ...(by === '' ? {} : { by }),
  };
}

/**
 * The version that follows a confirmed one: everything as it was decided, and open to change. Its
 * changes begin anew, as those of before stay with the confirmed version.
 */
export function nextVersion(review: StoredReview, { at, by }: Actor): StoredReview {
  return {
    ...review,
    version: review.version + 1,
    confirmation: null,
    changes: [],
    updatedAt: Math.max(at, review.updatedAt),
    by: by === '' ? undefined : by,
  };
}

/** @param index of the fact in its run, which makes the item's id one of a kind */
export function itemOfRun(runId: string, index: number, fact: ReviewItem['fact']): ReviewItem {
  return { id: `${runId}:${index}`, fact, origin: 'model', decision: 'pending' };
}

/** The item as if no later run had said otherwise. */
export function withoutConflict(item: ReviewItem): ReviewItem {
  const settled = { ...item };
  delete settled.conflict;
  return settled;
}
