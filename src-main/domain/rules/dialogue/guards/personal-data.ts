/** Names, numbers and addresses of persons. When to come and where is what a reply is for, so not those. */
import { findIdentifiers } from '../../deidentify/find-identifiers';
import { isUsualName, nameEnd, nameScore } from '../../deidentify/person-name';
import type { Stretch } from './said';

/** A surname before these is how a hospital names its doctors: 王医生周一出诊. */
const doctors = /^(?:医生|医师|大夫|主任|教授|护士|护士长|院长)/u;
const surnameRule = 'name-surname';
/** Somebody else, whose name may follow directly. */
const others =
  /(?:朋友|同事|同学|邻居|室友|病友|亲戚|老师|领导|爱人|老公|老婆|丈夫|妻子|婆婆|公公|岳[父母]|外公|外婆|爷爷|奶奶|爸爸|妈妈|父亲|母亲|[哥姐弟妹]{1,2}|儿子|女儿|孙子|孙女|病人|患者|病号|家属)(?:名?叫)?/gu;

/** How a sentence about somebody goes on: 朋友赵磊上个月来过, which 高 of 患者高热 does not. */
const goesOn = /[上下昨今前刚已也曾在正说来去是的]/u;

/** @param text as a plain view gives it */
export function personalData(text: string): Stretch[] {
  const found: Stretch[] = findIdentifiers(text)
    .filter(({ kind, rule, end }) => {
      if (kind === 'date' || kind === 'institution') return false;
      return !(rule === surnameRule && doctors.test(text.slice(end, end + 3)));
    })
    .map(({ start, end }) => ({ start, end }));
  for (const { index, 0: words } of text.matchAll(others)) {
    const start = index + words.length;
    const end = nameAfter(text, start);
    if (end > start && !found.some((other) => other.start < end && other.end > start))
      found.push({ start, end });
  }
  return found;
}

function nameAfter(text: string, start: number): number {
  const end = nameEnd(text, start, 'direct');
  if (end > start) return end;
  if (isUsualName(text, start, start + 3)) return start + 3;
  const short = nameScore(text, start, start + 2, 'direct') > 1 && goesOn.test(text[start + 2] ?? '');
  return short ? start + 2 : start;
}
