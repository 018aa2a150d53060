/** Columns without a heading are called what Excel calls them. */

/** 列 A, 列 B, ... 列 Z, 列 AA, ... for a column from 0. */
export function columnName(column: number): string {
  let letters = '';
  for (let rest = column; rest >= 0; rest = Math.floor(rest / 26) - 1)
    letters = String.fromCharCode(65 + (rest % 26)) + letters;
  return `列 ${letters}`;
}
