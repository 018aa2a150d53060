/** A text with its identifiers replaced, and the way from its places to those of the original. */
import { AppError } from '../../contract/errors';
import { noContext, shiftDate, type DateContext } from './date-shift';
import { fold } from './fold';
import type { Identifier, IdentifierKind } from './identifier';
import { OffsetMap, type Replaced } from './offset-map';
import { placeholder, placeholdersIn } from './placeholder';

export interface DeidentifyPolicy {
  /** Kinds that stay as they are. Defaults to none. */
  readonly keep?: readonly IdentifierKind[];
  /**
   * Whole days by which this patient's dates move (`patientShiftDays`). A date that cannot be moved
   * is replaced like everything else. Defaults to replacing all dates.
   */
  readonly shiftDays?: number;
}

/** An identifier and what stands there now. */
export interface Replacement extends Replaced {
  readonly kind: IdentifierKind;
  readonly replacement: string;
}

export interface Deidentified {
  readonly text: string;
  readonly replacements: readonly Replacement[];
  readonly map: OffsetMap;
}

/**
 * Replaces identifiers by placeholders such as 【姓名1】, the same one for the same words (width,
 * Traditional characters and blanks aside), numbered in the order of the text.
 * @param identifiers what was found, or what a person made of it; in any order
 * @throws AppError `BAD_REQUEST` if they overlap, are empty, split a surrogate pair or are not of
 * this text, or if the shift is no whole number of days from 1 to 36500
 */
export function deidentify(
  text: string,
  identifiers: readonly Identifier[],
  policy: DeidentifyPolicy = {},
): Deidentified {
  const { shiftDays } = policy;
  if (shiftDays !== undefined) checkShift(shiftDays);
  const keep = new Set(policy.keep ?? []);
  const ordered = identifiers
    .filter(({ kind }) => !keep.has(kind))
    .sort((a, b) => a.start - b.start);
  checkIdentifiers(text, ordered);

  const placeholders = new Placeholders(text);
  const replacements: Replacement[] = [];
  const pieces: string[] = [];
  let at = 0;
  let length = 0;
  let context: DateContext = noContext;
  for (const { kind, text: words, start, end } of ordered) {
    const moved =
      kind === 'date' && shiftDays !== undefined ? shiftDate(words, shiftDays, context) : null;
    if (moved) context = moved.context;
    const replacement = moved?.written ?? placeholders.of(kind, words);
    pieces.push(text.slice(at, start), replacement);
    const newStart = length + start - at;
    length = newStart + replacement.length;
    at = end;
    replacements.push({ kind, replacement, start, end, newStart, newEnd: length });
  }
  pieces.push(text.slice(at));
  return { text: pieces.join(''), replacements, map: new OffsetMap(replacements) };
}

/** Gives the same placeholder for the same words. */
class Placeholders {
  readonly #given = new Map<string, string>();
  readonly #numbers = new Map<IdentifierKind, number>();
  readonly #taken: ReadonlySet<string>;

  constructor(text: string) {
    this.#taken = placeholdersIn(text);
  }

  of(kind: IdentifierKind, words: string): string {
    const key = `${kind} ${fold(words).replace(/\s+/g, '')}`;
    const given = this.#given.get(key);
    if (given !== undefined) return given;
    let number = this.#numbers.get(kind) ?? 0;
    let made: string;
    do made = placeholder(kind, ++number);
    while (this.#taken.has(made));
    this.#numbers.set(kind, number);
    this.#given.set(key, made);
    return made;
  }
}

function checkShift(days: number): void {
  if (!Number.isInteger(days) || days === 0 || Math.abs(days) > 36_500)
    throw new AppError('BAD_REQUEST');
}

function checkIdentifiers(text: string, ordered: readonly Identifier[]): void {
  let last = 0;
  for (const { text: words, start, end } of ordered) {
    const fits = Number.isInteger(start) && start >= last && end > start && end <= text.length;
    if (!fits || text.slice(start, end) !== words) throw new AppError('BAD_REQUEST');
    if (splitsPair(text, start) || splitsPair(text, end)) throw new AppError('BAD_REQUEST');
    last = end;
  }
}

/** Whether a place lies between the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
