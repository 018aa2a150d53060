/** A sheet of a workbook into records, or into a preview. */
import type { ReadRecord, TableChoice, TablePreview } from '../../domain/contract/document';
import { previewRows } from '../table/preview-rows';
import { RowToRecord } from '../table/row-to-record';
import type { BoundedZip } from '../zip/bounded-zip';
import { mergedRanges } from './merged-ranges';
import { sheetLimit, sheetRows } from './sheet-rows';
import { openWorkbook, sheetOf } from './workbook';

export const xlsxExtractor = 'xlsx/1';

/** @throws AppError */
export async function* workbookRecords(
  zip: BoundedZip,
  part: string,
  table: TableChoice,
  fileSha256: string,
): AsyncGenerator<ReadRecord> {
  const workbook = await openWorkbook(zip, part);
  const sheet = sheetOf(workbook, table.sheet);
  const merged = await mergedRanges(zip, sheet.part, sheetLimit);
  const origin = { kind: 'file', format: 'xlsx', extractor: xlsxExtractor, fileSha256 } as const;
  const reader = new RowToRecord(table, origin, merged);
  for await (const row of sheetRows(zip, sheet.part, workbook)) {
    const record = reader.next(row);
    if (record) yield record;
  }
  reader.end();
}

/** @throws AppError */
export async function previewWorkbook(
  zip: BoundedZip,
  part: string,
  name?: string,
  heading?: boolean,
): Promise<TablePreview> {
  const workbook = await openWorkbook(zip, part);
  const sheet = sheetOf(workbook, name);
  const preview = await previewRows(sheetRows(zip, sheet.part, workbook), heading);
  const { suggestion } = preview;
  return {
    ...preview,
    sheets: workbook.sheets.map((each) => each.name),
    sheet: sheet.name,
    suggestion: suggestion && { ...suggestion, sheet: sheet.name },
  };
}
