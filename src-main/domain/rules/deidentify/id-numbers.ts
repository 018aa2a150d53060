/** Identity cards (GB 11643: ISO 7064 MOD 11-2), and other papers by their label. */
import places from '../../../../resources/lexicons/places.json' with { type: 'json' };
import { digitGroups, windowsFrom } from './digit-groups';
import type { Candidate } from './identifier';
import { labelledValues, labelPattern } from './labels';
import { matches } from './words';

const provinces = new Set(places.provinceCodes);
const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const checkDigits = '10X98765432';

/** Whether an 18-digit number's last character is the check digit of the others. */
export function hasCheckDigit(id: string): boolean {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += (id.charCodeAt(i) - 0x30) * (weights[i] ?? 0);
  return checkDigits[sum % 11] === id[17]?.toUpperCase();
}

function isBirthDate(year: number, month: number, day: number): boolean {
  return year >= 1880 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function isShaped(id: string): boolean {
  if (!provinces.has(id.slice(0, 2))) return false;
  if (id.length === 15) return isBirthDate(1900, Number(id.slice(8, 10)), Number(id.slice(10, 12)));
  return isBirthDate(Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14)));
}

const labels = labelPattern([
  '身份证',
  '身份证号',
  '身份号码',
  '身份证件号',
  '身份证号码',
  '证件号',
  '证号',
  '护照',
  '通行证',
  '回乡证',
  '台胞证',
  '军官证',
  '士兵证',
  '警官证',
  '居留证',
  '驾驶证',
  '出生医学证明',
  '出生证',
  'ID card',
  'idcard',
  'passport',
]);
const paper =
  /(?:[A-Za-z]{0,3}[ ]?[0-9](?:[ -]?[0-9]){4,19}(?:[ ]?[Xx](?![A-Za-z]))?|[\u4e00-\u9fff]{1,3}字第[ ]?[0-9]{4,10}号?)/y;
/** A label whose number belongs to another rule. */
const otherCard = /(?:医保|社保|保障|农合|参保|医疗|就诊|处方|登记|暂住)$/;
const chain = /[ \t-]{0,3}[Xx](?![0-9A-Za-z])/y;

export function* idNumbers(folded: string): Generator<Candidate> {
  const groups = digitGroups(folded);
  for (let i = 0; i < groups.length; i++) {
    for (const window of windowsFrom(folded, groups, i, [15, 18])) {
      const { digits, start, end, count } = window;
      const solid = count === 1 && !/[A-Za-z.]/.test(folded[start - 1] ?? '');
      if (digits.length === 15) {
        if (solid && isShaped(digits) && !/[0-9A-Za-z]/.test(folded[end] ?? ''))
          yield { kind: 'id', start, end, rule: 'id-15', certainty: 70 };
      } else if (digits.length === 17) {
        chain.lastIndex = end;
        const last = chain.exec(folded);
        if (last && isShaped(digits) && (hasCheckDigit(`${digits}X`) || solid))
          yield { kind: 'id', start, end: chain.lastIndex, rule: 'id-18', certainty: 95 };
      } else if (digits.length === 18 && isShaped(digits)) {
        if (hasCheckDigit(digits)) yield { kind: 'id', start, end, rule: 'id-18', certainty: 95 };
        else if (solid) yield { kind: 'id', start, end, rule: 'id-18-mistyped', certainty: 75 };
      }
    }
  }
  for (const { start, end } of idsByLabel(folded))
    yield { kind: 'id', start, end, rule: 'id-label', certainty: 85 };
  for (const { index, 0: text } of matches(/[\u4e00-\u9fff]字第[ ]?[0-9]{5,10}号?/g, folded))
    yield {
      kind: 'id',
      start: index,
      end: index + text.length,
      rule: 'id-military',
      certainty: 80,
    };
}

function* idsByLabel(folded: string): Generator<{ start: number; end: number }> {
  for (const found of labelledValues(folded, labels, paper)) {
    // The label is a few characters before; another card's label ends the same way.
    const before = folded.slice(Math.max(0, found.start - 12), found.start);
    const label = before.search(/(?:证|证件)?(?:号码|号)?[^证号]{0,8}$/);
    if (!otherCard.test(before.slice(0, Math.max(0, label)))) yield found;
  }
}
