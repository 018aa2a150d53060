/**
 * What number a quotation states, by rule.
 *
 * One number gives a value; a bound or a range gives it as text (`<0.5`, `3.5-9.5`), so that nobody takes
 * a bound for a measurement. Anything that could be read in two ways (158/92, 3年2个月, 30余, 2+) gives none.
 */
import { chineseNumber, chineseNumeral } from './chinese-number';
import { foldQuotation } from './fold';
import { unitAt } from './unit';

export interface NormalNumber {
  readonly value: number | string;
  readonly unit?: string;
}

/** Not in a name (CA199, Ki-67), not behind 第, not a part of a longer number. */
const arabic = '(?<![A-Za-z][-\\d.]*|第|[\\d.^])[+-]?\\d+(?:,\\d{3})*(?:\\.\\d+)?(?![\\d.]*[\\d])';
const numberPattern = new RegExp(`${arabic}|(?<!第)(?:${chineseNumeral}|半)`, 'g');
const factorPattern = /^ ?[×x*] ?10(?:\^|\*\*|E)?(-?\d+)/i;

const bounds: readonly (readonly [RegExp, string])[] = [
  [/(?:≥|>=|不低于|不少于|至少)$/, '>='],
  [/(?:≤|<=|不超过|不高于|至多)$/, '<='],
  [/(?:>|大于|超过|高于)$/, '>'],
  [/(?:<|小于|低于|不足)$/, '<'],
];

interface Found {
  readonly start: number;
  readonly end: number;
  readonly value: number;
  readonly unit: string | null;
}

/** @param units known to the field; theirs is the spelling that is written out */
export function normaliseNumber(
  quotation: string,
  units: readonly string[] = [],
): NormalNumber | null {
  const text = foldQuotation(quotation);
  const found = numbersIn(text, units);
  if (found === null) return null;
  const [first, second, third] = found;
  if (!first || third) return null;
  const rest = text.slice(first.end);
  if (second) {
    const between = text.slice(first.end, second.start);
    if (!/^ ?(?:-|~|至|到) ?$/.test(between) || first.value >= second.value) return null;
    if (first.unit !== null && first.unit !== second.unit) return null;
    if (text.slice(second.end).startsWith('+')) return null;
    return withUnit(`${first.value}-${second.value}`, second.unit);
  }
  if (/^ ?(?:[余多几+±:]|-|~|\/ ?\d)/.test(rest)) return null;
  if (/[±:/] ?$/.test(text.slice(0, first.start))) return null;
  const bound = bounds.find(([pattern]) => pattern.test(text.slice(0, first.start).trimEnd()));
  const above = /^ ?(?:以上|及以上)/.test(rest)
    ? '>='
    : /^ ?(?:以下|及以下)/.test(rest)
      ? '<='
      : '';
  const sign = bound?.[1] ?? above;
  return withUnit(sign === '' ? first.value : `${sign}${first.value}`, first.unit);
}

function withUnit(value: number | string, unit: string | null): NormalNumber {
  return unit === null ? { value } : { value, unit };
}

/** Null where something is written that is no number in any usual way. */
function numbersIn(text: string, units: readonly string[]): Found[] | null {
  const found: Found[] = [];
  let from = 0;
  for (const match of text.matchAll(numberPattern)) {
    const [written] = match;
    const start = match.index;
    if (start < from) continue;
    let end = start + written.length;
    const isArabic = /\d/.test(written);
    let value = isArabic ? arabicNumber(written) : written === '半' ? 0.5 : chineseNumber(written);
    let unit = unitAt(text.slice(end), units);
    if (!isArabic && unit === null) {
      // 一般, 统一, 三尖瓣: a numeral counts where it measures something, or is all there is.
      if (written !== text) continue;
    }
    if (value === null) return null;
    const factor = unit === null ? factorPattern.exec(text.slice(end)) : null;
    if (factor) {
      value *= 10 ** Number(factor[1]);
      end += factor[0].length;
      unit = unitAt(text.slice(end), units);
    }
    end += unit?.length ?? 0;
    if (unit !== null && text[end] === '半') {
      value += 0.5;
      end += 1;
    }
    found.push({ start, end, value, unit: unit?.unit ?? null });
    from = end;
  }
  return found;
}

function arabicNumber(written: string): number | null {
  // 12,5 is no number of this country; 1,200 is.
  if (written.includes(',') && !/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(written)) return null;
  const value = Number(written.replaceAll(',', ''));
  return Number.isFinite(value) ? value : null;
}
