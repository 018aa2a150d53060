/**
 * Runs of characters, as a PDF places them, into lines as a person reads them. A producer may cut a word
 * into any number of runs and emit them in any order; only their places say what belongs together.
 */

/** A run in the page's own upright space: x to the right, y down, both in points. */
export interface Run {
  readonly text: string;
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  readonly width: number;
  /** Of the font. */
  readonly size: number;
  /** Neither slanted, nor vertical, nor upside down. */
  readonly isUpright: boolean;
}

export interface TextItem {
  readonly str: string;
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
}

type Matrix = readonly number[];

/** None for blanks, which places say better. @param view the transform of the page's viewport at scale 1 */
export function runOf(item: TextItem, view: Matrix): Run[] {
  const text = withoutTracking(unifyRadicals(item.str));
  if (text.trim() === '') return [];
  const [a = 0, b = 0, c = 0, d = 0, x = 0, y = 0] = multiply(view, item.transform);
  const size = Math.hypot(c, d) || item.height;
  const isUpright = a > 0 && Math.abs(b) < 0.05 * Math.abs(a) && d !== 0 && item.width > 0;
  return [{ text, x, y, width: item.width, size, isUpright }];
}

function multiply(m: Matrix, n: Matrix): number[] {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = m;
  const [g = 1, h = 0, i = 0, j = 1, k = 0, l = 0] = n;
  return [
    a * g + c * h,
    b * g + d * h,
    a * i + c * j,
    b * i + d * j,
    a * k + c * l + e,
    b * k + d * l + f,
  ];
}

/**
 * Fonts share the glyph of a character and of the radical that looks like it, and producers then write
 * down the radical: ⾼⾎压 is no word that anything would find.
 */
function unifyRadicals(text: string): string {
  return text.replace(/[\u2e9f\u2ef3\u2f00-\u2fd5]/g, (radical) => radical.normalize('NFKC'));
}

const chinese = /[\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]/;
const chinesePair =
  /([\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]) (?=[\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef])/g;

/** Characters set wide apart come with a blank after each; a few blanks between words are meant. */
function withoutTracking(text: string): string {
  const blanks = text.match(chinesePair)?.length ?? 0;
  if (blanks === 0) return text;
  const together = text.replace(chinesePair, '$1');
  const pairs = [...together].filter((char) => chinese.test(char)).length - 1;
  return blanks >= 2 && blanks > 0.5 * pairs ? together : text;
}

/** Lines from top to bottom, a column after the other where the page has columns of text. */
export function linesOf(runs: readonly Run[]): string[] {
  const upright = runs.filter(({ isUpright }) => isUpright);
  const lines = columnsOf(upright).flatMap(linesOfColumn);
  // A watermark across the page, or words along its edge, must not cut lines in two.
  const slanted = runs.filter(({ isUpright }) => !isUpright).map(({ text }) => text);
  return slanted.length > 0 ? [...lines, slanted.join('')] : lines;
}

/** Lines that a column has at least. */
const leastLines = 4;

/**
 * Producers write a column to its end before they begin the next one: far up again, and to the right of
 * all before. A table is written row by row, so it stays whole.
 */
function columnsOf(runs: readonly Run[]): Run[][] {
  const columns: Run[][] = [];
  let column: Run[] = [];
  let right = -Infinity;
  let last: Run | undefined;
  for (const run of runs) {
    const jumpsUp = last !== undefined && last.y - run.y > 3 * run.size;
    if (jumpsUp && run.x >= right - run.size && rowCount(column) >= leastLines) {
      columns.push(column);
      column = [];
      right = -Infinity;
    }
    column.push(run);
    right = Math.max(right, run.x + run.width);
    last = run;
  }
  columns.push(column);
  const isColumns = columns.every((some) => rowCount(some) >= leastLines);
  return isColumns ? columns : [[...runs]];
}

function rowCount(runs: readonly Run[]): number {
  return new Set(runs.map(({ y, size }) => Math.round(y / Math.max(1, size / 2)))).size;
}

function linesOfColumn(runs: readonly Run[]): string[] {
  const lines: Run[][] = [];
  for (const run of [...runs].sort((a, b) => a.y - b.y)) {
    const line = lines.at(-1);
    const first = line?.[0];
    // Raised and lowered characters belong to the line beside them.
    const reach = 0.5 * Math.max(run.size, first?.size ?? 0);
    if (line && first && run.y - baseline(line) < reach) line.push(run);
    else lines.push([run]);
  }
  return lines.map(lineText);
}

/** Of the largest characters, which carry the line. */
function baseline(line: readonly Run[]): number {
  return line.reduce((largest, run) => (run.size > largest.size ? run : largest)).y;
}

/** Gap, in parts of the font's size, from which there is a blank between letters, and between others. */
const letterGap = 0.15;
const chineseGap = 0.6;
/** From which it parts two entries, as the cells of a table. */
const entryGap = 2;

function lineText(line: readonly Run[]): string {
  let text = '';
  let last: Run | undefined;
  for (const run of [...line].sort((a, b) => a.x - b.x)) {
    // Bold is often the same text, printed twice at nearly the same place.
    if (last && run.text === last.text && Math.abs(run.x - last.x) < 0.2 * run.size) continue;
    if (last) text += between(last, run);
    text += run.text;
    last = run;
  }
  return text.trim();
}

function between(left: Run, right: Run): string {
  const gap = (right.x - left.x - left.width) / Math.max(left.size, right.size);
  if (gap >= entryGap) return '\t';
  const isLetters = !chinese.test(left.text.at(-1) ?? '') && !chinese.test(right.text[0] ?? '');
  if (gap < (isLetters ? letterGap : chineseGap)) return '';
  return /\s$/.test(left.text) || /^\s/.test(right.text) ? '' : ' ';
}
