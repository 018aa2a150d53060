/**
 * Splits a record into windows that a model can hold, at the best border there is.
 *
 * Borders in order of preference: where a section begins, line ends (not those of a page, which may stand
 * within a word), sentence ends, clause ends. Every code point lies in exactly one window then, except that
 * windows of white space alone are left out. Where there is no border at all, the windows overlap, so that
 * what stands across the cut is seen whole by one of them; and each speaks for its own part only.
 */
import { isCrLf, isLineEnd, type SourceText } from './source-text';
import { wrappedBreaks } from './wrapped-lines';

/** Code points `start` (inclusive) to `end` (exclusive) of a source text. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** What begins from here on, and before `to`, is this window's to say; every code point is one's own. */
  readonly from: number;
  readonly to: number;
}

export interface WindowLimits {
  /** Most code points. */
  readonly chars: number;
  /** Most cost (tokens, say), the sum over the window's characters. */
  readonly cost: number;
  costOf(char: string): number;
}

/** Code points that two windows share where nothing ends between them; longer than most mentions. */
const overlap = 48;

const sentenceEnds = new Set(['。', ';', '!', '?', '；', '！', '？']);
const clauseEnds = new Set([',', '、', ':', '，', '：', ' ', '\t']);

/**
 * @param sections code points at which sections begin, in order. Defaults to none
 * @param wrapped line breaks of a page, which are no borders. Defaults to those that are found
 */
export function splitIntoWindows(
  source: SourceText,
  limits: WindowLimits,
  sections: readonly number[] = [],
  wrapped: ReadonlySet<number> = wrappedBreaks(source, sections),
): Window[] {
  const { chars } = source;
  const ends: Ends = {
    section: (i) => borders.has(i + 1),
    // Of CR LF the second is the end.
    line: (i) => isLineEnd(source, i) && !isCrLf(source, i) && !wrapped.has(i),
    sentence: (i) => sentenceEnds.has(chars[i] as string),
    clause: (i) => clauseEnds.has(chars[i] as string) && !wrapped.has(i),
  };
  const borders = new Set(sections);
  const windows: Window[] = [];
  let [start, from] = [0, 0];
  while (start < chars.length) {
    const furthest = reach(chars, start, limits);
    const border = furthest === chars.length ? furthest : bestBorder(start, furthest, ends);
    const end = border ?? furthest;
    const shared = border === null ? Math.min(overlap, (end - start) >> 2) : 0;
    const to = end - (shared >> 1);
    if (chars.slice(start, end).some((char) => char.trim() !== ''))
      windows.push({ start, end, from, to });
    [start, from] = [end - shared, to];
  }
  return windows;
}

function reach(chars: readonly string[], start: number, limits: WindowLimits): number {
  let cost = 0;
  let end = start;
  while (end < chars.length && end - start < limits.chars) {
    cost += limits.costOf(chars[end] as string);
    // One character always fits: a window that cannot grow would never end.
    if (cost > limits.cost && end > start) break;
    end++;
  }
  return end;
}

/** What ends with a code point. */
type Ends = Readonly<Record<'section' | 'line' | 'sentence' | 'clause', (at: number) => boolean>>;

/**
 * Line and sentence ends are sought in the second half, sections and clause ends in the last three quarters.
 * @returns one past the border, or null where there is none
 */
function bestBorder(start: number, furthest: number, ends: Ends): number | null {
  const length = furthest - start;
  const lastWhere = (from: number, test: (i: number) => boolean): number | null => {
    for (let i = furthest - 1; i >= from; i--) if (test(i)) return i + 1;
    return null;
  };
  return (
    lastWhere(start + (length >> 2), ends.section) ??
    lastWhere(start + (length >> 1), ends.line) ??
    lastWhere(start + (length >> 1), ends.sentence) ??
    lastWhere(start + (length >> 2), ends.clause)
  );
}
