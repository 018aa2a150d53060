/** CSV as RFC 4180 has it, in UTF-8 with a byte order mark, so that Excel shows Chinese. */
import type { Locale } from '../../domain/contract/ipc';
import { exportColumns, wideTexts } from '../../domain/messages/export-columns';
import { guardSign, needsGuard } from './csv-guard';
import type { ByteSink } from './sink';
import { TextPieces } from './sink';
import type { Cell, Column } from './table';

/** Excel takes a CSV file for one of the system's code page, unless it begins with this. */
const byteOrderMark = '\uFEFF';

export interface RowWriter {
  write(row: readonly Cell[]): Promise<void>;
  finish(): Promise<void>;
}

/** Writes the heading, and after each row's cells which of them are guarded. */
export async function openCsv(
  sink: ByteSink,
  columns: readonly Column[],
  locale: Locale,
): Promise<RowWriter> {
  const out = new TextPieces(sink);
  const headings = [
    ...columns.map(({ heading }) => heading),
    exportColumns[locale].guarded.heading,
  ];
  await out.write(`${byteOrderMark}${line(headings.map(guardedText))}`);
  return {
    write: (row) => {
      const guarded = row.flatMap((cell, at) =>
        typeof cell === 'string' && needsGuard(cell) ? [at + 1] : [],
      );
      const cells = row.map((cell) => (typeof cell === 'string' ? guardedText(cell) : text(cell)));
      return out.write(line([...cells, guarded.join(' ')]));
    },
    finish: () => out.flush(),
  };
}

/** What the columns of a CSV file mean, as a CSV file of its own. */
export async function writeCsvDictionary(
  sink: ByteSink,
  columns: readonly Column[],
  locale: Locale,
): Promise<void> {
  const out = new TextPieces(sink);
  const rows = dictionaryRows([...columns, guardedColumn(locale)], locale);
  await out.write(byteOrderMark);
  for (const row of rows) await out.write(line(row.map((cell) => guardedText(text(cell)))));
  await out.flush();
}

function guardedColumn(locale: Locale): Column {
  return { ...exportColumns[locale].guarded, type: 'text' };
}

/** Heading and rows of a data dictionary. */
export function dictionaryRows(columns: readonly Column[], locale: Locale): Cell[][] {
  const { dictionary, columnTypes } = wideTexts[locale];
  return [
    [...dictionary],
    ...columns.map(({ heading, type, meaning }, at): Cell[] => [
      at + 1,
      heading,
      columnTypes[type],
      meaning,
    ]),
  ];
}

function guardedText(value: string): string {
  return needsGuard(value) ? `${guardSign}${value}` : value;
}

function text(cell: Cell): string {
  return cell === null ? '' : String(cell);
}

function line(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

function quoted(cell: string): string {
  // A text of blanks alone, or with some at its ends, would be trimmed by some readers.
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
