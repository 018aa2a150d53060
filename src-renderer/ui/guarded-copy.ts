/**
 * Copying and cutting anywhere in the page goes through main, which clears the clipboard after a while
 * and at its end; Chromium's own copy would leave a record's words there for ever, with their styles.
 * What nobody has confirmed leaves only with the words that say so.
 */

/** Text of a field that a person selected; null when it is no field of text, or shows no letters. */
function selectedInField(field: EventTarget | null): string | null {
  const isText = field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement;
  if (!isText || field.selectionStart === null || field.selectionEnd === null) return null;
  if (field.type === 'password') return '';
  return field.value.slice(field.selectionStart, field.selectionEnd);
}

/** What carries a label that goes along with its words: `data-unconfirmed` holds it. */
const labelled = '[data-unconfirmed]';

/** The label of what the field or the selection holds; null where it is free of such words. */
function labelOf(document: Document, field: Element | null): string | null {
  const selection = document.getSelection();
  const holds = (element: Element): boolean =>
    selection !== null &&
    selection.rangeCount > 0 &&
    selection.getRangeAt(0).intersectsNode(element);
  const element =
    selectedInField(field) === null
      ? [...document.querySelectorAll(labelled)].find(holds)
      : field?.closest(labelled);
  return element?.getAttribute('data-unconfirmed') ?? null;
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
    const text = selectedInField(field) ?? document.getSelection()?.toString() ?? '';
    if (text === '') return;
    const label = labelOf(document, field);
    write(label === null ? text : `${label}\n${text}`).then(() => {
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
