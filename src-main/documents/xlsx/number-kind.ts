/** What a number in a workbook is: Excel keeps dates as numbers and says so only in the cell's style. */
import type { BoundedZip } from '../zip/bounded-zip';
import { readPart } from './read-xml';
import { attributeOf } from './xml-scanner';

export type NumberKind =
  | { readonly kind: 'number' }
  | { readonly kind: 'date' | 'time' | 'date-time' }
  /** Shown with zeros before it, as numbers of cases often are. */
  | { readonly kind: 'padded'; readonly digits: number };

const plain: NumberKind = { kind: 'number' };
const limit = 64_000_000;

/** Formats that have a number of their own (ECMA-376-1, 18.8.30), also those of Chinese systems. */
function builtIn(id: number): NumberKind {
  const isDate =
    (id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58);
  if (isDate) return { kind: 'date' };
  if (id === 22) return { kind: 'date-time' };
  return (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47)
    ? { kind: 'time' }
    : plain;
}

/** Of a format's code as a person or program wrote it, such as `yyyy"年"m"月"d"日" h:mm`. */
export function kindOfFormat(code: string): NumberKind {
  if (/^0{2,}$/.test(code)) return { kind: 'padded', digits: code.length };
  const [first = ''] = code.split(';');
  const letters = first
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .replace(/AM\/PM|A\/P|上午\/下午/gi, 'h')
    .toLowerCase();
  if (letters === 'general' || !/[ymdhs]/.test(letters)) return plain;
  const hasTime = /[hs]/.test(letters);
  // An m beside neither hours nor seconds is a month.
  const hasDate = /[yd]/.test(letters) || (!hasTime && letters.includes('m'));
  if (hasDate) return { kind: hasTime ? 'date-time' : 'date' };
  return { kind: 'time' };
}

/** The kinds of numbers by the number of a cell's style. */
export async function formatsOfStyles(zip: BoundedZip, part: string): Promise<NumberKind[]> {
  const codes = new Map<number, NumberKind>();
  const kinds: NumberKind[] = [];
  let inCells = false;
  await readPart(
    zip,
    part,
    {
      open: (tag, raw) => {
        if (tag === 'cellXfs') inCells = true;
        else if (tag === 'numFmt') {
          const id = Number(attributeOf(raw, 'numFmtId'));
          codes.set(id, kindOfFormat(attributeOf(raw, 'formatCode') ?? ''));
        } else if (tag === 'xf' && inCells) {
          const id = Number(attributeOf(raw, 'numFmtId') ?? 0);
          kinds.push(codes.get(id) ?? builtIn(id));
        }
      },
      close: (tag) => {
        if (tag === 'cellXfs') inCells = false;
      },
      text: () => undefined,
    },
    limit,
  );
  return kinds;
}

const dayMs = 86_400_000;

/**
 * A number as a person reads it: a date as `2024-03-05`, with its time as `2024-03-05 08:30`, a time as
 * `08:30`, a whole number with all of its digits.
 */
export function numberText(value: number, kind: NumberKind, from1904: boolean): string {
  if (kind.kind === 'padded' && Number.isSafeInteger(value) && value >= 0)
    return String(value).padStart(kind.digits, '0');
  if (kind.kind === 'date' || kind.kind === 'time' || kind.kind === 'date-time') {
    const text = momentText(value, kind.kind, from1904);
    if (text !== null) return text;
  }
  if (Number.isInteger(value)) return BigInt(value).toString();
  // Excel knows 15 digits; what lies beyond is noise of the binary form (0.30000000000000004).
  return String(Number(value.toPrecision(15)));
}

function momentText(
  value: number,
  kind: 'date' | 'time' | 'date-time',
  from1904: boolean,
): string | null {
  // Later than 9999-12-31, or before everything: shown as ### by Excel too.
  if (!(value >= 0 && value < 2_958_466)) return null;
  // Hours may add up to more than a day; without a day they are no date.
  if (kind === 'time' && value >= 1) return null;
  const seconds = Math.round((value % 1) * 86_400);
  // Excel believes that 1900 had a 29 February, which is day 60.
  const day = Math.floor(value) + (from1904 ? 1462 : value < 60 ? 1 : 0);
  const at = new Date(Date.UTC(1899, 11, 30) + day * dayMs + seconds * 1000);
  const date = at.toISOString().slice(0, 10);
  const time = at.toISOString().slice(11, at.getUTCSeconds() === 0 ? 16 : 19);
  if (kind === 'date') return date;
  // Day 0 is no day: a time alone, under a format that also has a place for a date.
  return kind === 'time' || Math.floor(value) === 0 ? time : `${date} ${time}`;
}
