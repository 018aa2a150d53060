/**
 * Danger signs in a patient's words, by lexicon and rules, before and apart from any model. It reads
 * what is written and nothing else: a text without a sign is no sign that all is well.
 */
import { fold } from '../deidentify/fold';
import { isElsewhere } from './elsewhere';
import { signClasses, type Measure, type SignEntry } from './lexicon';
import { wordsIn, type Stretch } from './word-places';

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
        if (isElsewhere(folded, start, end, classId)) continue;
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
    ...(sign.orTogether ?? []).flatMap((lists) =>
      sentences.flatMap((sentence) => togetherIn(text, sentence, lists, sign.except)),
    ),
    ...(sign.close ?? []).flatMap((lists) => closeIn(text, lists, sign.except)),
    ...(sign.measure ? measuresIn(text, sign.measure) : []),
  ];
  // 剧烈头痛 is in 突然剧烈头痛: the longer one says it all.
  let reached = 0;
  return places
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .filter(({ end }) => {
      if (end <= reached) return false;
      reached = end;
      return true;
    });
}

function togetherIn(
  text: string,
  { start: from, end: to }: Stretch,
  lists: readonly (readonly string[])[],
  except?: readonly string[],
): Stretch[] {
  const sentence = text.slice(from, to);
  const [firsts = [], ...others] = inEach(sentence, lists, except);
  // Of a message without full stops, what is far apart is of different matters.
  for (const first of firsts) {
    const chosen = [first, ...others.flatMap((places) => nearest(places, first) ?? [])];
    const start = Math.min(...chosen.map((place) => place.start));
    const end = Math.max(...chosen.map((place) => place.end));
    if (chosen.length === lists.length && end - start <= togetherReach)
      return [{ start: from + start, end: from + end }];
  }
  return [];
}

/** Places of each list's words; none at all where one list has none, as most have in most messages. */
function inEach(
  text: string,
  lists: readonly (readonly string[])[],
  except?: readonly string[],
): Stretch[][] {
  const places: Stretch[][] = [];
  for (const words of lists) {
    const found = wordsIn(text, words, except);
    if (found.length === 0) return [];
    places.push(found);
  }
  return places;
}

/** UTF-16 units that the words of `together` may be apart. */
const togetherReach = 60;

function nearest(places: readonly Stretch[], to: Stretch): Stretch | undefined {
  const distance = ({ start }: Stretch): number => Math.abs(start - to.start);
  return places.reduce<Stretch | undefined>(
    (best, place) => (best && distance(best) <= distance(place) ? best : place),
    undefined,
  );
}

/** UTF-16 units between the words of `close`, at most. */
const closeGap = 8;

/** 胸口这儿一阵一阵揪着疼: a word of each list, one soon after the other and none of them denied. */
function closeIn(
  text: string,
  lists: readonly (readonly string[])[],
  except?: readonly string[],
): Stretch[] {
  const [firsts = [], ...others] = inEach(text, lists, except);
  return others.reduce((begun, next) => {
    const at = new Map(next.map((place) => [place.start, place]));
    return begun.flatMap(({ start, end }) => {
      for (let from = end; from <= end + closeGap; from++) {
        const follows = at.get(from);
        if (follows) return [{ start, end: follows.end }];
        if (/[，,。；;：:！!？?\n\r]/u.test(text[from] ?? '')) return [];
      }
      return [];
    });
  }, firsts);
}

function measuresIn(text: string, measure: Measure): Stretch[] {
  const { words, above = Infinity, below = -Infinity, least, most } = measure;
  const places: Stretch[] = [];
  if (!words.some((word) => text.includes(word))) return places;
  const pattern = new RegExp(
    `(?:${words.map(escaped).join('|')})(?:(?!低压|舒张|下压)[^0-9。；;!?\\n]){0,14}?(\\d{1,3}(?:\\.\\d{1,2})?)`,
    'gu',
  );
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

function escaped(word: string): string {
  return word.replace(/[+.]/g, '\\$&');
}

function sentencesOf(text: string): Stretch[] {
  const sentences: Stretch[] = [];
  for (const match of text.matchAll(/[^。！!？?；;\n\r]+/gu))
    sentences.push({ start: match.index, end: match.index + match[0].length });
  return sentences;
}
