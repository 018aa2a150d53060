/** What the page may put on the system's clipboard. */
import * as z from 'zod';

/** Bytes of UTF-8: a long record fits, and no message is made huge by it. */
export const maxClipboardBytes = 1024 * 1024;

/** Whether a text may be copied at once. Looks at no more than it must. */
export function fitsClipboard(text: string): boolean {
  return (
    text.length <= maxClipboardBytes && new TextEncoder().encode(text).length <= maxClipboardBytes
  );
}

export const clipboardTextSchema = z.string().max(maxClipboardBytes).refine(fitsClipboard);
