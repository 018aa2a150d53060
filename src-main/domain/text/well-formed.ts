/**
 * Lone surrogates: halves of a UTF-16 pair without the other half.
 *
 * They have no UTF-8 form, so TextEncoder would replace them behind our back and the hash of a text
 * would no longer be the hash of what is shown. They are replaced once, visibly, at import.
 */

/** Whether every surrogate of the text is part of a pair. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/**
 * The text with each lone surrogate replaced by U+FFFD. The length in UTF-16 units stays the same,
 * so offsets do too.
 */
export function toWellFormed(text: string): string {
  return text.toWellFormed();
}
