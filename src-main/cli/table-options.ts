/** Columns as a person names them on the command line, into those of a table. */
import { Option, type Command } from 'commander';
import type { TableChoice } from '../domain/contract/document';
import { AppError } from '../domain/contract/errors';
import { formatOfName } from '../documents/file-format';
import { previewTable } from '../documents/preview-table';

export interface TableOptions {
  /** Headings, or numbers from 1. */
  readonly textColumn?: readonly string[];
  readonly caseIdColumn?: string;
  readonly sheet?: string;
  readonly heading: boolean;
}

/** Adds the options to a command that reads records. */
export function withTableOptions(command: Command): Command {
  const collect = (value: string, before: string[] = []): string[] => [...before, value];
  return command
    .addOption(
      new Option(
        '--text-column <column>',
        'of csv and xlsx: heading or number of the column with the text; may be repeated',
      ).argParser(collect),
    )
    .option('--case-id-column <column>', 'of csv and xlsx: column with the number of the case')
    .option('--sheet <name>', 'of xlsx: the sheet to read; defaults to the first')
    .option('--no-heading', 'of csv and xlsx: the first row is a record, too');
}

/** Whether a file holds many records. */
export function isTable(path: string): boolean {
  const format = formatOfName(path);
  return format === 'csv' || format === 'xlsx';
}

/**
 * @returns undefined for a file that is no table, and where no column was named
 * @throws AppError `TABLE_COLUMN_MISSING` (column, columns), and what reading the table throws
 */
export async function tableChoiceFor(
  path: string,
  { textColumn, caseIdColumn, sheet, heading }: TableOptions,
  signal: AbortSignal,
): Promise<TableChoice | undefined> {
  if (!textColumn || !isTable(path)) return undefined;
  const preview = await previewTable(path, { sheet, heading, signal });
  const columnOf = (name: string): number => {
    const named = preview.columns.indexOf(name.trim());
    if (named >= 0) return named;
    const number = /^[1-9]\d{0,4}$/.test(name) ? Number(name) : NaN;
    if (number <= preview.columns.length) return number - 1;
    throw new AppError('TABLE_COLUMN_MISSING', {
      params: { column: name, columns: preview.columns.length },
    });
  };
  return {
    heading,
    textColumns: textColumn.map(columnOf),
    ...(caseIdColumn === undefined ? {} : { caseIdColumn: columnOf(caseIdColumn) }),
    ...(sheet === undefined ? {} : { sheet }),
  };
}
