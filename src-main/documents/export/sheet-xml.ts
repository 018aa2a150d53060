/** Cells of a sheet in SpreadsheetML (ECMA-376, 18.3): texts in place, so that none needs to be kept. */
import { toWellFormed } from '../../domain/text/well-formed';
import type { Cell } from './table';

/** Of Excel. A longer text would make the file unreadable to it. */
export const maxCellChars = 32_767;
/** Of Excel, with the heading. */
export const maxSheetRows = 1_048_576;

/** Styles by their place in styles.xml. */
export const cellStyles = { text: 1, heading: 2 } as const;

/** What stands at the end of a text that was cut. */
const cutMark = '…[cut]';

/** @param number of the row, from 1 @param onCut called for each text that is too long for a cell */
export function rowXml(
  number: number,
  cells: readonly Cell[],
  style: number,
  onCut: () => void,
): string {
  const xml = cells.map((cell, at) => cellXml(`${columnName(at)}${number}`, cell, style, onCut));
  return `<row r="${number}">${xml.join('')}</row>`;
}

function cellXml(ref: string, cell: Cell, style: number, onCut: () => void): string {
  if (cell === null || cell === '') return '';
  if (typeof cell === 'boolean') return `<c r="${ref}" t="b"><v>${cell ? 1 : 0}</v></c>`;
  if (typeof cell === 'number') {
    return Number.isFinite(cell) ? `<c r="${ref}"><v>${cell}</v></c>` : '';
  }
  let text = cell;
  if (text.length > maxCellChars) {
    onCut();
    text = text.slice(0, maxCellChars - cutMark.length) + cutMark;
  }
  return `<c r="${ref}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
}

const columnNames: string[] = [];

/** A, B, ... Z, AA, ... @param at from 0 */
export function columnName(at: number): string {
  const rest = Math.floor(at / 26);
  return (columnNames[at] ??=
    (rest === 0 ? '' : columnName(rest - 1)) + String.fromCharCode(65 + (at % 26)));
}

// eslint-disable-next-line no-control-regex -- these are what is looked for
const special = /[&<>_\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]/;

/**
 * Text between tags. Characters that XML 1.0 has no place for, and the carriage return that a parser
 * would turn into a line feed, are written as SpreadsheetML writes them: _x0007_ (ECMA-376, 22.9.2.19).
 */
export function xmlText(text: string): string {
  // Most cells have nothing of the kind.
  if (!special.test(text)) return text;
  return toWellFormed(text)
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(
      // eslint-disable-next-line no-control-regex -- these are what is looked for
      /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g,
      (char) => `_x${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    );
}

/** Inside of quotes. */
export function xmlAttribute(text: string): string {
  return (
    toWellFormed(text)
      // eslint-disable-next-line no-control-regex -- these are what is looked for
      .replace(/[\u0000-\u001f\ufffe\uffff]/g, ' ')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/"/g, '&quot;')
  );
}
