/** What a record is called where its place has to be found again: `notes.csv:17`. */

/** @param row of a table, from 1, without its heading */
export function recordLabel(source: string, row: number | undefined): string {
  return row === undefined ? source : `${source}:${row}`;
}
