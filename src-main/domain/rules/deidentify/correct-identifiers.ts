/** What a person does to the list that was found: add what was missed, everywhere; remove what is none. */
import { AppError } from '../../contract/errors';
import { splitsPair } from './deidentify';
import type { Identifier, IdentifierKind } from './identifier';

/**
 * The list with the marked words added, at the marked place and wherever else they stand. Identifiers
 * that overlap the marked place give way; elsewhere only those that the words cover wholly: a surname
 * that is marked once must not bring to light the rest of every name that begins with it.
 * @param marked offsets in UTF-16 units of `text`
 * @throws AppError `BAD_REQUEST` if nothing or half a character is marked
 */
export function addIdentifier(
  text: string,
  identifiers: readonly Identifier[],
  marked: { readonly kind: IdentifierKind; readonly start: number; readonly end: number },
): Identifier[] {
  const { kind, start, end } = marked;
  const words = text.slice(start, end);
  const isPiece = start >= 0 && end <= text.length && words.trim() !== '';
  if (!isPiece || splitsPair(text, start) || splitsPair(text, end))
    throw new AppError('BAD_REQUEST');
  const here: Identifier = { kind, text: words, start, end, rule: 'person' };
  const others = identifiers.filter((one) => one.end <= start || one.start >= end);
  const again: Identifier[] = [];
  const covered = new Set<Identifier>();
  let i = 0;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
    const until = at + words.length;
    if (until > start && at < end) continue;
    if (splitsPair(text, at) || splitsPair(text, until)) continue;
    while (i < others.length && (others[i] as Identifier).end <= at) i++;
    const overlapped: Identifier[] = [];
    for (let j = i; j < others.length && (others[j] as Identifier).start < until; j++)
      overlapped.push(others[j] as Identifier);
    if (overlapped.some((one) => one.start < at || one.end > until)) continue;
    for (const one of overlapped) covered.add(one);
    again.push({ kind, text: words, start: at, end: until, rule: 'person' });
  }
  return [...others.filter((one) => !covered.has(one)), here, ...again].sort(
    (a, b) => a.start - b.start,
  );
}

/** The list without an identifier; with `everywhere` also without the same words of its kind. */
export function removeIdentifier(
  identifiers: readonly Identifier[],
  removed: Identifier,
  { everywhere = false }: { everywhere?: boolean } = {},
): Identifier[] {
  return identifiers.filter(({ kind, text, start, end }) => {
    if (start === removed.start && end === removed.end) return false;
    return !(everywhere && kind === removed.kind && text === removed.text);
  });
}
