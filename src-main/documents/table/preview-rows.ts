/** The beginning of a table for a person to choose columns by, whatever kind of file it comes from. */
import type { TablePreview } from '../../domain/contract/document';
import { toWellFormed } from '../../domain/text/well-formed';
import { columnName } from './column-name';
import { looksLikeHeadings, suggestColumns } from './suggest-columns';
import { isBlankRow, type TableRow } from './table-row';

const shownRows = 20;
/** Rows that a suggestion is made from. */
const readRows = 200;
const headingChars = 80;
const cellChars = 200;
const mostColumns = 500;

/** @param heading whether the first row holds headings; guessed where absent */
export async function previewRows(
  rows: AsyncIterable<TableRow>,
  heading?: boolean,
): Promise<Omit<TablePreview, 'sheets' | 'sheet'>> {
  const read: TableRow[] = [];
  let isAll = true;
  for await (const row of rows) {
    if (isBlankRow(row)) continue;
    if (read.length > readRows) {
      isAll = false;
      break;
    }
    read.push(row);
  }
  const [first] = read;
  const hasHeading = heading ?? (first !== undefined && looksLikeHeadings(first, read.slice(1)));
  const data = hasHeading ? read.slice(1) : read;
  const width = Math.min(mostColumns, Math.max(0, ...read.map(({ cells }) => cells.length)));
  const columns = Array.from({ length: width }, (_, column) => {
    const name = hasHeading ? shown(first?.cells[column]?.text ?? '', headingChars) : '';
    return name === '' ? columnName(column) : name;
  });
  return {
    columns,
    rows: data
      .slice(0, shownRows)
      .map(({ cells }) => columns.map((_, column) => shown(cells[column]?.text ?? '', cellChars))),
    totalRows: isAll ? data.length : null,
    suggestion: data.length === 0 ? null : suggestColumns(columns, data, hasHeading),
  };
}

/** Cut without cutting a character in two. */
function shown(text: string, chars: number): string {
  const trimmed = text.trim();
  if (trimmed.length <= chars) return toWellFormed(trimmed);
  const cut = trimmed.slice(0, chars - 1);
  return `${toWellFormed(/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut)}…`;
}
