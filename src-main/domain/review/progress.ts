/** How far a review has come. */
import type { ReviewItem } from '../contract/review';

/** Whether a person has still to say something of it. */
export function isOpen({ decision, conflict }: Pick<ReviewItem, 'decision' | 'conflict'>): boolean {
  return decision === 'pending' || conflict !== undefined;
}

export interface ReviewProgress {
  readonly total: number;
  /** Of which nothing is left to decide. */
  readonly decided: number;
  readonly open: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Of the open ones: decided before, and a later run says otherwise. */
  readonly conflicts: number;
  /** Of the accepted ones: with others, by one act. */
  readonly bulk: number;
}

export function progressOf(items: readonly ReviewItem[]): ReviewProgress {
  const count = (test: (item: ReviewItem) => boolean): number => items.filter(test).length;
  const open = count(isOpen);
  return {
    total: items.length,
    decided: items.length - open,
    open,
    accepted: count(({ decision }) => decision === 'accepted'),
    rejected: count(({ decision }) => decision === 'rejected'),
    conflicts: count(({ conflict }) => conflict !== undefined),
    bulk: count(({ decision, review }) => decision === 'accepted' && review === 'bulk'),
  };
}
