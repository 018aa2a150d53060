/** The rows of a sheet, one after the other; none is kept. */
import { AppError } from '../../domain/contract/errors';
import type { Cell, TableRow } from '../table/table-row';
import type { BoundedZip } from '../zip/bounded-zip';
import { maxRows, placeOf } from './cell-place';
import { numberText } from './number-kind';
import { scanPart } from './read-xml';
import { RichText, unescapeControls } from './shared-texts';
import type { Workbook } from './workbook';
import { attributeOf, type XmlHandler } from './xml-scanner';

/** Bytes of a sheet, unpacked. */
export const sheetLimit = 3_000_000_000;
/** UTF-16 units of all texts of a row. */
const maxRowChars = 16_000_000;
/** Excel keeps no more of a number. */
const safeDigits = 1e15;

/** @throws AppError `DOCUMENT_DAMAGED`, `DOCUMENT_UNSAFE` */
export async function* sheetRows(
  zip: BoundedZip,
  part: string,
  workbook: Workbook,
): AsyncGenerator<TableRow> {
  const reader = new RowReader(workbook);
  const scanned = scanPart(zip, part, reader, sheetLimit);
  while (!(await scanned.next()).done) yield* reader.take();
}

class RowReader implements XmlHandler {
  readonly #workbook: Workbook;
  readonly #rich = new RichText();
  #ready: TableRow[] = [];
  #row = 0;
  #cells: (Cell | undefined)[] = [];
  #column = -1;
  #chars = 0;
  #type = 'n';
  #style = 0;
  #value: string[] | null = null;
  #hasValue = false;
  #hasFormula = false;
  #inValue = false;

  constructor(workbook: Workbook) {
    this.#workbook = workbook;
  }

  take(): TableRow[] {
    const rows = this.#ready;
    this.#ready = [];
    return rows;
  }

  open(tag: string, raw: string): void {
    if (tag === 'row') this.#openRow(raw);
    else if (tag === 'c') this.#openCell(raw);
    else if (tag === 'v') {
      this.#inValue = true;
      this.#hasValue = true;
    } else if (tag === 'f') this.#hasFormula = true;
    else this.#rich.open(tag);
  }

  close(tag: string): void {
    if (tag === 'row') {
      this.#ready.push({ number: this.#row, cells: this.#cells });
      this.#cells = [];
    } else if (tag === 'c') this.#closeCell();
    else if (tag === 'v') this.#inValue = false;
    else this.#rich.close(tag);
  }

  text(piece: string): void {
    if (this.#value === null) return;
    this.#chars += piece.length;
    if (this.#chars > maxRowChars)
      throw new AppError('TABLE_DAMAGED', { params: { row: this.#row } });
    if (this.#inValue) this.#value.push(piece);
    else this.#rich.text(piece);
  }

  #openRow(raw: string): void {
    const stated = attributeOf(raw, 'r');
    const row = stated === undefined ? this.#row + 1 : Number(stated);
    // Rows that go back would be counted twice.
    if (!Number.isInteger(row) || row <= this.#row || row > maxRows)
      throw new AppError('DOCUMENT_DAMAGED');
    this.#row = row;
    this.#column = -1;
    this.#chars = 0;
  }

  #openCell(raw: string): void {
    const stated = attributeOf(raw, 'r');
    const place = stated === undefined ? null : placeOf(stated);
    if (stated !== undefined && (!place || place.column <= this.#column))
      throw new AppError('DOCUMENT_DAMAGED');
    this.#column = place?.column ?? this.#column + 1;
    this.#type = attributeOf(raw, 't') ?? 'n';
    this.#style = Number(attributeOf(raw, 's') ?? 0);
    this.#value = [];
    this.#rich.clear();
    this.#hasValue = this.#hasFormula = this.#inValue = false;
  }

  #closeCell(): void {
    const cell = this.#cell((this.#value ?? []).join(''));
    this.#value = null;
    if (cell) this.#cells[this.#column] = cell;
  }

  #cell(value: string): Cell | undefined {
    if (this.#type === 'inlineStr') return { text: this.#rich.value() };
    if (!this.#hasValue)
      return this.#hasFormula ? { text: 'formula', fault: 'formula' } : undefined;
    switch (this.#type) {
      case 's': {
        const text = this.#workbook.texts.get(Number(value));
        if (text === undefined) throw new AppError('DOCUMENT_DAMAGED');
        return { text };
      }
      case 'str':
        return { text: unescapeControls(value) };
      case 'b':
        return { text: value === '1' ? 'TRUE' : 'FALSE' };
      case 'e':
        return { text: value.slice(0, 20), fault: 'error' };
      case 'd':
        return { text: value.replace('T00:00:00', '').replace('T', ' ').replace(/\.0*$/, '') };
      default:
        return this.#number(value);
    }
  }

  #number(value: string): Cell | undefined {
    if (value.trim() === '') {
      return this.#hasFormula ? { text: 'formula', fault: 'formula' } : undefined;
    }
    const number = Number(value);
    if (!Number.isFinite(number)) throw new AppError('DOCUMENT_DAMAGED');
    const kind = this.#workbook.kinds[this.#style] ?? { kind: 'number' };
    const text = numberText(number, kind, this.#workbook.from1904);
    return Math.abs(number) >= safeDigits ? { text, lostDigits: true } : { text };
  }
}
