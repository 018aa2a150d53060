/** What an imported record is called: one line, no odd characters, not too long. */
import { basename, extname } from 'node:path';
import { maxTitleChars } from '../../domain/contract/worker-port';

/** Characters of a note's first line that make its title. */
const noteTitleChars = 24;

/** Control characters, line separators, and marks that turn the direction of what follows. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const oddCharacters = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** @param row of a table, from 1 */
export function titleOfFile(
  path: string,
  { row, caseId }: { readonly row?: number | undefined; readonly caseId?: string | undefined } = {},
): string {
  const stem = singleLine(basename(path, extname(path)));
  const which = caseId === undefined ? row?.toString() : singleLine(caseId);
  return (
    cut([stem, which].filter((part) => part).join(' · '), maxTitleChars) ||
    singleLine(basename(path)) ||
    '-'
  );
}

export function titleOfNote(text: string, number: number): string {
  const first = text.split(/[\r\n\u2028\u2029]/).find((line) => line.trim() !== '') ?? '';
  return cut(singleLine(first), noteTitleChars) || String(number);
}

function singleLine(text: string): string {
  return text.replace(oddCharacters, ' ').replace(/\s+/g, ' ').trim();
}

/** Without cutting a character in two. */
function cut(text: string, chars: number): string {
  const short = text.slice(0, chars);
  return /[\uD800-\uDBFF]$/.test(short) ? short.slice(0, -1) : short;
}
