/** Many notes out of one pasted text. */

export const separators = ['dashes', 'blank'] as const;
export type Separator = (typeof separators)[number];

/** A line of nothing but three or more dashes or equals signs, also full-width ones. */
const dashes = /^[ \t\u3000]*[-=—─－＝]{3,}[ \t\u3000]*$/;
const empty = /^[ \t\u3000]*$/;

/** The notes, each without the empty lines around it; what is between two separators and empty is none. */
export function splitNotes(text: string, separator: Separator): string[] {
  const notes: string[] = [];
  let lines: string[] = [];
  let blanks = 0;
  const end = (): void => {
    const note = lines.join('\n').replace(/^(?:[ \t\u3000]*\n)+|(?:\n[ \t\u3000]*)+$/g, '');
    if (note.trim() !== '') notes.push(note);
    lines = [];
  };
  for (const line of text.split(/\r\n|\r|\n/)) {
    blanks = empty.test(line) ? blanks + 1 : 0;
    const splits = separator === 'dashes' ? dashes.test(line) : blanks === 2;
    if (splits) end();
    else lines.push(line);
  }
  end();
  return notes;
}
