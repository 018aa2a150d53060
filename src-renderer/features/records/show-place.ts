/**
 * The place that a search has found, shown in the record on screen. It is highlighted without touching
 * how the text is drawn, which is the business of whoever draws it.
 */
import type { FoundPlace } from './search.svelte';

/** Counts what was shown and hidden: whoever waited for a frame sees whether it is still its turn. */
let turn = 0;

/** Shows a place in the text that is on screen, a third below the upper edge. What is shown or hidden later wins. */
export async function showPlace({ start, end }: FoundPlace): Promise<void> {
  const mine = (turn += 1);
  const pane = document.querySelector<HTMLElement>('[data-pane="text"]');
  // Twice: how high the text above is, is known only once it was laid out.
  for (let round = 0; pane && round < 2; round += 1) {
    await new Promise(requestAnimationFrame);
    if (mine !== turn) return;
    const range = rangeOf(pane, start, end);
    highlight(range);
    if (range) scrollToRange(pane, range);
  }
}

/** A stretch of a text as a range of what `VisibleText` drew of it. @returns null when the element does not hold so much text */
function rangeOf(element: Element, start: number, end: number): Range | null {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  let at = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const units = unitsOf(node);
    if (units === 0) continue;
    const isText = node.nodeType === Node.TEXT_NODE;
    if (!begun && start < at + units) {
      if (isText) range.setStart(node, start - at);
      else range.setStartBefore(node);
      begun = true;
    }
    if (begun && end <= at + units) {
      if (isText) range.setEnd(node, end - at);
      else range.setEndAfter(node);
      return range;
    }
    at += units;
  }
  return null;
}

/** Of the text, that a node stands for by itself. */
function unitsOf(node: Node): number {
  if (node instanceof Text) return node.length;
  // A label in the place of characters that cannot be seen.
  return node instanceof HTMLElement ? Number(node.dataset['units'] ?? 0) : 0;
}

/** Shows no place any more. */
export function hidePlace(): void {
  turn += 1;
  highlight(null);
}

/** Highlights a range and no other, in the colours of `::highlight(found)`. */
function highlight(range: Range | null): void {
  if (range) CSS.highlights.set('found', new Highlight(range));
  else CSS.highlights.delete('found');
}

function scrollToRange(scrolled: HTMLElement, range: Range): void {
  const from = range.getBoundingClientRect().top - scrolled.getBoundingClientRect().top;
  scrolled.scrollTop += from - scrolled.clientHeight / 3;
}
