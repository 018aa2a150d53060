/** Names, numbers and addresses of persons. When to come and where is what a reply is for, so not those. */
import surnames from '../../../../../resources/lexicons/surnames.json' with { type: 'json' };
import { findIdentifiers } from '../../deidentify/find-identifiers';
import type { Identifier } from '../../deidentify/identifier';
import { isUsualName, nameEnd, nameScore } from '../../deidentify/person-name';
import type { Stretch } from './said';

/** A surname before these is how a hospital names its doctors: 王医生周一出诊. */
const doctors = /^(?:医生|医师|大夫|主任|教授|护士|护士长|院长)/u;
const surnameRule = 'name-surname';
/** Somebody else, whose name may follow directly. */
const others =
  /(?:朋友|同事|同学|邻居|室友|病友|亲戚|老师|领导|爱人|老公|老婆|丈夫|妻子|婆婆|公公|岳[父母]|外公|外婆|爷爷|奶奶|爸爸|妈妈|父亲|母亲|姐夫|妹夫|嫂子|弟媳|女婿|儿媳|侄[子女]|外甥女?|[哥姐弟妹]{1,2}|儿子|女儿|孙子|孙女|病人|患者|病号|家属)(?:名?叫)?/gu;

/** How a sentence about somebody goes on: 朋友赵磊上个月来过, which 高 of 患者高热 does not. */
const goesOn = /[上下昨今前刚已也曾在正说来去是的]/u;

const addressed = /^(?:先生|女士|小姐|太太|阿姨|叔叔|大爷|大妈|奶奶|爷爷|同志)/u;
/** Witnesses of a name that a record needs, but of which prose has many: 由于高血压, 患者应留意. */
const weakWitness = new Set(['name-kin', 'name-direct', 'name-title']);
/** Surnames that are words of a sentence far more often: 那里, 平常. */
const words = new Set([...surnames.wordlike, ...surnames.functionWords]);
/** Score of a name, one of whose given characters at least is one of given names (see `nameScore`). */
const usual = 1.4;
/** The same of one whose given characters both are. */
const mostUsual = 2;
/** What tells a home from 庆阳地区 and 道路. */
const houseNumber = /[0-9]|[一二三四五六七八九十][号室栋弄]/u;

function isSomebody(text: string, { kind, rule, start, end }: Identifier): boolean {
  if (kind === 'date' || kind === 'institution') return false;
  if (kind === 'address') return houseNumber.test(text.slice(start, end));
  if (rule === surnameRule) return !doctors.test(text.slice(end, end + 3));
  return (
    !weakWitness.has(rule) || addressed.test(text.slice(end, end + 2)) || isName(text, start, end)
  );
}

function isName(text: string, start: number, end: number): boolean {
  const score = nameScore(text, start, end, 'direct');
  return score > (words.has(text[start] ?? '') ? mostUsual : usual);
}

/** @param text as a plain view gives it */
export function personalData(text: string): Stretch[] {
  const found: Stretch[] = findIdentifiers(text)
    .filter((found) => isSomebody(text, found))
    .map(({ start, end }) => ({ start, end }));
  for (const { index, 0: other } of text.matchAll(others)) {
    const start = index + other.length;
    const end = nameAfter(text, start);
    if (end > start && !found.some((known) => known.start < end && known.end > start))
      found.push({ start, end });
  }
  return found;
}

function nameAfter(text: string, start: number): number {
  const end = nameEnd(text, start, 'direct');
  if (isName(text, start, end)) return end;
  if (isUsualName(text, start, start + 3)) return start + 3;
  const short = isName(text, start, start + 2) && goesOn.test(text[start + 2] ?? '');
  return short ? start + 2 : start;
}
