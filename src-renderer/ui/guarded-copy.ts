/**
 * Copying and cutting anywhere in the page goes through main, which clears the clipboard after a while
 * and at its end; Chromium's own copy would leave a record's words there for ever, with their styles.
 * What nobody has confirmed is left out, and leaves a field only with the words that say so.
 */

/** Text of a field that a person selected; null when it is no field of text, or shows no letters. */
function selectedInField(field: EventTarget | null): string | null {
  const isText = field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement;
  if (!isText || field.selectionStart === null || field.selectionEnd === null) return null;
  if (field.type === 'password') return '';
  return field.value.slice(field.selectionStart, field.selectionEnd);
}

/** What nobody has confirmed; the attribute holds the words that say so. */
const unconfirmed = '[data-unconfirmed]';

/** What is selected outside of fields, without what nobody has confirmed. */
function selectedOutside(document: Document): string {
  const selection = document.getSelection();
  if (!selection || selection.rangeCount === 0) return '';
  const range = selection.getRangeAt(0);
  const left = [...document.querySelectorAll<HTMLElement>(unconfirmed)].filter((element) =>
    range.intersectsNode(element),
  );
  const before = left.map(({ style }) => style.visibility);
  // Chromium's own copy leaves out what cannot be selected; the text of a selection does not, but it
  // leaves out what cannot be seen. Nothing is drawn in between.
  for (const { style } of left) style.visibility = 'hidden';
  const text = selection.toString();
  left.forEach(({ style }, index) => (style.visibility = before[index] ?? ''));
  return text;
}

/**
 * @param write puts a text on the clipboard; when it fails, nothing is cut
 * @returns the way to stop
 */
export function guardCopying(
  document: Document,
  write: (text: string) => Promise<void>,
  onError: (error: unknown) => void,
): () => void {
  const copy = (event: ClipboardEvent): void => {
    event.preventDefault();
    const field = document.activeElement;
    const text = selectedInField(field) ?? selectedOutside(document);
    if (text === '') return;
    const label = field?.closest(unconfirmed)?.getAttribute('data-unconfirmed');
    write(label == null ? text : `${label}\n${text}`).then(() => {
      if (event.type !== 'cut' || document.activeElement !== field) return;
      // Deprecated without a successor: the only way that a person can undo.
      if (selectedInField(field) === text) document.execCommand('delete');
    }, onError);
  };
  document.addEventListener('copy', copy);
  document.addEventListener('cut', copy);
  return () => {
    document.removeEventListener('copy', copy);
    document.removeEventListener('cut', copy);
  };
}
