/** Bank accounts (by label, or a card number with a valid Luhn digit) and car plates. */
import places from '../../../../resources/lexicons/places.json' with { type: 'json' };
import { digitGroups, windowsFrom } from './digit-groups';
import type { Candidate } from './identifier';
import { labelledValues, labelPattern } from './labels';
import { matches } from './words';

const labels = labelPattern(['银行卡', '账户', '账号', '帐号', '帐户', '卡号', '存折']);
const number = /[0-9](?:[ -]?[0-9]){11,22}(?![0-9])/y;

/** ISO/IEC 7812. */
export function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

export function* bankAccounts(folded: string): Generator<Candidate> {
  for (const { start, end } of labelledValues(folded, labels, number))
    yield { kind: 'bank-account', start, end, rule: 'bank-label', certainty: 82 };
  const groups = digitGroups(folded);
  for (let i = 0; i < groups.length; i++)
    for (const { digits, start, end, hasLineBreak, hasDot } of windowsFrom(
      folded,
      groups,
      i,
      [16, 19],
    ))
      if (/^(?:62|60|4|5[1-5])/.test(digits) && !hasLineBreak && !hasDot)
        if (hasLuhnDigit(digits))
          yield { kind: 'bank-account', start, end, rule: 'bank-luhn', certainty: 65 };
}

const plate = new RegExp(
  `[${places.plateLetters}][ ]?[A-Z][ ·-]{0,2}(?=[A-Z0-9]*[0-9])[A-Z0-9](?:·?[A-Z0-9]){4,5}[挂学警港澳]?(?![A-Za-z0-9])`,
  'g',
);

export function* plates(folded: string): Generator<Candidate> {
  for (const { index, 0: text } of matches(plate, folded))
    yield { kind: 'plate', start: index, end: index + text.length, rule: 'plate', certainty: 85 };
}
