/** What a workbook is made of: its sheets, its shared texts, and what its numbers mean. */
import { AppError } from '../../domain/contract/errors';
import type { BoundedZip } from '../zip/bounded-zip';
import { formatsOfStyles, type NumberKind } from './number-kind';
import { readPart } from './read-xml';
import { relationshipsOf } from './relationships';
import { SharedTexts, readSharedTexts } from './shared-texts';
import { attributeOf } from './xml-scanner';

export interface Sheet {
  readonly name: string;
  readonly part: string;
}

export interface Workbook {
  /** In the order of their tabs, hidden ones too; charts are none. */
  readonly sheets: readonly Sheet[];
  /** Whether days count from 1904. */
  readonly from1904: boolean;
  readonly texts: SharedTexts;
  /** By the number of a cell's style. */
  readonly kinds: readonly NumberKind[];
}

const limit = 16_000_000;

/** @param part the workbook's part @throws AppError */
export async function openWorkbook(zip: BoundedZip, part: string): Promise<Workbook> {
  const relations = await relationshipsOf(zip, part);
  const sheets: Sheet[] = [];
  let from1904 = false;
  await readPart(
    zip,
    part,
    {
      open: (tag, raw) => {
        if (tag === 'workbookPr') from1904 = isTrue(attributeOf(raw, 'date1904'));
        if (tag !== 'sheet') return;
        const id = relationId(raw);
        const found = relations.find((relation) => relation.id === id);
        const name = attributeOf(raw, 'name');
        if (name !== undefined && found?.type === 'worksheet')
          sheets.push({ name, part: found.part });
      },
      close: () => undefined,
      text: () => undefined,
    },
    limit,
  );
  if (sheets.length === 0) throw new AppError('DOCUMENT_DAMAGED');
  const partOf = (type: string): string | undefined =>
    relations.find((relation) => relation.type === type)?.part;
  const texts = partOf('sharedStrings');
  const styles = partOf('styles');
  return {
    sheets,
    from1904,
    texts: texts === undefined ? new SharedTexts() : await readSharedTexts(zip, texts),
    kinds: styles === undefined ? [] : await formatsOfStyles(zip, styles),
  };
}

/** `r:id`; programs choose the prefix themselves. */
function relationId(raw: string): string | undefined {
  const name = /\s(\w+:id)\s*=/.exec(raw)?.[1];
  return name === undefined ? undefined : attributeOf(raw, name);
}

export function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}

/** @throws AppError `TABLE_SHEET_MISSING` */
export function sheetOf(workbook: Workbook, name: string | undefined): Sheet {
  const found =
    name === undefined ? workbook.sheets[0] : workbook.sheets.find((sheet) => sheet.name === name);
  if (!found) throw new AppError('TABLE_SHEET_MISSING');
  return found;
}
