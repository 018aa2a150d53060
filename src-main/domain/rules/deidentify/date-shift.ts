/**
 * Dates moved by a constant number of days, in the form in which they were written. Intervals between
 * a patient's dates stay; the days themselves no longer tell who it was.
 */
import { fold } from './fold';

/** The smallest and the largest move, days; either direction. */
const least = 30;
const most = 365;

/**
 * The move of one patient's dates: the same key and patient always give the same one.
 * @param key secret; who knows it can undo the shift
 * @param patient any text that stays the same for the patient
 * @returns whole days, 30 to 365 forwards or backwards
 */
export async function patientShiftDays(
  key: Uint8Array<ArrayBuffer>,
  patient: string,
): Promise<number> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const cryptoKey = await crypto.subtle.importKey('raw', key, hmac, false, ['sign']);
  const message = new TextEncoder().encode(`date-shift/1\n${patient}`);
  const bytes = new DataView(await crypto.subtle.sign('HMAC', cryptoKey, message));
  const days = least + (bytes.getUint32(0) % (most - least + 1));
  return bytes.getUint8(4) % 2 === 0 ? days : -days;
}

/** What the dates before say about one that is not complete. Of the original, month from 1. */
export interface DateContext {
  readonly year: number | null;
  readonly month: number | null;
  /** Of the date before as it is written now: a day alone may now lie in another month. */
  readonly shiftedMonth: number | null;
}

export const noContext: DateContext = { year: null, month: null, shiftedMonth: null };

export interface ShiftedDate {
  readonly written: string;
  readonly context: DateContext;
}

/** A year without 29 February, for dates that say no year. */
const anyYear = 2023;

/**
 * @returns null for what cannot be moved exactly or at all (去年10月, 腊月, 2021年底, 1/3/2022): mask it
 */
export function shiftDate(
  written: string,
  days: number,
  context: DateContext = noContext,
): ShiftedDate | null {
  const folded = fold(written);
  const chinese = /[〇○零一二三四五六七八九十]/.test(folded);
  const latin = chinese ? toArabic(folded) : folded;
  const parsed = latin === null ? null : parse(latin, context);
  if (!parsed) return null;
  const { year, month, day } = parsed;
  const old = new Date(Date.UTC(year, month - 1, day));
  if (old.getUTCMonth() !== month - 1 || old.getUTCDate() !== day) return null;
  const moved = new Date(old.getTime() + days * 86_400_000);
  const now = {
    year: moved.getUTCFullYear(),
    month: moved.getUTCMonth() + 1,
    day: moved.getUTCDate(),
  };
  if (now.year < 1000 || now.year > 9999) return null;
  let text = parsed.write(now);
  if (parsed.hasMonth === false && context.shiftedMonth !== now.month)
    text = `${now.month}月${text}`;
  if (chinese) text = toChinese(text);
  else if (/[０-９]/.test(written)) text = toFullWidth(text);
  return {
    written: text,
    context: {
      year: parsed.hasYear ? year : context.year,
      month,
      shiftedMonth: now.month,
    },
  };
}

interface Calendar {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}
interface Parsed extends Calendar {
  readonly hasYear: boolean;
  readonly hasMonth: boolean;
  write(now: Calendar): string;
}

const complete =
  /^([0-9]{4}|[0-9]{2})( *[-年/.] *)([0-9]{1,2})( *[-月/.] *)([0-9]{1,2})((?: *[日号])?(?:T[0-9:.Z+-]*)?)$/;
const solid = /^([0-9]{4})([0-9]{2})([0-9]{2})$/;
const yearMonth = /^([0-9]{4}(?= *[-年/])|[0-9]{2}(?= *年))( *[-年/] *)([0-9]{1,2})( *月份?)?$/;
const yearAlone = /^([0-9]{4})( *年)?$/;
const monthDay = /^([0-9]{1,2})( *[-月/.] *)([0-9]{1,2})( *[日号])?$/;
const monthAlone = /^([0-9]{1,2})( *月份?)$/;
const dayAlone = /^([0-9]{1,2})( *[日号])$/;

function parse(text: string, context: DateContext): Parsed | null {
  let match = complete.exec(text);
  if (match) {
    const [, y = '', a = '', m = '', b = '', d = '', rest = ''] = match;
    const padded = isPadded(m, d, a);
    return {
      ...{ year: fullYear(y), month: Number(m), day: Number(d), hasYear: true, hasMonth: true },
      write: (now) =>
        writeYear(now.year, y) + a + write(now.month, padded) + b + write(now.day, padded) + rest,
    };
  }
  match = solid.exec(text);
  if (match)
    return {
      ...{ year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) },
      ...{ hasYear: true, hasMonth: true },
      write: (now) => `${now.year}${write(now.month, true)}${write(now.day, true)}`,
    };
  match = yearMonth.exec(text);
  if (match) {
    const [, y = '', a = '', m = '', rest = ''] = match;
    const padded = isPadded(m, m, a);
    return {
      // The middle of the month is the least wrong day where none is said.
      ...{ year: fullYear(y), month: Number(m), day: 15, hasYear: true, hasMonth: true },
      write: (now) => writeYear(now.year, y) + a + write(now.month, padded) + rest,
    };
  }
  match = yearAlone.exec(text);
  if (match) {
    const rest = match[2] ?? '';
    return {
      ...{ year: Number(match[1]), month: 7, day: 2, hasYear: true, hasMonth: true },
      write: (now) => `${now.year}${rest}`,
    };
  }
  const year = context.year ?? anyYear;
  match = monthDay.exec(text);
  if (match) {
    const [, m = '', a = '', d = '', rest = ''] = match;
    const padded = isPadded(m, d, a);
    return {
      ...{ year, month: Number(m), day: Number(d), hasYear: false, hasMonth: true },
      write: (now) => write(now.month, padded) + a + write(now.day, padded) + rest,
    };
  }
  match = monthAlone.exec(text);
  if (match) {
    const rest = match[2] ?? '';
    return {
      ...{ year, month: Number(match[1]), day: 15, hasYear: false, hasMonth: true },
      write: (now) => `${now.month}${rest}`,
    };
  }
  match = dayAlone.exec(text);
  if (match && context.month !== null) {
    const rest = match[2] ?? '';
    return {
      ...{ year, month: context.month, day: Number(match[1]), hasYear: false, hasMonth: false },
      write: (now) => `${now.day}${rest}`,
    };
  }
  return null;
}

/** Two digits of a year are those of 1950 to 2049. */
function fullYear(written: string): number {
  const number = Number(written);
  return written.length === 4 ? number : number < 50 ? 2000 + number : 1900 + number;
}

function writeYear(year: number, like: string): string {
  return like.length === 4 ? String(year) : String(year % 100).padStart(2, '0');
}

/** Whether one-digit numbers are written with a zero; 10-12 does not tell, so its separator decides. */
function isPadded(first: string, second: string, separator: string): boolean {
  if (first.startsWith('0') || second.startsWith('0')) return true;
  return first.length === 2 && second.length === 2 && !/[年月]/.test(separator);
}

function write(number: number, padded: boolean): string {
  return String(number).padStart(padded ? 2 : 1, '0');
}

function toFullWidth(text: string): string {
  return text.replace(/[0-9]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
}

const numerals = '〇一二三四五六七八九';

/** 二〇二三年十一月二十五日 as 2023年11月25日; null if some numeral is none of these. */
function toArabic(text: string): string | null {
  const match =
    /^(?:([〇○零一二三四五六七八九]{4})年)?(?:([一二三四五六七八九十]{1,2})月)?(?:([一二三四五六七八九十]{1,3})([日号]))?$/.exec(
      text,
    );
  if (!match) return null;
  const [, year, month, day, unit = ''] = match;
  const digits = (year ?? '').replace(/[○零]/g, '〇');
  return (
    (year === undefined ? '' : `${[...digits].map((char) => numerals.indexOf(char)).join('')}年`) +
    (month === undefined ? '' : `${fromNumeral(month)}月`) +
    (day === undefined ? '' : `${fromNumeral(day)}${unit}`)
  );
}

function fromNumeral(numeral: string): number {
  const ten = numeral.indexOf('十');
  if (ten < 0) return numerals.indexOf(numeral);
  const tens = ten === 0 ? 1 : numerals.indexOf(numeral[0] ?? '');
  const ones = ten === numeral.length - 1 ? 0 : numerals.indexOf(numeral[ten + 1] ?? '');
  return tens * 10 + ones;
}

function toChinese(text: string): string {
  return text.replace(/[0-9]+/g, (digits) => {
    if (digits.length === 4) return [...digits].map((digit) => numerals[Number(digit)]).join('');
    const number = Number(digits);
    const tens = Math.floor(number / 10);
    const ones = number % 10 === 0 ? '' : (numerals[number % 10] ?? '');
    return tens === 0 ? ones : `${tens === 1 ? '' : (numerals[tens] ?? '')}十${ones}`;
  });
}
