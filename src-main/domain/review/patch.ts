/**
 * One step of a review, either way. A step says of each item that it touches how it was and how it is;
 * both ways are written down as changes, because an undone decision was a decision too.
 */
import type { ReviewChange, ReviewItem, StoredReview } from '../contract/review';
import { sameJson } from './canonical-json';
import { compareItems, type Actor } from './review';

export interface ItemStep {
  /** null where the item was added. */
  readonly before: ReviewItem | null;
  /** null where it was taken away. */
  readonly after: ReviewItem | null;
}

type Source = Pick<StoredReview, 'runId'>;

export interface Patch {
  readonly items: readonly ItemStep[];
  /** Where the step brings in another run. */
  readonly source?: { readonly before: Source; readonly after: Source };
}

export function reversed({ items, source }: Patch): Patch {
  return {
    items: items.map(({ before, after }) => ({ before: after, after: before })),
    ...(source ? { source: { before: source.after, after: source.before } } : {}),
  };
}

/** The review after the step, with the step among its changes. */
export function applyPatch(review: StoredReview, patch: Patch, actor: Actor): StoredReview {
  const byId = new Map(review.items.map((item) => [item.id, item]));
  for (const { before, after } of patch.items) {
    if (before && before.id !== after?.id) byId.delete(before.id);
    if (after) byId.set(after.id, after);
  }
  return {
    ...review,
    ...patch.source?.after,
    items: [...byId.values()].sort(compareItems),
    changes: [
      ...review.changes,
      ...patch.items.flatMap((step) => changesOf(step, patch.source !== undefined, actor)),
    ],
    updatedAt: Math.max(actor.at, review.updatedAt),
    by: actor.by === '' ? undefined : actor.by,
  };
}

function changesOf({ before, after }: ItemStep, carries: boolean, actor: Actor): ReviewChange[] {
  const item = (after ?? before)?.id;
  if (item === undefined || sameJson(before, after)) return [];
  const base = { ...actor, item };
  const facts = { before: before?.fact ?? null, after: after?.fact ?? null };
  if (carries) {
    const changed = sameJson(facts.before, facts.after) ? {} : facts;
    return [{ ...base, kind: 'carry', ...howOf(after), ...changed }];
  }
  if (!before) return [{ ...base, kind: 'add', ...howOf(after), ...facts }];
  if (!after) return [{ ...base, kind: 'remove', ...facts }];
  const changes: ReviewChange[] = [];
  if (!sameJson(before.fact, after.fact)) changes.push({ ...base, kind: 'edit', ...facts });
  const kinds = { accepted: 'accept', rejected: 'reject', pending: 'reopen' } as const;
  // A decision that is made again, or a conflict that is settled, is one to be seen.
  const decided = (given: ReviewItem): unknown[] => [
    ...[given.decision, given.review, given.conflict !== undefined],
  ];
  if (!sameJson(decided(before), decided(after))) {
    changes.push({ ...base, kind: kinds[after.decision], ...howOf(after) });
  }
  return changes;
}

function howOf(item: ReviewItem | null): Pick<ReviewChange, 'review'> {
  return item?.review === undefined ? {} : { review: item.review };
}
