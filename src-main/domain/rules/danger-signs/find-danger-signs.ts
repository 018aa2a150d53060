/**
 * Danger signs in a patient's words, by lexicon and rules, before and apart from any model. It reads
 * what is written and nothing else: a text without a sign is no sign that all is well.
 */
import { fold } from '../deidentify/fold';
import { isDenied } from './denial';
import { signClasses, type Measure, type SignEntry } from './lexicon';

export interface DangerSign {
  /** Of the class, which says what to do. */
  readonly classId: string;
  readonly signId: string;
  /** The sign's name, as the lexicon has it. */
  readonly names: { readonly 'zh-CN': string; readonly en: string };
  /** UTF-16 units of the text, end exclusive: the words that fired it. */
  readonly start: number;
  readonly end: number;
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * Each sign once for each place, in the order of the text.
 *
 * @param text a patient's message; a doctor's words about signs are not meant
 */
export function findDangerSigns(text: string): DangerSign[] {
  const folded = fold(text).toLowerCase();
  const sentences = sentencesOf(folded);
  const found: DangerSign[] = [];
  for (const { id: classId, signs } of signClasses) {
    for (const sign of signs) {
      for (const { start, end } of placesOf(sign, folded, sentences)) {
        found.push({
          classId,
          signId: sign.id,
          names: { 'zh-CN': sign.zh, en: sign.en },
          start,
          end,
        });
      }
    }
  }
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

function placesOf(sign: SignEntry, text: string, sentences: readonly Stretch[]): Stretch[] {
  const places = [
    ...wordsIn(text, sign.words ?? [], sign.except ?? []),
    ...(sign.together
      ? sentences.flatMap((sentence) => togetherIn(text, sentence, sign.together ?? []))
      : []),
    ...(sign.measure ? measuresIn(text, sign.measure) : []),
  ];
  // 剧烈头痛 is in 突然剧烈头痛: the longer one says it all.
  return places.filter(
    (place, at) =>
      !places.some(
        (other, i) =>
          i !== at &&
          other.start <= place.start &&
          other.end >= place.end &&
          (other.end - other.start > place.end - place.start || i < at),
      ),
  );
}

/** Where one of the words stands and is not denied. */
function wordsIn(
  text: string,
  words: readonly string[],
  except: readonly string[] = [],
): Stretch[] {
  const places: Stretch[] = [];
  const covered = except.flatMap((phrase) => occurrences(text, phrase));
  for (const word of words) {
    for (const place of occurrences(text, word)) {
      const meansElse = covered.some(({ start, end }) => start <= place.start && end >= place.end);
      if (!meansElse && !isDenied(text, place.start, place.end)) places.push(place);
    }
  }
  return places;
}

function togetherIn(
  text: string,
  { start: from, end: to }: Stretch,
  lists: readonly (readonly string[])[],
): Stretch[] {
  const sentence = text.slice(from, to);
  // The first list says of whom or of what, which nobody denies; the others say what happened.
  const firsts = lists.map((words, at) =>
    at === 0 ? words.flatMap((word) => occurrences(sentence, word)) : wordsIn(sentence, words),
  );
  if (firsts.some(({ length }) => length === 0)) return [];
  const chosen = firsts.map((places) => places.reduce((a, b) => (b.start < a.start ? b : a)));
  return [
    {
      start: from + Math.min(...chosen.map(({ start }) => start)),
      end: from + Math.max(...chosen.map(({ end }) => end)),
    },
  ];
}

function measuresIn(text: string, measure: Measure): Stretch[] {
  const { words, above = Infinity, below = -Infinity, least, most } = measure;
  const pattern = new RegExp(
    `(?:${words.join('|')})[^0-9。；;!?\\n]{0,8}?(\\d{1,3}(?:\\.\\d{1,2})?)`,
    'gu',
  );
  const places: Stretch[] = [];
  for (const match of text.matchAll(pattern)) {
    const value = Number(match[1]);
    const next = text.slice(match.index + match[0].length).trimStart();
    // 血糖 3 天没测, 血压 5 年: a time, no value.
    if (/^(?:天|日|年|个?月|周|小时|分钟|片|粒|岁|多?年)/u.test(next)) continue;
    if (value < least || value > most || (value <= above && value >= below)) continue;
    places.push({ start: match.index, end: match.index + match[0].length });
  }
  return places;
}

function occurrences(text: string, word: string): Stretch[] {
  const places: Stretch[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    places.push({ start: at, end: at + word.length });
  return places;
}

function sentencesOf(text: string): Stretch[] {
  const sentences: Stretch[] = [];
  for (const match of text.matchAll(/[^。！!？?；;\n\r]+/gu))
    sentences.push({ start: match.index, end: match.index + match[0].length });
  return sentences;
}
