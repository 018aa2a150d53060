/** Where words of the lexicon stand in a text. */
import { isDenied } from './denial';

/** UTF-16 units of a text, end exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * Where one of the words stands and is not denied.
 *
 * @param text folded
 * @param except phrases that hold a word and mean something else
 */
export function wordsIn(
  text: string,
  words: readonly string[],
  except: readonly string[] = [],
): Stretch[] {
  const places: Stretch[] = [];
  let covered: readonly Stretch[] | undefined;
  for (const word of words) {
    for (const place of occurrences(text, word)) {
      covered ??= except.flatMap((phrase) => occurrences(text, phrase));
      const meansElse = covered.some(({ start, end }) => start <= place.start && end >= place.end);
      if (!meansElse && !isDenied(text, place.start, place.end)) places.push(place);
    }
  }
  return places;
}

/** @param text folded */
export function occurrences(text: string, word: string): Stretch[] {
  const places: Stretch[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    places.push({ start: at, end: at + word.length });
  return places;
}
