/** The tree that mammoth makes of a Word file, into lines. */

interface Notes {
  resolve(reference: WordElement): WordElement | null;
}

/** As much of mammoth's elements as is read here; it declares no types for them. */
export interface WordElement {
  readonly type: string;
  readonly children?: readonly WordElement[];
  /** Of a text. */
  readonly value?: string;
  /** Of a break: `line`, `page` or `column`. */
  readonly breakType?: string;
  /** Of a checkbox. */
  readonly checked?: boolean;
  /** Of a reference. */
  readonly noteType?: string;
  readonly noteId?: string;
  /** Of a note. */
  readonly body?: readonly WordElement[];
  /** Of the document. */
  readonly notes?: Notes;
}

export function wordsOf(document: WordElement): string {
  const notes: WordElement[] = [];
  const lines = blocks(document.children ?? [], notes);
  // Notes may refer to notes; each is numbered in the order in which the text comes to it.
  for (let i = 0; i < notes.length; i++) {
    const note = document.notes?.resolve(notes[i] as WordElement);
    const words = blocks(note?.body ?? [], notes).join('\n');
    lines.push(`${mark(i + 1)}${words}`);
  }
  return lines.join('\n');
}

const mark = (number: number): string => `[${number}]`;

/** Lines of paragraphs and tables. */
function blocks(elements: readonly WordElement[], notes: WordElement[]): string[] {
  return elements.flatMap((element) => {
    if (element.type === 'table') return tableLines(element, notes);
    return [inline(element, notes)];
  });
}

function tableLines(table: WordElement, notes: WordElement[]): string[] {
  return (table.children ?? []).map((row) =>
    (row.children ?? []).map((cell) => blocks(cell.children ?? [], notes).join('\n')).join('\t'),
  );
}

function inline(element: WordElement, notes: WordElement[]): string {
  switch (element.type) {
    case 'text':
      return element.value ?? '';
    case 'tab':
      return '\t';
    case 'break':
      return '\n';
    case 'checkbox':
      return element.checked ? '☑' : '☐';
    case 'noteReference':
      return mark(notes.push(element));
    case 'table':
      return tableLines(element, notes).join('\n');
    default:
      return (element.children ?? []).map((child) => inline(child, notes)).join('');
  }
}
