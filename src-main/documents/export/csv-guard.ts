/**
 * Which cells of a CSV file a spreadsheet would compute or change when it opens it.
 *
 * A cell that begins with a sign of a formula may run one (OWASP, CSV injection), also in the wide forms
 * of the signs and behind characters that are not seen. Real results begin so as well: +, ++, ±, -0.5.
 * These are no formulas to a spreadsheet, or ones with the same value, and stay as they are. Digits
 * beyond the fifteenth, zeros in front, and what looks like a date or a time (2/15 lymph nodes, a titre
 * of 1:40) would be lost; an apostrophe in front keeps them.
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
/** 2E10, the number of a ward, would become 20000000000. */
const exponent = /^[0-9]+[eE][0-9]+$/;

/** Most cells begin with a letter or a Chinese character, and need no closer look. */
const harmless = /^[A-Za-z\u4e00-\u9fff]/;

/** Whether a text needs an apostrophe in front. */
export function needsGuard(text: string): boolean {
  if (harmless.test(text)) return false;
  if (longDigits.test(text) || zerosInFront.test(text)) return true;
  if (datelike.test(text) || exponent.test(text)) return true;
  return formula.test(text) && !result.test(text);
}

export const guardSign = "'";
