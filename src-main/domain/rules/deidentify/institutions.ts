/** Institutions: a suffix such as 医院, as far to the left as its name goes, if something in it is particular. */
import lexicon from '../../../../resources/lexicons/institutions.json' with { type: 'json' };
import placeLexicon from '../../../../resources/lexicons/places.json' with { type: 'json' };
import { isDigit, isHan } from './fold';
import type { Candidate } from './identifier';
import { anyOf, matchAt, matches, WordSet } from './words';

const suffix = new RegExp(anyOf(lexicon.suffixes), 'g');
const before = new WordSet(lexicon.before);
/** Units of time stop a name only behind a number: 日 and 月 are also parts of names. */
const units = new Set(['日', '月', '年', '时', '分', '号']);
const generic = new WordSet([...lexicon.generic, ...lexicon.suffixes]);
const genericAfter = new WordSet(lexicon.genericAfter);
const wholeWords = new WordSet(lexicon.whole);
const placeNames = new WordSet([...placeLexicon.provinces, ...placeLexicon.cities]);
const branch = /[\u4e00-\u9fff]{1,6}?(?:分院|院区|分校|校区|分公司|支行)/y;
/** Longest name, in characters to the left of the suffix. */
const longest = 30;

export function* institutions(folded: string): Generator<Candidate> {
  let last: { start: number; end: number } | null = null;
  for (const { index, 0: text } of matches(suffix, folded)) {
    let end = index + text.length;
    const start = nameStart(folded, index, last?.end ?? 0, last?.start ?? 0);
    if (!isParticular(folded.slice(start, end))) continue;
    if (genericAfter.startingAt(folded, end) > 0 && end - start < 4) continue;
    const more = /院|大学|公司|银行/.test(text) ? matchAt(branch, folded, end) : null;
    if (more && !/[在于至到,及和]/.test(more[0])) end += more[0].length;
    last = { start, end };
    yield {
      kind: 'institution',
      start,
      end,
      rule: 'institution',
      certainty: 48 + (end - start) / 100,
    };
  }
}

/** @param lastEnd, lastStart of the name found before: 大学 may be the beginning of 大学附属医院 */
function nameStart(
  folded: string,
  suffixStart: number,
  lastEnd: number,
  lastStart: number,
): number {
  let at = suffixStart;
  while (at > 0 && suffixStart - at < longest) {
    if (at === lastEnd && lastEnd > lastStart) return lastStart;
    const unit = folded.charCodeAt(at - 1);
    if (folded[at - 1] === ')') {
      const inside = /\([^()]{1,8}\)$/.exec(folded.slice(Math.max(0, at - 10), at));
      if (!inside) return at;
      at -= inside[0].length;
      continue;
    }
    if (!isHan(unit) && !isDigit(unit) && folded[at - 1] !== '·') break;
    if (
      isDigit(unit) &&
      !/第$/.test(folded.slice(Math.max(0, at - 5), at).replace(/[0-9]+$/, ''))
    ) {
      // 2023年3月 ends elsewhere; a number in a name follows 第 or a word.
      if (folded[at] !== undefined && units.has(folded[at] ?? '')) return at + 1;
    }
    const word = before.endingAt(folded, at);
    if (word > 0 && stops(folded, at, word)) break;
    at--;
  }
  while (at < suffixStart && isDigit(folded.charCodeAt(at))) at++;
  return at;
}

/** Whether the word that ends at `at` is a word of the sentence, not a part of a place's name. */
function stops(folded: string, at: number, word: number): boolean {
  const text = folded.slice(at - word, at);
  if (units.has(text) && !/[0-9一二三四五六七八九十]/.test(folded[at - 2] ?? '')) return false;
  for (let start = Math.max(0, at - 4); start < at; start++) {
    const place = placeNames.startingAt(folded, start);
    if (start + place > at) return false;
  }
  for (let start = Math.max(0, at - 4); start <= at - word; start++)
    if (start + wholeWords.startingAt(folded, start) >= at + (word === 1 ? 0 : 1)) return false;
  return true;
}

/** Whether anything is left of a name when all that could be any institution's is taken away. */
function isParticular(name: string): boolean {
  if (name.length >= 8 && /公司|集团/.test(name)) return true;
  let left = 0;
  for (let at = 0; at < name.length;) {
    if (placeNames.startingAt(name, at) > 0 || wholeWords.startingAt(name, at) > 0) return true;
    const word = generic.startingAt(name, at);
    if (word > 0) at += word;
    else {
      left++;
      at++;
    }
  }
  return left >= 2;
}
