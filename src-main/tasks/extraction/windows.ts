/**
 * Splits a record into windows that a model can hold, at the best border there is.
 *
 * Borders in order of preference: where a section begins, line ends, sentence ends, clause ends, any character.
 * Every code point lies in exactly one window, except that windows of white space alone are left out.
 */
import type { SourceText } from './source-text';

/** Code points `start` (inclusive) to `end` (exclusive) of a source text. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

export interface WindowLimits {
  /** Most code points. */
  readonly chars: number;
  /** Most cost (tokens, say), the sum over the window's characters. */
  readonly cost: number;
  costOf(char: string): number;
}

const sentenceEnds = new Set(['。', ';', '!', '?', '；', '！', '？']);
const clauseEnds = new Set([',', '、', ':', '，', '：', ' ', '\t']);

/** @param sections code points at which sections begin, in order. Defaults to none */
export function splitIntoWindows(
  source: SourceText,
  limits: WindowLimits,
  sections: readonly number[] = [],
): Window[] {
  const { chars, original, offsets } = source;
  const isLineEnd = (i: number): boolean => {
    const char = original[offsets[i] as number];
    return char === '\n' || (char === '\r' && original[(offsets[i] as number) + 1] !== '\n');
  };
  const borders = new Set(sections);
  const windows: Window[] = [];
  let start = 0;
  while (start < chars.length) {
    const furthest = reach(chars, start, limits);
    const end =
      furthest === chars.length
        ? furthest
        : bestBorder(chars, start, furthest, isLineEnd, (i) => borders.has(i + 1));
    if (chars.slice(start, end).some((char) => char.trim() !== '')) windows.push({ start, end });
    start = end;
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

/** Line and sentence ends are sought in the second half, sections and clause ends in the last three quarters. */
function bestBorder(
  chars: readonly string[],
  start: number,
  furthest: number,
  isLineEnd: (i: number) => boolean,
  isSectionEnd: (i: number) => boolean,
): number {
  const length = furthest - start;
  const lastWhere = (from: number, test: (i: number) => boolean): number | null => {
    for (let i = furthest - 1; i >= from; i--) if (test(i)) return i + 1;
    return null;
  };
  return (
    lastWhere(start + (length >> 2), isSectionEnd) ??
    lastWhere(start + (length >> 1), isLineEnd) ??
    lastWhere(start + (length >> 1), (i) => sentenceEnds.has(chars[i] as string)) ??
    lastWhere(start + (length >> 2), (i) => clauseEnds.has(chars[i] as string)) ??
    furthest
  );
}
