/** Rows of a table into records, by the columns that a person chose. */
import type { ReadRecord, TableChoice } from '../../domain/contract/document';
import { AppError, type Problem } from '../../domain/contract/errors';
import { maxRecordChars } from '../../domain/contract/extraction';
import type { ImportNotice, RecordSource } from '../../domain/contract/record';
import { columnLetters } from '../../domain/text/column-letters';
import { isWellFormed, toWellFormed } from '../../domain/text/well-formed';
import { MergedColumn } from './merged-column';
import { isBlankRow, type Cell, type MergedRange, type TableRow } from './table-row';

const maxCaseIdChars = 200;
/** A long number as Excel writes it to a csv file: its digits are gone. */
const exponent = /^\d(?:\.\d+)?E\+(?:1[5-9]|[2-9]\d)$/i;

export class RowToRecord {
  readonly #choice: TableChoice;
  readonly #source: Omit<RecordSource, 'row' | 'notices'>;
  readonly #merged: ReadonlyMap<number, MergedColumn>;
  #headings: TableRow | null = null;
  #firstRow = 0;
  #mergedCaseId: { readonly range: MergedRange; readonly cell: Cell | undefined } | null = null;
  #records = 0;

  /** @param merged of the sheet; those that cover no chosen column are of no interest */
  constructor(
    choice: TableChoice,
    source: Omit<RecordSource, 'row' | 'notices'>,
    merged: readonly MergedRange[] = [],
  ) {
    this.#choice = choice;
    this.#source = source;
    const { caseIdColumn, textColumns } = choice;
    const chosen = caseIdColumn === undefined ? textColumns : [...textColumns, caseIdColumn];
    this.#merged = new Map(chosen.map((column) => [column, new MergedColumn(merged, column)]));
  }

  /** Rows so far that were records or problems; a table without any is empty. */
  get count(): number {
    return this.#records;
  }

  /**
   * @returns null for headings, for a row whose cells are all empty, and for one that only continues a
   * text merged with the rows above
   * @throws AppError `TABLE_COLUMN_MISSING`
   */
  next(row: TableRow): ReadRecord | null {
    if (isBlankRow(row)) {
      // Blank rows before the table are no part of it; those within are counted.
      return null;
    }
    if (this.#choice.heading && !this.#headings) {
      this.#headings = row;
      this.#firstRow = row.number + 1;
      return null;
    }
    if (this.#records === 0) {
      if (!this.#choice.heading) this.#firstRow = row.number;
      this.#checkColumns(row);
    }
    const number = row.number - this.#firstRow + 1;
    // Before anything else: rows below may need it, whatever is wrong with this one.
    const caseCell = this.#caseIdCell(row);
    const texts = this.#choice.textColumns.map((column) => row.cells[column]);
    if (this.#continuesText(row, texts)) return null;
    this.#records++;
    const caseId = caseIdOf(caseCell);
    const of = { row: number, ...(caseId === '' ? {} : { caseId }) };
    const { textColumns, caseIdColumn = 0 } = this.#choice;
    const faulty = texts.findIndex((cell) => cell?.fault);
    const why = texts[faulty]?.fault;
    if (why)
      return problem(of, 'TABLE_CELL_WITHOUT_VALUE', { why, column: nameOf(textColumns[faulty]) });
    const text = this.#textOf(texts);
    if (text.trim() === '')
      return problem(of, 'EMPTY_TEXT', { column: textColumns.map(nameOf).join(' / ') });
    if (text.length > maxRecordChars)
      return problem(of, 'TEXT_TOO_LARGE', { chars: text.length, limit: maxRecordChars });
    if (caseCell?.fault) {
      const params = { why: caseCell.fault, column: nameOf(caseIdColumn) };
      return problem({ row: number }, 'TABLE_CELL_WITHOUT_VALUE', params);
    }
    const notices: ImportNotice[] = [];
    if (!isWellFormed(text)) notices.push('LONE_SURROGATES_REPLACED');
    if (hasLostDigits(caseCell) || texts.some((cell) => cell?.lostDigits))
      notices.push('ID_DIGITS_LOST');
    return {
      kind: 'record',
      text: toWellFormed(text),
      ...(caseId === '' ? {} : { caseId }),
      source: { ...this.#source, row: number, notices },
    };
  }

  /** A table that ends here. @throws AppError `TABLE_EMPTY` */
  end(): void {
    if (this.#records === 0) throw new AppError('TABLE_EMPTY');
  }

  #checkColumns(first: TableRow): void {
    const width = Math.max(this.#headings?.cells.length ?? 0, first.cells.length);
    const { textColumns, caseIdColumn = 0 } = this.#choice;
    const missing = [...textColumns, caseIdColumn].find((column) => column >= width);
    if (missing === undefined) return;
    throw new AppError('TABLE_COLUMN_MISSING', { params: { column: missing + 1, columns: width } });
  }

  #textOf(texts: readonly (Cell | undefined)[]): string {
    if (texts.length === 1) return texts[0]?.text ?? '';
    const parts = texts.flatMap((cell, i) => {
      const text = cell?.text ?? '';
      if (text.trim() === '') return [];
      const heading = this.#headings?.cells[this.#choice.textColumns[i] ?? -1]?.text.trim() ?? '';
      if (heading === '') return [text];
      return [/[:：]$/.test(heading) ? heading : `${heading}：`, text];
    });
    return parts.join('\n');
  }

  /** All of its texts lie in cells merged with those of a row above, which hold the words. */
  #continuesText(row: TableRow, texts: readonly (Cell | undefined)[]): boolean {
    if (texts.some((cell) => cell && (cell.text !== '' || cell.fault))) return false;
    return this.#choice.textColumns.some((column) => {
      const range = this.#rangeAt(row.number, column);
      return range !== undefined && range.top < row.number;
    });
  }

  /** Of a merged case id, every row has it. */
  #caseIdCell(row: TableRow): Cell | undefined {
    const column = this.#choice.caseIdColumn;
    if (column === undefined) return undefined;
    const own = row.cells[column];
    const range = this.#rangeAt(row.number, column);
    if (!range) return own;
    if (range.top === row.number) this.#mergedCaseId = { range, cell: own };
    return this.#mergedCaseId?.range === range ? this.#mergedCaseId.cell : own;
  }

  #rangeAt(row: number, column: number): MergedRange | undefined {
    return this.#merged.get(column)?.at(row);
  }
}

function problem(
  of: { readonly row: number; readonly caseId?: string },
  code: Problem['code'],
  params: NonNullable<Problem['params']>,
): ReadRecord {
  return { kind: 'problem', ...of, problem: { code, params } };
}

const nameOf = (column = 0): string => columnLetters(column);

function hasLostDigits(cell: Cell | undefined): boolean {
  return cell !== undefined && (cell.lostDigits === true || exponent.test(cell.text.trim()));
}

/** Trimmed; without the guard `="..."` that programs put around numbers in csv files. */
function caseIdOf(cell: Cell | undefined): string {
  const text = (cell?.text ?? '').trim().replace(/^="(.*)"$/s, '$1');
  return toWellFormed(text.slice(0, maxCaseIdChars));
}
