/** Columns without a heading are called what Excel calls them. */
import { columnLetters } from '../../domain/text/column-letters';

/** 列 A, 列 B, ... 列 Z, 列 AA, ... for a column from 0. */
export function columnName(column: number): string {
  return `列 ${columnLetters(column)}`;
}
