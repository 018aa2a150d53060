/** Places in a sheet as files write them, such as `AB12`. */
import type { MergedRange } from '../table/table-row';

/** What Excel has. */
export const maxColumns = 16_384;
export const maxRows = 1_048_576;

/** Column from 0 and row from 1; null for what is no place. */
export function placeOf(reference: string): { column: number; row: number } | null {
  const match = /^\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})$/.exec(reference);
  if (!match?.[1] || !match[2]) return null;
  let column = 0;
  for (const letter of match[1]) column = column * 26 + letter.charCodeAt(0) - 64;
  const row = Number(match[2]);
  return column <= maxColumns && row <= maxRows ? { column: column - 1, row } : null;
}

/** `A1:C3`; null for what is no range of several cells. */
export function rangeOf(reference: string): MergedRange | null {
  const [first = '', last = ''] = reference.split(':');
  const from = placeOf(first);
  const to = placeOf(last);
  if (!from || !to || from.row > to.row || from.column > to.column) return null;
  return { top: from.row, bottom: to.row, left: from.column, right: to.column };
}
