/** A value that a label announces: `住院号：0038`, `手机(家) 139…`, `护照 E123`. */
import { anyOf, matchAt, matches } from './words';

export interface LabelledValue {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** What may stand between a label and its value. */
const between =
  /[ \t]{0,8}(?:号码|编号|号|码)?[ \t]{0,2}[0-9]?(?:[ \t]{0,2}\((?![0-9+])[^()\n]{0,8}\))?[ \t]{0,8}(?:[:=]|为|是)?[ \t]{0,12}(?:\r?\n[ \t]{0,8})?/y;
const noDigit =
  /[ \t]{0,8}(?:号码|编号|号|码)?[ \t]{0,2}(?:\((?![0-9+])[^()\n]{0,8}\))?[ \t]{0,8}(?:[:=]|为|是)?[ \t]{0,12}(?:\r?\n[ \t]{0,8})?/y;

/** A pattern for the labels; a Latin label must stand by itself. */
export function labelPattern(words: readonly string[]): RegExp {
  const latin = words.filter((word) => /^[\x20-\x7e]+$/.test(word));
  const other = words.filter((word) => !latin.includes(word));
  const parts = [anyOf(other)];
  if (latin.length > 0) parts.push(`(?<![A-Za-z])(?:${anyOf(latin)})(?![A-Za-z])`);
  return new RegExp(parts.filter(Boolean).join('|'), 'gi');
}

/**
 * Values of a sticky pattern after labels. `1` between label and value, as in 手机1：, is part of the
 * label only if a colon follows.
 */
export function* labelledValues(
  folded: string,
  labels: RegExp,
  value: RegExp,
): Generator<LabelledValue> {
  for (const { index, 0: label } of matches(labels, folded)) {
    const end = index + label.length;
    const start = valueStart(folded, end);
    const match = matchAt(value, folded, start);
    if (match && match[0] !== '') yield { start, end: start + match[0].length, value: match[0] };
  }
}

/** Where the value of a label that ends at `end` begins. */
export function valueStart(folded: string, end: number): number {
  const numbered = matchAt(between, folded, end);
  if (numbered && /[0-9].*[:=]/.test(numbered[0])) return end + numbered[0].length;
  return end + (matchAt(noDigit, folded, end)?.[0].length ?? 0);
}
