/** What a person does to the list that was found: add what was missed, everywhere; remove what is none. */
import { AppError } from '../../contract/errors';
import { splitsPair } from './deidentify';
import type { Identifier, IdentifierKind } from './identifier';

/**
 * The list with the marked words added, at the marked place and wherever else they stand. Identifiers
 * that overlap them give way.
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
  const added: Identifier[] = [{ kind, text: words, start, end, rule: 'person' }];
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
    const until = at + words.length;
    if ((until <= start || at >= end) && !splitsPair(text, at) && !splitsPair(text, until))
      added.push({ kind, text: words, start: at, end: until, rule: 'person' });
  }
  added.sort((a, b) => a.start - b.start);
  const kept: Identifier[] = [];
  let i = 0;
  for (const one of identifiers) {
    while (i < added.length && (added[i] as Identifier).end <= one.start) i++;
    const next = added[i];
    if (!next || next.start >= one.end) kept.push(one);
  }
  return [...kept, ...added].sort((a, b) => a.start - b.start);
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
