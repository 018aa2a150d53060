/**
 * What a reviewer does: every act as a step that can be undone. Acts that would change nothing are no
 * steps.
 */
import { AppError } from '../contract/errors';
import type { Fact } from '../contract/fact';
import type { DecidedBy, ReviewItem, StoredReview } from '../contract/review';
import { sameJson } from './canonical-json';
import type { ItemStep, Patch } from './patch';
import { withoutConflict, type Actor } from './review';

export type ReviewAction =
  /** Also keeps what was decided where a later run says otherwise. */
  | { readonly kind: 'accept' | 'reject' | 'reopen'; readonly id: string }
  /** The facts of one group that are on screen, by one act. */
  | { readonly kind: 'accept-all'; readonly ids: readonly string[] }
  /** Settles where two reviews differ, by one act; what a person had added stays there as rejected. */
  | {
      readonly kind: 'choose';
      readonly accept: readonly string[];
      readonly reject: readonly string[];
    }
  | { readonly kind: 'edit'; readonly id: string; readonly fact: Fact }
  /** Takes what the later run says. */
  | { readonly kind: 'take'; readonly id: string }
  /** Says what it is, and accepts that; null rejects it. */
  | { readonly kind: 'settle'; readonly id: string; readonly fact: Fact | null }
  | {
      readonly kind: 'add';
      readonly id: string;
      readonly fact: Fact;
      /** What it shows to be wrong: rejected by the same act. */
      readonly instead?: string;
    };

/**
 * @returns the step, or null where there is nothing to do
 * @throws AppError `REVIEW_LOCKED` when the review is confirmed
 */
export function stepOf(review: StoredReview, action: ReviewAction, actor: Actor): Patch | null {
  if (review.confirmation) throw new AppError('REVIEW_LOCKED');
  const items = stepsOf(review, action, actor).filter(
    ({ before, after }) => !sameJson(before, after),
  );
  return items.length === 0 ? null : { items };
}

function stepsOf(review: StoredReview, action: ReviewAction, actor: Actor): ItemStep[] {
  if (action.kind === 'accept-all') {
    const wanted = new Set(action.ids);
    return review.items
      .filter(({ id, decision, conflict }) => wanted.has(id) && decision === 'pending' && !conflict)
      .map((item) => ({ before: item, after: decided(item, 'accepted', actor, 'bulk') }));
  }
  if (action.kind === 'choose') {
    const { accept, reject } = action;
    return review.items.flatMap((before): ItemStep[] => {
      const decision = accept.includes(before.id)
        ? 'accepted'
        : reject.includes(before.id)
          ? 'rejected'
          : null;
      if (decision === null || before.decision === decision) return [];
      return [{ before, after: decided(before, decision, actor, 'single') }];
    });
  }
  if (action.kind === 'add') {
    if (review.items.some(({ id }) => id === action.id)) return [];
    const { fact } = action;
    const added: ReviewItem = {
      ...{ id: action.id, fact, origin: 'doctor', decision: 'accepted', review: 'single' },
      ...actor,
    };
    const wrong = review.items.find(({ id }) => id === action.instead);
    return [
      { before: null, after: added },
      ...(wrong ? [{ before: wrong, after: decided(wrong, 'rejected', actor, 'single') }] : []),
    ];
  }
  const before = review.items.find(({ id }) => id === action.id);
  if (!before) return [];
  switch (action.kind) {
    case 'accept':
      if (before.decision === 'accepted' && !before.conflict) return [];
      return [{ before, after: decided(before, 'accepted', actor, 'single') }];
    case 'reject':
      // What a person added and no longer wants was never said by anybody else.
      if (before.origin === 'doctor') return [{ before, after: null }];
      if (before.decision === 'rejected' && !before.conflict) return [];
      return [{ before, after: decided(before, 'rejected', actor, 'single') }];
    case 'reopen':
      if (before.origin === 'doctor' || before.decision === 'pending') return [];
      return [{ before, after: pending(before) }];
    case 'edit':
      return [{ before, after: edited(before, action.fact, actor) }];
    case 'settle': {
      const { fact } = action;
      if (!fact) return [{ before, after: decided(before, 'rejected', actor, 'single') }];
      return [{ before, after: decided(edited(before, fact, actor), 'accepted', actor, 'single') }];
    }
    case 'take': {
      if (!before.conflict) return [];
      const { fact } = before.conflict;
      // The later run does not find it any more: then it goes the way of what a model said wrongly.
      if (!fact) return [{ before, after: decided(before, 'rejected', actor, 'single') }];
      const taken: ReviewItem = { ...withoutConflict(before), fact, origin: 'model' };
      delete taken.machine;
      return [{ before, after: decided(taken, 'accepted', actor, 'single') }];
    }
    default:
      return action satisfies never;
  }
}

function decided(
  item: ReviewItem,
  decision: 'accepted' | 'rejected',
  actor: Actor,
  review: DecidedBy,
): ReviewItem {
  return { ...withoutConflict(item), decision, review, ...actor };
}

function pending(item: ReviewItem): ReviewItem {
  const open: ReviewItem = { ...item, decision: 'pending' };
  delete open.review;
  delete open.at;
  delete open.by;
  return open;
}

/** What was accepted stays so, by who changed it; what was rejected is to be decided again. */
function edited(item: ReviewItem, fact: Fact, actor: Actor): ReviewItem {
  if (sameJson(item.fact, fact)) return item;
  const machine = item.machine ?? (item.origin === 'model' ? item.fact : undefined);
  const changed: ReviewItem = { ...item, fact };
  delete changed.machine;
  if (machine && !sameJson(machine, fact)) {
    // It is no longer what the model was sure of, or not.
    changed.machine = machine;
    changed.fact = { ...fact, confidence: null };
    if (sameJson({ ...machine, confidence: null }, changed.fact)) {
      delete changed.machine;
      changed.fact = machine;
    }
  }
  if (item.decision === 'accepted') return { ...changed, review: 'single', ...actor };
  return item.decision === 'rejected' ? pending(changed) : changed;
}
