/**
 * A workbook written row by row: the data, as many sheets as Excel's limit of rows asks for, then what
 * the file is, and its data dictionary. The library at hand holds all rows in memory (see docs/export.md).
 */
import type { ExportCounts, ExportHead } from '../../domain/contract/export';
import type { Locale } from '../../domain/contract/ipc';
import { exportFileTexts } from '../../domain/messages/export-file';
import { dictionaryRows } from './csv';
import { cellStyles, maxSheetRows, rowXml } from './sheet-xml';
import { TextPieces, type ByteSink } from './sink';
import type { Cell, Column } from './table';
import { sheetBegin, sheetEnd, workbookParts } from './workbook-xml';
import { ZipStream, type ZipEntry } from './zip-stream';

export interface XlsxOptions {
  readonly columns: readonly Column[];
  readonly head: ExportHead;
  readonly locale: Locale;
  /** Most rows of a sheet, with its heading. Defaults to Excel's. */
  readonly sheetRows?: number;
}

export interface XlsxWriter {
  write(row: readonly Cell[]): Promise<void>;
  /** @param counts of all that was written; `cut` is added */
  finish(counts: ExportCounts): Promise<void>;
}

export async function openXlsx(sink: ByteSink, options: XlsxOptions): Promise<XlsxWriter> {
  const { columns, head, locale, sheetRows = maxSheetRows } = options;
  const texts = exportFileTexts[locale];
  const zip = new ZipStream(sink);
  const sheets: { name: string; file: string }[] = [];
  let cut = 0;
  const onCut = (): void => {
    cut += 1;
  };
  const begin = async (name: string, heading: readonly Cell[]): Promise<Sheet> => {
    const file = `worksheets/sheet${sheets.length + 1}.xml`;
    sheets.push({ name, file });
    const sheet = new Sheet(await zip.begin(`xl/${file}`), onCut);
    await sheet.begin(heading);
    return sheet;
  };
  const headings = columns.map(({ heading }) => heading);
  let data = await begin(texts.sheets.data, headings);
  let parts = 1;
  return {
    write: async (row) => {
      if (data.rows >= sheetRows) {
        await data.end();
        data = await begin(`${texts.sheets.data} ${++parts}`, headings);
      }
      await data.add(row);
    },
    finish: async (counts) => {
      await data.end();
      const about = await begin(texts.sheets.about, [texts.about.key, texts.about.value]);
      for (const row of aboutRows(head, { ...counts, cut }, locale)) await about.add(row);
      await about.end();
      const [heading = [], ...rows] = dictionaryRows(columns, locale);
      const dictionary = await begin(texts.sheets.dictionary, heading);
      for (const row of rows) await dictionary.add(row);
      await dictionary.end();
      counts.cut = cut;
      for (const [name, xml] of Object.entries(workbookParts(sheets, head)))
        await zip.add(name, xml);
      await zip.finish();
    },
  };
}

class Sheet {
  readonly #entry: ZipEntry;
  readonly #pieces: TextPieces;
  readonly #onCut: () => void;
  /** Rows so far, with the heading. */
  rows = 0;

  constructor(entry: ZipEntry, onCut: () => void) {
    this.#entry = entry;
    this.#pieces = new TextPieces(entry);
    this.#onCut = onCut;
  }

  async begin(heading: readonly Cell[]): Promise<void> {
    await this.#pieces.write(sheetBegin(Math.max(1, heading.length)));
    await this.#row(heading, cellStyles.heading);
  }

  add(cells: readonly Cell[]): Promise<void> {
    return this.#row(cells, cellStyles.text);
  }

  async end(): Promise<void> {
    await this.#pieces.write(sheetEnd);
    await this.#pieces.flush();
    await this.#entry.end();
  }

  async #row(cells: readonly Cell[], style: number): Promise<void> {
    this.rows += 1;
    await this.#pieces.write(rowXml(this.rows, cells, style, this.#onCut));
  }
}

/** What a reader of the file must know of it. */
export function aboutRows(
  { label, aigc, createdAt, which, deidentified }: ExportHead,
  counts: ExportCounts,
  locale: Locale,
): Cell[][] {
  const { about } = exportFileTexts[locale];
  return [
    [about.label, label],
    ['AIGC', JSON.stringify(aigc)],
    [about.createdAt, createdAt],
    [about.which.name, about.which[which]],
    [about.deidentified, deidentified],
    [about.records, counts.records],
    [about.unconfirmedRecords, counts.unconfirmedRecords],
    [about.partialRecords, counts.partialRecords],
    [about.facts, counts.facts],
    [about.unconfirmedFacts, counts.unconfirmedFacts],
    [about.cut, counts.cut],
  ];
}
