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

/** Id of the one review that a record has in a role; of a second one and an adjudication, in a study. */
export function reviewIdOf(recordId: string, role: ReviewRole, study?: string): string {
  return study === undefined ? `${recordId}.${role}` : `${recordId}.${role}.${study}`;
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
  readonly study?: string | undefined;
}

/** A review of what a run found; nothing of it is decided yet. */
export function startReview(
  { recordId, textSha256, role, study }: ReviewSubject,
  run: Pick<StoredRun, 'id' | 'run' | 'facts'>,
  { at, by }: Actor,
): StoredReview {
  return {
    id: reviewIdOf(recordId, role, study),
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
  { recordId, textSha256, role }: ReviewSubject,
  schema: string,
  { at, by }: Actor,
): StoredReview {
  return {
    id: reviewIdOf(recordId, role),
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
