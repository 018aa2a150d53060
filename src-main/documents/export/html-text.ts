/** A record's text with its facts marked in it, as HTML. */
import type { ExportedFact, ExportedRecord } from '../../domain/contract/export';
import { isConfirmed } from '../../domain/rules/export/export-label';

/** Text and quoted attributes of HTML; what no document may hold becomes U+FFFD. */
export function escapeHtml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- these are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000e-\u001f\u007f]/g, '\uFFFD')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
      .replace(/'/g, '&#39;')
      // A parser would make a line feed of it, and places would be off by one.
      .replace(/\r(?!\n)/g, '&#13;')
  );
}

/** How a fact is shown in its text. */
export interface Look {
  readonly hue: number;
  readonly label: string;
}

interface Mark {
  readonly fact: ExportedFact;
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Pieces of the text, each in the marks of all facts that cover it: facts may nest or cross. A fact's
 * type is written behind its last piece.
 *
 * @param prefix of the ids of this record's marks (`PREFIX-t3`) and rows (`PREFIX-f3`)
 * @param look of a fact: number of its class, and what is written behind it
 */
export function* markedText(
  record: ExportedRecord,
  text: string,
  prefix: string,
  look: (fact: ExportedFact) => Look,
): Generator<string> {
  const marks = marksOf(record, text.length);
  const headings = (record.sections ?? []).filter(({ start, body }) => body > start);
  const borders = new Set([0, text.length]);
  for (const { start, end } of marks) borders.add(start).add(end);
  for (const { start, body } of headings) borders.add(start).add(body);
  const ordered = [...borders].filter((at) => at <= text.length).sort((a, b) => a - b);
  let open: Mark[] = [];
  let next = 0;
  let heading = 0;
  for (let i = 0; i + 1 < ordered.length; i++) {
    const start = ordered[i] ?? 0;
    const end = ordered[i + 1] ?? 0;
    open = open.filter((mark) => mark.end > start);
    for (let mark = marks[next]; mark && mark.start <= start; mark = marks[++next]) open.push(mark);
    while ((headings[heading]?.body ?? Infinity) <= start) heading++;
    const inHeading = (headings[heading]?.start ?? Infinity) <= start;
    const piece = escapeHtml(text.slice(start, end));
    const opening = open.map((mark) => markTag(record, mark, start, end, prefix, look)).join('');
    const last = open.at(-1);
    // Links do not nest: the innermost fact has it.
    const linked = last ? `<a href="#${prefix}-f${last.number}">${piece}</a>` : piece;
    const inner = `${opening}${linked}${'</mark>'.repeat(open.length)}`;
    yield inHeading ? `<span class="h">${inner}</span>` : inner;
  }
}

function markTag(
  record: ExportedRecord,
  { fact, number, start, end }: Mark,
  pieceStart: number,
  pieceEnd: number,
  prefix: string,
  look: (fact: ExportedFact) => Look,
): string {
  const id = start === pieceStart ? ` id="${prefix}-t${number}"` : '';
  const { hue, label } = look(fact);
  const type = end === pieceEnd ? ` data-t="${escapeHtml(label)}"` : '';
  const machine = isConfirmed(record, fact) ? '' : ' m';
  return `<mark class="e${hue}${machine}"${id}${type}>`;
}

/** Longer ones first where several begin at a place, so that nested ones lie inside. */
function marksOf({ facts }: ExportedRecord, length: number): Mark[] {
  return facts
    .flatMap((fact, number): Mark[] => {
      const { start, end } = fact;
      if (start === null || end === null || start >= end || end > length) return [];
      return [{ fact, number, start, end }];
    })
    .sort((a, b) => a.start - b.start || b.end - a.end);
}
