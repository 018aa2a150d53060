/** In which order a reviewer goes through the items, and which comes next. */
import type { ReviewItem } from '../contract/review';
import { isOpen } from './progress';
import { compareItems } from './review';

/** `place`: as the text has them; `doubt`: what the model was least sure of first. */
export type ReviewOrder = 'place' | 'doubt';

/** An order by doubt does not change while items are decided or corrected: nothing jumps away. */
export function ordered(items: readonly ReviewItem[], order: ReviewOrder): ReviewItem[] {
  const byPlace = [...items].sort(compareItems);
  if (order === 'place') return byPlace;
  return byPlace.sort((a, b) => doubtOf(a) - doubtOf(b));
}

function doubtOf({ fact, machine, origin }: ReviewItem): number {
  // A person has no doubt of what they added; a model that gives no number may be wrong anywhere.
  return origin === 'doctor' ? 2 : ((machine ?? fact).confidence ?? 0);
}

/**
 * The next open item, round the end to the beginning.
 *
 * @param from id of the current one, which is not counted; null begins at the first
 */
export function nextOpen(
  items: readonly ReviewItem[],
  from: string | null,
  by: 1 | -1 = 1,
): ReviewItem | null {
  const at = items.findIndex(({ id }) => id === from);
  const begin = at < 0 ? (by === 1 ? -1 : items.length) : at;
  for (let step = 1; step <= items.length; step += 1) {
    const index = (begin + by * step + items.length * 2) % items.length;
    const item = items[index];
    if (item && item.id !== from && isOpen(item)) return item;
  }
  return null;
}
