/** The stretch of the text that a person has selected on screen. */
import type { Span } from './text-blocks';

/**
 * Reads the selection below an element whose pieces tell where they begin (`data-start`); labels of
 * what cannot be seen stand for more units than they have (`data-units`).
 *
 * @returns UTF-16 units of the text, without blanks at the ends; null where nothing is selected
 */
export function selectedSpan(
  pane: HTMLElement,
  selection: Selection | null,
  text: string,
): Span | null {
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!range.intersectsNode(pane)) return null;
  const from = offsetOf(pane, range.startContainer, range.startOffset) ?? 0;
  // A selection that is dragged out of the pane ends at its end.
  const to = offsetOf(pane, range.endContainer, range.endOffset) ?? text.length;
  const words = text.slice(from, to);
  const trimmed = words.trim();
  if (trimmed === '') return null;
  const start = from + words.indexOf(trimmed);
  return { start, end: start + trimmed.length };
}

/** Offset of a place in the DOM, as `selectedSpan`; null for one outside the pane. */
export function offsetOf(pane: HTMLElement, node: Node, offset: number): number | null {
  if (!pane.contains(node)) return null;
  const before = document.createRange();
  before.selectNodeContents(pane);
  before.setEnd(node, offset);
  // The last piece that begins before the place: what precedes it need not be counted.
  const pieces = pane.querySelectorAll<HTMLElement>('[data-start]');
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const piece = pieces[middle];
    if (piece && before.comparePoint(piece, 0) <= 0) low = middle + 1;
    else high = middle;
  }
  const piece = pieces[low - 1];
  if (!piece) return 0;
  const inside = document.createRange();
  inside.setStart(piece, 0);
  inside.setEnd(node, offset);
  const labels = inside.cloneContents().querySelectorAll<HTMLElement>('[data-units]');
  const hidden = Array.from(labels, (label) => Number(label.dataset['units']));
  const shown = Math.min(inside.toString().length, piece.textContent?.length ?? 0);
  return Number(piece.dataset['start']) + shown + hidden.reduce((sum, units) => sum + units, 0);
}
