/**
 * Which cells of a CSV file a spreadsheet would compute or change when it opens it.
 *
 * A cell that begins with a sign of a formula may run one (OWASP, CSV injection), also in the wide forms
 * of the signs and behind characters that are not seen. Real results begin so as well: +, ++, ±, -0.5.
 * These are no formulas to a spreadsheet, or ones with the same value, and stay as they are. Digits
 * beyond the fifteenth, zeros in front or at the end (7.40), and what looks like a date, a time, a fraction
 * or a negative number in brackets (2/15 lymph nodes, a titre of 1:40, the gene SEPT9, 3月5日, item (3))
 * would be lost; an apostrophe in front keeps them. A whole date stays: it is the same day afterwards.
 */

/** Behind white space and characters of no width. */
const formula = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/** Signs alone, also in brackets, or a number with its sign: percent and comparison aside. */
const result =
  /^(?:[+＋]{1,5}|[-－−]{1,5}|[+-][/／][-+]|±|[(（][+＋\-－±]{1,5}[)）]|[+-]?[0-9]+(?:\.[0-9]+)?%?|[+-]?\.[0-9]+)$/;

/** Excel keeps fifteen digits of a number. */
const longDigits = /^[+-]?[0-9]{16,}$/;
const zerosInFront = /^[+-]?0[0-9]+$/;
/** Read as a day of a month, as a month of a year, or as a time. */
const datelike =
  /^[0-9]{1,2}[-/][0-9]{1,4}(?:[-/][0-9]{1,4})?$|^[0-9]{1,4}:[0-9]{1,4}(?::[0-9]{1,4})?$/;
/** 3月5日 and 5日 get a year, or a month, that nobody wrote. */
const chineseDay = /^(?:[0-9]{1,2}月)?[0-9]{1,2}[日号]$|^[0-9]{1,2}月$/;
const month =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|' +
  'sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
/** SEPT9 and MARCH1 are genes, 5-Mar is a day without its year. */
const monthFirst = new RegExp(`^${month}[-/. ]?[0-9]{1,4}$`, 'i');
const dayFirst = new RegExp(`^[0-9]{1,4}[-/. ]?${month}(?:[-/. ]?[0-9]{2,4})?$`, 'i');
/** 2E10, the number of a ward, would become 20000000000, and 1.2E5 another way to write 120000. */
const exponent = /^[+-]?[0-9]*\.?[0-9]+[eE][+-]?[0-9]+$/;
/** 7.40 says two places, which a number does not keep. */
const zerosAtEnd = /^[+-]?[0-9]*\.[0-9]*0%?$/;
/** (3) becomes -3, and 1 1/2 becomes 1.5. */
const bracketed = /^[(（][0-9.,]+[)）]$/;
const mixedFraction = /^[0-9]+ [0-9]+\/[0-9]+$/;
const changed = [
  ...[longDigits, zerosInFront, zerosAtEnd, exponent, bracketed, mixedFraction],
  ...[datelike, chineseDay, dayFirst],
];

const beginsWithLetter = /^[A-Za-z]/;
/** Most cells begin with a Chinese character, and need no closer look. */
const harmless = /^[\u4e00-\u9fff]/;

/** Whether a text needs an apostrophe in front. */
export function needsGuard(text: string): boolean {
  if (harmless.test(text)) return false;
  if (beginsWithLetter.test(text)) return monthFirst.test(text);
  if (changed.some((pattern) => pattern.test(text))) return true;
  return formula.test(text) && !result.test(text);
}

export const guardSign = "'";
