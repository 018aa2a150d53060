/**
 * What is on screen of a review: a fact counts as seen where its whole row and the beginning of its
 * words in the text are in view at once.
 */
import type { ReviewItem } from '@domain/contract/review';

export interface ReviewScreen {
  /** Those of `items` that are in view now. */
  inView(items: readonly ReviewItem[]): Set<string>;
  /** Brings the selected item's row and words into view, and the focus to the facts. */
  reveal(id: string): void;
}

/** @param root holds the list of facts and the text */
export function inViewOf(root: HTMLElement, items: readonly ReviewItem[]): Set<string> {
  const list = root.querySelector('[data-pane="facts"] [role="listbox"]');
  const text = root.querySelector('[data-pane="text"]');
  if (!list || !text) return new Set();
  const seen = items.filter(({ id, fact }) => {
    const row = list.querySelector(`[data-item="${CSS.escape(id)}"]`);
    if (!row || !isWithin(row.getBoundingClientRect(), list.getBoundingClientRect())) return false;
    if (fact.start === null) return true;
    const mark = text.querySelector(`[data-fact-id="${CSS.escape(id)}"]`);
    // Of words over several lines the first is the one that is brought into view.
    const [first] = mark?.getClientRects() ?? [];
    return first !== undefined && isWithin(first, text.getBoundingClientRect());
  });
  return new Set(seen.map(({ id }) => id));
}

/** By height; a pixel is forgiven, as edges of rows fall between pixels when the page is zoomed. */
function isWithin(inner: DOMRect, outer: DOMRect): boolean {
  return inner.height > 0 && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
}
