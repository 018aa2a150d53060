/** What a person types into the search, and where a text answers it. */
import { foldText, originalSpan } from './fold';
import type { SearchSpan, SnippetPart } from '../contract/search';
import { toWellFormed } from '../text/well-formed';

/** Characters shown before and after what was found. */
const before = 10;
const after = 64;

/** The words of a query, folded; all of them have to be found. Empty for a query that says nothing. */
export function termsOf(query: string): string[] {
  const terms = foldText(toWellFormed(query)).split(' ');
  return [...new Set(terms)].filter((term) => term !== '');
}

const recordId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The ids of a query that is nothing else, as a cell of an exported table holds them; empty for another. */
export function recordIdsOf(terms: readonly string[]): readonly string[] {
  const ids = terms.filter((term) => term !== '|');
  return ids.every((id) => recordId.test(id)) ? ids : [];
}

/**
 * Where a record answers a query: the first word that stands in the text, or null for one whose words
 * all stand in the title. Undefined when a word is missing from both.
 *
 * @param terms as `termsOf` gives them
 */
export function matchOf(
  title: string,
  text: string,
  terms: readonly string[],
): SearchSpan | null | undefined {
  const foldedTitle = foldText(title);
  const foldedText = foldText(text);
  let first: SearchSpan | null = null;
  for (const term of terms) {
    const at = foldedText.indexOf(term);
    if (at < 0 && !foldedTitle.includes(term)) return undefined;
    if (at >= 0 && first === null) first = { start: at, end: at + term.length };
  }
  return first && originalSpan(text, first.start, first.end);
}

/** The surroundings of what was found, cut into what answers the query and what does not. */
export function snippetOf(
  text: string,
  match: SearchSpan,
  terms: readonly string[],
): SnippetPart[] {
  const start = wholeCharacter(text, Math.max(0, match.start - before));
  // A very long match is shown by its beginning.
  const end = wholeCharacter(text, Math.min(text.length, match.start + after));
  return markedParts(text.slice(start, end), terms);
}

/** A short text cut into what answers the query and what does not; joined, the parts are the text. */
export function markedParts(text: string, terms: readonly string[]): SnippetPart[] {
  const folded = foldText(text);
  const spans = terms.flatMap((term) =>
    placesOf(folded, term).map((at) => originalSpan(text, at, at + term.length)),
  );
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const parts: SnippetPart[] = [];
  let done = 0;
  for (const { start, end } of spans) {
    if (end <= done) continue;
    if (start > done) parts.push({ text: text.slice(done, start), found: false });
    parts.push({ text: text.slice(Math.max(start, done), end), found: true });
    done = end;
  }
  if (done < text.length) parts.push({ text: text.slice(done), found: false });
  return parts;
}

function placesOf(text: string, term: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length)) {
    places.push(at);
  }
  return places;
}

function wholeCharacter(text: string, at: number): number {
  const inPair = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
  return at > 0 && inPair ? at - 1 : at;
}
