/**
 * A caret in a text that is only read: arrow keys move it, with Shift they select, as in any editor.
 * The browser moves it (`Selection.modify`), so that lines and characters are those on screen.
 */

type Granularity = 'character' | 'word' | 'line' | 'lineboundary';

const moves: Record<string, readonly [direction: 'forward' | 'backward', by: Granularity]> = {
  ArrowRight: ['forward', 'character'],
  ArrowLeft: ['backward', 'character'],
  ArrowDown: ['forward', 'line'],
  ArrowUp: ['backward', 'line'],
  Home: ['backward', 'lineboundary'],
  End: ['forward', 'lineboundary'],
};

/** Puts the caret before an element's words, or at the beginning of the pane. */
export function placeCaret(pane: HTMLElement, before: Element | null): void {
  const selection = window.getSelection();
  const node = firstText(before ?? pane);
  if (selection && node) selection.collapse(node, 0);
}

/** @returns whether the key moved the caret */
export function moveCaret(
  pane: HTMLElement,
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>,
): boolean {
  const move = moves[event.key];
  const selection = window.getSelection();
  if (!move || !selection || event.altKey || event.metaKey) return false;
  const { focusNode, focusOffset, anchorNode, anchorOffset } = selection;
  const [direction, by] = move;
  const granularity = event.ctrlKey && by === 'character' ? 'word' : by;
  selection.modify(event.shiftKey ? 'extend' : 'move', direction, granularity);
  // It stays in the text.
  if (!pane.contains(selection.focusNode) && anchorNode && focusNode) {
    selection.setBaseAndExtent(anchorNode, anchorOffset, focusNode, focusOffset);
  }
  const element = selection.focusNode?.parentElement;
  element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  return true;
}

/** Where the caret is drawn, in pixels of the pane's content; null where there is none in it. */
export function caretBox(pane: HTMLElement): { x: number; y: number; height: number } | null {
  const selection = window.getSelection();
  if (!selection?.focusNode || !pane.contains(selection.focusNode)) return null;
  const range = document.createRange();
  range.setStart(selection.focusNode, selection.focusOffset);
  const box = range.getClientRects()[0] ?? selection.focusNode.parentElement?.getClientRects()[0];
  if (!box) return null;
  const outer = pane.getBoundingClientRect();
  return {
    x: box.left - outer.left + pane.scrollLeft,
    y: box.top - outer.top + pane.scrollTop,
    height: box.height,
  };
}

function firstText(within: Element): Node | null {
  const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  // Between elements there are empty pieces, in which no caret can stand.
  while (node && node.textContent === '') node = walker.nextNode();
  return node;
}
