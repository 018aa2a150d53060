/** What a Chinese name looks like by itself: a surname, and characters that given names are made of. */
import given from '../../../../resources/lexicons/given-names.json' with { type: 'json' };
import minority from '../../../../resources/lexicons/minority-names.json' with { type: 'json' };
import notNamesFile from '../../../../resources/lexicons/not-names.json' with { type: 'json' };
import people from '../../../../resources/lexicons/people.json' with { type: 'json' };
import surnames from '../../../../resources/lexicons/surnames.json' with { type: 'json' };
import { isHan } from './fold';
import { anyOf, matchAt, WordSet } from './words';

const common = new Set(surnames.common);
const wordlike = new Set(surnames.wordlike);
const compound = new Set(surnames.compound);
const neverAlone = new Set(surnames.neverAlone);
const functionWords = new Set(surnames.functionWords);
const usual = new Set(given.usual);
const never = new Set(given.never);
const after = new Set(people.after);
export const notNames = new WordSet(notNamesFile.words);
export const notValues = new Set(people.notValues);
const wordsAfter = new WordSet([...people.titles, ...people.kinAfter]);
const wordsBefore = new WordSet([
  ...people.verbs,
  ...people.roles,
  ...people.titles,
  ...people.nameLabels,
  ...people.kinAfter,
]);
const minorityCharacters = new Set(minority.characters);
const minorityParts = new WordSet(minority.parts);

const dotted = /[\u3400-\u9fff]{1,9}(?:·[\u3400-\u9fff]{1,9}){1,3}/y;
const masked =
  /[\u3400-\u9fff](?:[Xx*]{1,3}|×{1,3}|○{1,2}|〇{1,2}|某某|某[\u3400-\u9fff](?=[,，。;、:()\s]|$)|某)/y;
const latin =
  /[A-Z][A-Za-z'-]{0,20}(?:(?: |, ?)[A-Z][A-Za-z'.-]{0,20}){1,3}|[A-Z][a-z]{2,20}(?![A-Za-z])/y;

/** How sure the place says that a name stands there. */
export type Evidence =
  /** 姓名： and the like: whatever follows is the name. */
  | 'label'
  /** A role with a colon or a blank: a name, rarely a word. */
  | 'role'
  /** A role or verb directly before: mostly a word of the sentence. */
  | 'direct';

/** Units of the surname that begins at a place: 0, 1 or 2. */
export function surnameLength(text: string, at: number): 0 | 1 | 2 {
  if (compound.has(text.slice(at, at + 2))) return 2;
  const first = text[at] ?? '';
  return common.has(first) || wordlike.has(first) ? 1 : 0;
}

/** Where the run of Chinese characters from `at` ends, `most` units further at the latest. */
export function runEnd(text: string, at: number, most = 12): number {
  let end = at;
  while (end < text.length && end - at < most && isHan(text.charCodeAt(end))) end++;
  return end;
}

/** Whether nothing before `start` says that the word began earlier. */
export function beginsHere(text: string, start: number): boolean {
  if (start === 0 || !isHan(text.charCodeAt(start - 1))) return true;
  if (/[科院室组部区床是]/.test(text[start - 1] ?? '')) return true;
  return wordsBefore.endingAt(text, start) > 0;
}

/** Whether the name may end at `end`: with the run, or before a word that follows names. */
function boundary(text: string, end: number, evidence: Evidence): number {
  if (end >= text.length || !isHan(text.charCodeAt(end))) return 2;
  const word = wordsAfter.startingAt(text, end);
  if (word > 1) return 2.5;
  if (wordsBefore.startingAt(text, end) > 1) return 1.8;
  if (/[性年]/.test(text[end] ?? '') && /^(?:性别|年龄)/.test(text.slice(end, end + 2))) return 2.5;
  if (after.has(text[end] ?? '')) return evidence === 'direct' ? 1.2 : 1.5;
  return 0;
}

/** A full name of exactly these characters, judged without its surroundings: 0 is none. */
export function nameScore(text: string, start: number, end: number, evidence: Evidence): number {
  const surname = surnameLength(text, start);
  const length = end - start - surname;
  if (surname === 0 || length < 1 || length > 2 || runEnd(text, start, 4) < end) return 0;
  const name = text.slice(start, end);
  if (notValues.has(name)) return 0;
  let score = 1;
  let allUsual = true;
  for (const char of text.slice(start + surname, end)) {
    if (never.has(char) && evidence !== 'label') return 0;
    if (usual.has(char)) score += 0.5;
    else allUsual = false;
  }
  if (length === 2) score += 0.3;
  const word = notNames.startingAt(text, start);
  if (evidence !== 'label' && word > 0) {
    // A word of two is the beginning of a name of three only if the name is a usual one.
    const isCommon = common.has(text[start] ?? '') && allUsual && !isHan(text.charCodeAt(end));
    if (evidence === 'direct' || !allUsual) return 0;
    if (word >= end - start && !isCommon) return 0;
    score -= 0.5;
  }
  if (evidence === 'direct' && surname === 1) {
    const first = text[start] ?? '';
    if (!common.has(first) && !allUsual) return 0;
    if (functionWords.has(first) && length === 1) return 0;
  }
  return score;
}

/** Where the name that begins at `start` ends, or `start` if there is none. */
export function nameEnd(text: string, start: number, evidence: Evidence): number {
  const whole = otherNameEnd(text, start, evidence);
  if (whole > start) return whole;
  const run = runEnd(text, start);
  let best = start;
  let bestScore = 0;
  for (let end = start + 2; end <= Math.min(run, start + 4); end++) {
    const edge = boundary(text, end, evidence);
    if (edge === 0) continue;
    const score = nameScore(text, start, end, evidence);
    if (score === 0) continue;
    if (score + edge > bestScore) {
      best = end;
      bestScore = score + edge;
    }
  }
  if (best > start) return best;
  return evidence === 'direct'
    ? minorityEnd(text, start, run)
    : unusualEnd(text, start, run, evidence);
}

/** Names with dots, names hidden already (王某, 陈XX), Latin names, 王 芳. */
function otherNameEnd(text: string, start: number, evidence: Evidence): number {
  const dot = dottedNameEnd(text, start);
  if (dot > start) return dot;
  const hidden = maskedNameEnd(text, start);
  if (hidden > start) return hidden;
  if (evidence === 'direct') return start;
  const foreign = matchAt(latin, text, start);
  if (foreign && (evidence === 'label' || foreign[0].includes(' ')))
    return start + foreign[0].length;
  if (evidence === 'label' || evidence === 'role') {
    const surname = surnameLength(text, start);
    const at = start + surname;
    const blank = matchAt(/[ ]{1,4}(?=[\u3400-\u9fff])/y, text, at);
    if (surname > 0 && blank) {
      const from = at + blank[0].length;
      const end = runEnd(text, from, 3);
      if (
        end - from <= 2 &&
        !notValues.has(text.slice(from, end)) &&
        !/性别|年龄/.test(text.slice(from, end))
      )
        return end;
    }
  }
  return start;
}

/** 阿依古丽·买买提江, but not 吉兰·巴雷综合征. */
export function dottedNameEnd(text: string, start: number): number {
  const found = matchAt(dotted, text, start);
  if (!found) return start;
  let end = start + found[0].length;
  const lastDot = text.lastIndexOf('·', end);
  // The last part may run on into the sentence.
  const part = text.slice(lastDot + 1, end);
  let length = 0;
  for (const char of part) {
    if (!minorityCharacters.has(char)) break;
    length += char.length;
  }
  const known = minorityParts.startingAt(text, lastDot + 1);
  length = Math.max(length, known);
  if (length < 2) length = /^.{2,5}$/u.test(part) ? part.length : 0;
  if (length === 0) return start;
  end = lastDot + 1 + length;
  if (eponym.test(text.slice(end, end + 4)) || eponymInside.test(text.slice(lastDot + 1, end)))
    return start;
  return end;
}
const eponym = new RegExp(`^(?:${anyOf(minority.eponymSuffixes)})`);
const eponymInside = new RegExp(`(?:综合征|氏|病|征)$`);

/** 郭某, 王某某, 陈XX, 刘××. */
export function maskedNameEnd(text: string, start: number): number {
  if (surnameLength(text, start) === 0 || neverAlone.has(text[start] ?? '')) return start;
  const at = surnameLength(text, start) === 2 ? start + 1 : start;
  const found = matchAt(masked, text, at);
  if (!found) return start;
  if (/某$/.test(found[0]) && /[种个些时天日年月处院医]/.test(text[at + found[0].length] ?? ''))
    return start;
  return at + found[0].length;
}

/** A name of another people in the middle of a sentence: known parts, at least one. */
function minorityEnd(text: string, start: number, run: number): number {
  let end = start;
  while (end < run) {
    const part = minorityParts.startingAt(text, end);
    if (part === 0) break;
    end += part;
  }
  return end - start >= 2 && boundary(text, end, 'direct') > 0 ? end : start;
}

/** After a label: a name without a surname of the lexicon, if the value is nothing else. */
function unusualEnd(text: string, start: number, run: number, evidence: Evidence): number {
  const known = minorityEnd(text, start, run);
  if (known > start) return known;
  const length = run - start;
  const value = text.slice(start, run);
  if (length < 2 || length > 8 || notValues.has(value)) return start;
  if (
    [...value].every((char) => minorityCharacters.has(char)) &&
    (length > 2 || evidence === 'label')
  )
    return run;
  if (evidence !== 'label' || length > 4) return start;
  if (notNames.startingAt(text, start) > 0 || wordsBefore.startingAt(text, start) > 1) return start;
  return [...value].some((char) => never.has(char)) ? start : run;
}

/** Whether these are three characters of a usual name: common surname, usual given name, no word. */
export function isUsualName(text: string, start: number, end: number): boolean {
  const surname = surnameLength(text, start);
  if (surname === 0 || end - start !== surname + 2) return false;
  if (surname === 1 && !common.has(text[start] ?? '')) return false;
  if (notNames.startingAt(text, start) > 0) return false;
  return [...text.slice(start + surname, end)].every((char) => usual.has(char));
}

/** Where a name of a common surname at the beginning of a clause ends, or `start`. */
export function clauseNameEnd(text: string, start: number): number {
  const end = start + surnameLength(text, start) + 2;
  return isUsualName(text, start, end) && boundary(text, end, 'direct') > 0 ? end : start;
}

/** Where a name that ends at `end` begins, or `end`: for words that follow names. */
export function nameStart(text: string, end: number): number {
  let best = end;
  let bestScore = 0;
  for (let start = end - 2; start >= Math.max(0, end - 4); start--) {
    if (!isHan(text.charCodeAt(start))) break;
    if (!beginsHere(text, start) && !isUsualName(text, start, end)) continue;
    const score = nameScore(text, start, end, 'role');
    if (score > bestScore) {
      best = start;
      bestScore = score;
    }
  }
  return best;
}

/** Whether a surname alone may stand at a place, as in 沈主任. */
export function isSurnameAlone(text: string, start: number, end: number): boolean {
  const surname = text.slice(start, end);
  if (surname.length === 2) return compound.has(surname) && beginsHere(text, start);
  if (!common.has(surname) && !wordlike.has(surname)) return false;
  if (neverAlone.has(surname) || text[start - 1] === '随') return false;
  return notNames.startingAt(text, start) === 0 && beginsHere(text, start);
}
