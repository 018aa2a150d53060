/** A csv file into records, or into a preview; in memory that does not grow with the file. */
import type { FileHandle } from 'node:fs/promises';
import type { ReadRecord, TableChoice, TablePreview } from '../../domain/contract/document';
import { AppError } from '../../domain/contract/errors';
import { piecesOf } from '../read-file';
import { previewRows } from '../table/preview-rows';
import { RowToRecord } from '../table/row-to-record';
import { csvRows } from './csv-rows';
import { surveyCsv } from './csv-survey';

export const csvExtractor = 'csv/1';

/** @throws AppError, Cancelled */
export async function* csvRecords(
  file: FileHandle,
  table: TableChoice,
  signal?: AbortSignal,
): AsyncGenerator<ReadRecord> {
  const { encoding, fileSha256, replaced } = await surveyCsv(piecesOf(file, signal));
  const reader = new RowToRecord(table, {
    ...{ kind: 'file', format: 'csv', encoding, extractor: csvExtractor, fileSha256 },
  });
  for await (const row of csvRows(piecesOf(file, signal), encoding)) {
    const read = reader.next(row);
    if (read?.kind === 'record' && replaced && read.text.includes('\uFFFD'))
      read.source.notices.push('UNDECODABLE_BYTES_REPLACED');
    if (read) yield read;
  }
  reader.end();
}

/** @throws AppError, Cancelled */
export async function previewCsv(
  file: FileHandle,
  heading?: boolean,
  signal?: AbortSignal,
): Promise<TablePreview> {
  const { encoding } = await surveyCsv(piecesOf(file, signal));
  const preview = await previewRows(csvRows(piecesOf(file, signal), encoding), heading);
  if (preview.columns.length === 0) throw new AppError('TABLE_EMPTY');
  return { sheets: [], ...preview };
}
