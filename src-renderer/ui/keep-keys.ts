/** Keeps the keys on the screen where the control that had them goes away, or is switched off, with what it did. */
import type { Attachment } from 'svelte/attachments';
import { on } from 'svelte/events';

/**
 * A browser gives the keys to the page then: Tab begins at its start, and a screen reader says nothing.
 * Whoever clicked beside the controls, or went on meanwhile, is left alone.
 *
 * @param next where the keys go: something that a second press of the same key does no harm to, such as a list;
 *   asked once what goes away is gone
 */
export function keepKeys(
  next: (root: HTMLElement) => HTMLElement | null | undefined,
): Attachment<HTMLElement> {
  return (root) => {
    let last: Element | null = null;
    const isLost = (element: Element): boolean =>
      !root.contains(element) || element.matches(':disabled');
    const offIn = on(root, 'focusin', ({ target }) => {
      last = target instanceof Element ? target : null;
    });
    const offOut = on(root, 'focusout', ({ target, relatedTarget }) => {
      if (relatedTarget !== null) last = null;
      // What is taken out of the page tells it by then.
      else
        queueMicrotask(() => {
          if (last === target && !isLost(last as Element)) last = null;
        });
    });
    const observer = new MutationObserver(() => {
      if (!last || !isLost(last)) return;
      const { activeElement } = document;
      if (activeElement && activeElement !== document.body && activeElement !== last) return;
      last = null;
      next(root)?.focus();
    });
    observer.observe(root, {
      ...{ childList: true, subtree: true },
      ...{ attributes: true, attributeFilter: ['disabled'] },
    });
    return () => {
      observer.disconnect();
      offIn();
      offOut();
    };
  };
}

/** The first of these inside of an element that there is and that can have the keys. */
export function firstOf(root: HTMLElement, ...selectors: string[]): HTMLElement | null {
  for (const selector of selectors) {
    const found = root.querySelector<HTMLElement>(`${selector}:not(:disabled)`);
    if (found) return found;
  }
  return null;
}
