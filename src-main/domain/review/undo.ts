/** Steps that were taken and can be taken back, and those that were taken back. */
import type { StoredReview } from '../contract/review';
import { applyPatch, reversed, type Patch } from './patch';
import type { Actor } from './review';

/** More steps than anybody takes back. */
const keptSteps = 5_000;

export interface Reviewing {
  readonly review: StoredReview;
  readonly done: readonly Patch[];
  readonly undone: readonly Patch[];
}

export function reviewing(review: StoredReview): Reviewing {
  return { review, done: [], undone: [] };
}

/** Takes a step; what was taken back before is forgotten. */
export function take({ review, done }: Reviewing, patch: Patch, actor: Actor): Reviewing {
  return {
    review: applyPatch(review, patch, actor),
    done: [...done, patch].slice(-keptSteps),
    undone: [],
  };
}

/** @returns the same object where there is nothing to take back */
export function undo(state: Reviewing, actor: Actor): Reviewing {
  const last = state.done.at(-1);
  if (!last || state.review.confirmation) return state;
  return {
    review: applyPatch(state.review, reversed(last), actor),
    done: state.done.slice(0, -1),
    undone: [...state.undone, last],
  };
}

/** @returns the same object where nothing was taken back */
export function redo(state: Reviewing, actor: Actor): Reviewing {
  const last = state.undone.at(-1);
  if (!last || state.review.confirmation) return state;
  return {
    review: applyPatch(state.review, last, actor),
    done: [...state.done, last],
    undone: state.undone.slice(0, -1),
  };
}
