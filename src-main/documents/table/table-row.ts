/** A row of a table, whatever kind of file it comes from. */
import type { CellFault } from '../../domain/contract/document';

export interface Cell {
  readonly text: string;
  /** A formula that was never calculated, or an error such as #REF!; then `text` says which. */
  readonly fault?: CellFault;
  /** A number of more digits than the table kept. */
  readonly lostDigits?: true;
}

export interface TableRow {
  /** From 1, as the program that shows the table counts, headings included. */
  readonly number: number;
  /** By column from 0; what is not there is empty. */
  readonly cells: readonly (Cell | undefined)[];
}

/** Cells that were joined into one; the text is in the first. Rows from 1, columns from 0, both inclusive. */
export interface MergedRange {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function isBlankRow(row: TableRow): boolean {
  return row.cells.every((cell) => !cell || (cell.text.trim() === '' && !cell.fault));
}
