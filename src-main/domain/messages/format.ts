/** Numbers and dates as the chosen language writes them. */
import type { Locale } from '../contract/ipc';

export interface Formatter {
  /** Whole numbers with group separators. */
  integer(value: number): string;
  /** A large number in short, as in 131亿 or 13.1B. */
  count(value: number): string;
  /** A number with at most three decimals. */
  decimal(value: number): string;
  /** A measure between -1 and 1, always with three decimals. */
  measure(value: number): string;
  /** Tokens a second: whole numbers, small ones with a decimal. */
  speed(value: number): string;
  /** A share of 1 as a whole percentage; `1` is 100 %. */
  percent(share: number): string;
  /** A number of bytes as MB or GB of 1024s, as the systems' own lists show them. */
  bytes(value: number): string;
  /** Milliseconds since the epoch as a short local date and time. */
  dateTime(milliseconds: number): string;
  /** The same with seconds. */
  dateTimeSeconds(milliseconds: number): string;
}

const megabyte = 1024 ** 2;
const gigabyte = 1024 ** 3;

const cache = new Map<Locale, Formatter>();

/** The same formatter for the same language: Intl objects are slow to make. */
export function formatterFor(locale: Locale): Formatter {
  const known = cache.get(locale);
  if (known) return known;
  const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  const measure = new Intl.NumberFormat(locale, {
    minimumFractionDigits: 3,
    maximumFractionDigits: 3,
  });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const dateTimeParts: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: locale === 'en' ? 'short' : '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  };
  const dateTime = new Intl.DateTimeFormat(locale, dateTimeParts);
  const withSeconds = new Intl.DateTimeFormat(locale, { ...dateTimeParts, second: '2-digit' });
  const short = new Intl.NumberFormat(locale, {
    notation: 'compact',
    maximumSignificantDigits: 3,
  });
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const made: Formatter = {
    integer: (value) => integer.format(value),
    count: (value) => short.format(value),
    decimal: (value) => decimal.format(value),
    measure: (value) => measure.format(value),
    speed: (value) => (value < 20 ? tenths : integer).format(value),
    percent: (share) => percent.format(share),
    bytes: (value) =>
      value < gigabyte
        ? `${integer.format(Math.ceil(value / megabyte))} MB`
        : `${tenths.format(value / gigabyte)} GB`,
    dateTime: (milliseconds) => dateTime.format(milliseconds),
    dateTimeSeconds: (milliseconds) => withSeconds.format(milliseconds),
  };
  cache.set(locale, made);
  return made;
}
