/** What one version of a review holds and another does not. */
import { compareFacts, type Fact } from '../contract/fact';
import type { ReviewItem, StoredReview } from '../contract/review';
import { sameJson } from './canonical-json';

export type Difference =
  | { readonly kind: 'added'; readonly id: string; readonly after: Fact }
  | { readonly kind: 'removed'; readonly id: string; readonly before: Fact }
  | {
      readonly kind: 'changed';
      readonly id: string;
      readonly before: Fact;
      readonly after: Fact;
    };

/** Of accepted facts, in the order of the text; a fact that was accepted by other means is the same. */
export function differencesOf(
  before: Pick<StoredReview, 'items'>,
  after: Pick<StoredReview, 'items'>,
): Difference[] {
  const earlier = acceptedById(before.items);
  const later = acceptedById(after.items);
  const found: Difference[] = [];
  for (const [id, fact] of earlier) {
    const now = later.get(id);
    if (!now) found.push({ kind: 'removed', id, before: fact });
    else if (!sameJson(fact, now)) found.push({ kind: 'changed', id, before: fact, after: now });
  }
  for (const [id, fact] of later) {
    if (!earlier.has(id)) found.push({ kind: 'added', id, after: fact });
  }
  const placeOf = (each: Difference): Fact => (each.kind === 'removed' ? each.before : each.after);
  return found.sort((a, b) => compareFacts(placeOf(a), placeOf(b)));
}

function acceptedById(items: readonly ReviewItem[]): Map<string, Fact> {
  return new Map(
    items.filter(({ decision }) => decision === 'accepted').map(({ id, fact }) => [id, fact]),
  );
}
