/**
 * What date a quotation states, by rule: ISO 8601 as exact as the record is (2024, 2024-03, 2024-03-05,
 * 2024-03-05T09:30). A month and day without a year is XXXX-03-05, as in ISO 8601-2.
 *
 * Two-digit years, 3.5 and 3/5, two dates and dates that do not exist give none.
 */
import { chineseNumber, chineseNumeral, chineseYear } from './chinese-number';
import { foldQuotation } from './fold';

const year = '(?<y>(?:1[89]|20)\\d{2})';
const month = '(?<m>0?[1-9]|1[0-2])';
const day = '(?<d>[12]\\d|3[01]|0?[1-9])';
const clock =
  '(?:[ T]?(?<h>[01]?\\d|2[0-3])(?::(?<i>[0-5]\\d)(?::[0-5]\\d)?|[时点](?:(?<j>[0-5]?\\d)分?)?))?';
const alone = '(?<![\\d.:/-])';
const patterns = [
  `${alone}${year} ?年 ?${month} ?月 ?${day} ?[日号]?${clock}`,
  `${alone}${year} ?([-/.]) ?${month} ?\\k<s> ?${day}(?![\\d./-])${clock}`.replace(
    '([-/.])',
    '(?<s>[-/.])',
  ),
  `${alone}${year}(?<m>0[1-9]|1[0-2])(?<d>0[1-9]|[12]\\d|3[01])(?!\\d)`,
  `${alone}${year} ?年 ?${month} ?月(?:份)?`,
  `${alone}${year}[-/]${month}(?![\\d./-])`,
  `${alone}${year} ?年`,
  `^${year}$`,
  `(?<![\\d年.:/-])${month} ?月 ?${day} ?[日号]${clock}`,
].map((pattern) => new RegExp(pattern, 'g'));

/** Words behind a date that make another time of it. */
const elsewhere =
  /^(?:份)?(?:以?前|之前|以?后|之后|左右|前后|许|初|底|末|中旬|上旬|下旬|[春夏秋冬])/;

export function normaliseDate(quotation: string): string | null {
  const text = arabicDates(foldQuotation(quotation));
  for (const pattern of patterns) {
    const matches = [...text.matchAll(pattern)];
    if (matches.length > 1) return null;
    const [match] = matches;
    if (!match) continue;
    const rest = text.slice(match.index + match[0].length);
    const others = text.slice(0, match.index) + ' ' + rest;
    if (elsewhere.test(rest) || /\d{1,4} ?(?:[年月日号]|[-/.]\d)/.test(others)) return null;
    return isoDate(match.groups ?? {});
  }
  return null;
}

/** Dates in Chinese numerals as ones in digits: 二〇二四年三月五日. */
function arabicDates(text: string): string {
  return text.replace(new RegExp(`(${chineseNumeral})(?=[年月日号])`, 'g'), (numeral: string) =>
    String(chineseYear(numeral) ?? chineseNumber(numeral) ?? numeral),
  );
}

function isoDate(parts: Readonly<Record<string, string | undefined>>): string | null {
  const two = (text: string): string => text.padStart(2, '0');
  const { y = 'XXXX', m, d, h } = parts;
  if (m === undefined) return y;
  if (d === undefined) return `${y}-${two(m)}`;
  // The 29th of February may be in a year that is not said.
  const days = new Date(Date.UTC(y === 'XXXX' ? 2000 : Number(y), Number(m), 0)).getUTCDate();
  if (Number(d) > days) return null;
  const date = `${y}-${two(m)}-${two(d)}`;
  if (h === undefined) return date;
  const minute = parts['i'] ?? parts['j'];
  return minute === undefined ? `${date}T${two(h)}` : `${date}T${two(h)}:${two(minute)}`;
}
