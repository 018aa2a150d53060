/** Numbers in Chinese writing: 三, 十二, 二十五, 一百零三, 两千, 三万. */

const digits = new Map<string, number>(
  Array.from('零一二三四五六七八九').map((char, n) => [char, n]),
);
digits.set('〇', 0).set('○', 0).set('两', 2);
const powers = new Map([
  ['十', 10],
  ['百', 100],
  ['千', 1000],
]);

export const chineseNumeral = '[零〇○一二两三四五六七八九十百千万]+';

/** Null for what is written in none of the usual ways (三二, 十十). */
export function chineseNumber(text: string): number | null {
  let total = 0;
  let section = 0;
  let digit: number | null = null;
  let last = Infinity;
  for (const char of text) {
    const value = digits.get(char);
    const power = powers.get(char);
    if (value !== undefined) {
      if (digit !== null && digit !== 0) return null;
      digit = value;
    } else if (power !== undefined) {
      if (power >= last || digit === 0) return null;
      section += (digit ?? 1) * power;
      last = power;
      digit = null;
    } else if (char === '万') {
      if (total > 0 || section + (digit ?? 0) === 0) return null;
      total = (section + (digit ?? 0)) * 10_000;
      section = 0;
      last = Infinity;
      digit = null;
    } else return null;
  }
  return text === '' ? null : total + section + (digit ?? 0);
}

/** A year digit by digit: 二〇二四; null for anything else. */
export function chineseYear(text: string): number | null {
  const values = Array.from(text, (char) => digits.get(char));
  if (values.length !== 4 || values.includes(undefined)) return null;
  return Number(values.join(''));
}
