/** Which column of a table seems to hold the records, and which the case's number. */
import type { TableChoice } from '../../domain/contract/document';
import type { TableRow } from './table-row';

/** As hospitals head the column, the surest first. Names are none: two patients may share one. */
const caseIdHeadings = [
  /(病案|住院|门诊|就诊|病历|患者|病人|档案|登记|检查|病例)\s*(号|编号|号码|ID|标识)/i,
  /^(case|patient|visit|record|admission|hadm|subject|encounter|note)[\s_-]*(id|no\.?|number)$/i,
  /^(mrn|id|编号|编码|序列号)$/i,
];

const columnText = (rows: readonly TableRow[], column: number): string[] =>
  rows.map(({ cells }) => cells[column]?.text.trim() ?? '');

/** Short words, all different, and no numbers: what stands over columns rather than in them. */
export function looksLikeHeadings(first: TableRow, rest: readonly TableRow[]): boolean {
  const texts = first.cells.map((cell) => cell?.text.trim() ?? '').filter((text) => text !== '');
  if (texts.length === 0 || new Set(texts).size !== texts.length) return false;
  if (texts.some((text) => text.length > 30 || /^[-+]?[\d.,/:\s-]+$/.test(text))) return false;
  if (caseIdHeadings.some((pattern) => texts.some((text) => pattern.test(text)))) return true;
  // Under headings lie longer texts, or numbers; a list of short words alone has none.
  return rest.some(({ cells }) =>
    cells.some((cell) => cell && (cell.text.trim().length > 30 || /^\d/.test(cell.text.trim()))),
  );
}

/** @returns null where no column holds text */
export function suggestColumns(
  columns: readonly string[],
  rows: readonly TableRow[],
  heading: boolean,
): TableChoice | null {
  const lengths = columns.map((_, column) => {
    const texts = columnText(rows, column);
    const chinese = texts.map((text) => text.match(/\p{Script=Han}/gu)?.length ?? 0);
    return chinese.reduce((sum, count) => sum + count, 0) / texts.length;
  });
  const longest = Math.max(0, ...lengths);
  if (longest < 1) return null;
  const text = lengths.indexOf(longest);
  const caseId = caseIdColumn(columns, rows, text);
  return {
    heading,
    textColumns: [text],
    ...(caseId === undefined ? {} : { caseIdColumn: caseId }),
  };
}

function caseIdColumn(
  columns: readonly string[],
  rows: readonly TableRow[],
  text: number,
): number | undefined {
  for (const pattern of caseIdHeadings) {
    const found = columns.findIndex((name, i) => i !== text && pattern.test(name));
    if (found >= 0) return found;
  }
  // Without a heading: digits and letters, as long in every row, no two alike.
  if (rows.length < 3) return undefined;
  const found = columns.findIndex((_, column) => {
    const texts = columnText(rows, column);
    const isNumber = texts.every((value) => /^[A-Za-z]{0,4}-?\d{4,}$/.test(value));
    return column !== text && isNumber && new Set(texts).size === texts.length;
  });
  return found < 0 ? undefined : found;
}
