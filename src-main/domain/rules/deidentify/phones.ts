/** Telephone numbers: mobile, landline with its area, service lines; local ones and extensions by label. */
import { digitGroups, windowsFrom, type DigitGroup, type DigitWindow } from './digit-groups';
import type { Candidate } from './identifier';
import { labelPattern, valueStart } from './labels';
import { matchAt, matches } from './words';

const labels = labelPattern([
  '电话',
  '手机',
  '座机',
  '固话',
  '宅电',
  '传真',
  '热线',
  '总机',
  '客服',
  '联系方式',
  '联系号码',
  '来电',
  '致电',
  '拨打',
  '改拨',
  '小灵通',
  '备用',
  '号码',
  '联系',
  'Tel',
  'Telephone',
  'Phone',
  'Mobile',
  'Cell',
  'Fax',
]);
const extensionLabels = labelPattern(['分机', '内线', '短号']);
const mobile = /^1[3-9][0-9]{9}$/;
const prefixedMobile = /^(?:00)?861[3-9][0-9]{9}$/;
const landline = /^(?:0(?:10|2[0-9])[2-9][0-9]{7}|0[3-9][0-9]{2}[2-9][0-9]{6,7})$/;
const service = /^[48]00[0-9]{7}$/;
const hongKong = /^(?:852|853)[2-9][0-9]{7}$/;
/** Ways in which people group a mobile number. */
const mobileGroups = new Set([
  '11',
  '3,4,4',
  '3,8',
  '7,4',
  '3,3,5',
  '4,4,3',
  '4,3,4',
  '5,6',
  '6,5',
]);
const extension = /(?:[ ]?-[ ]?|[ ]?转[ ]?|[ ]?ext\.?[ ]?)[0-9]{2,6}(?![0-9])/iy;

export function* phones(folded: string): Generator<Candidate> {
  const groups = digitGroups(folded);
  const announced = announcedPlaces(folded);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] as DigitGroup;
    const labelled = announced.has(group.start);
    const found = phoneAt(folded, groups, i, labelled);
    if (!found) continue;
    const tail = matchAt(extension, folded, found.end);
    const end = tail && found.rule !== 'phone-mobile' ? found.end + tail[0].length : found.end;
    yield {
      kind: 'phone',
      start: openingOf(folded, found.start),
      end,
      rule: found.rule,
      certainty: labelled ? 90 : 80,
    };
  }
  for (const { index, 0: label } of matches(extensionLabels, folded)) {
    const start = valueStart(folded, index + label.length);
    const number = matchAt(/[0-9]{3,8}(?![0-9])/y, folded, start);
    if (number)
      yield {
        kind: 'phone',
        start,
        end: start + number[0].length,
        rule: 'phone-extension',
        certainty: 80,
      };
  }
}

/** Where a number begins that a label announces; `+` and a bracket are not part of the digits. */
function announcedPlaces(folded: string): Set<number> {
  const places = new Set<number>();
  for (const { index, 0: label } of matches(labels, folded)) {
    const start = valueStart(folded, index + label.length);
    const opening = matchAt(/[ ]?[(+]{0,2}/y, folded, start)?.[0].length ?? 0;
    places.add(start + opening);
  }
  return places;
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
}

function phoneAt(
  folded: string,
  groups: readonly DigitGroup[],
  first: number,
  labelled: boolean,
): Found | null {
  let best: Found | null = null;
  for (const window of windowsFrom(folded, groups, first, [7, 15])) {
    const rule = ruleFor(folded, window, labelled);
    // A longer form is the better one: an area code belongs to its number.
    if (rule) best = { start: window.start, end: window.end, rule };
  }
  return best;
}

function ruleFor(folded: string, window: DigitWindow, labelled: boolean): string | null {
  const { digits, start, end, count, hasLineBreak, hasDot } = window;
  if (/[A-Za-z]/.test(folded[end] ?? '') || /[A-Za-z.]/.test(folded[start - 1] ?? '')) {
    // A prefix such as Tel is a label; anything else makes it a code.
    if (!labelled) return null;
  }
  const plus = folded[start - 1] === '+';
  if (!labelled && !plus && !/^[0148]/.test(digits)) return null;
  if (hasDot && !labelled) return null;
  const sizes = window.sizes();
  const singles = sizes.every((size) => size === 1);
  const grouped = count === 1 || singles || mobileGroups.has(sizes.join());
  if (mobile.test(digits) && (labelled || (grouped && (!hasLineBreak || count === 2))))
    return 'phone-mobile';
  if (prefixedMobile.test(digits) && (labelled || sizes[0] !== 1)) return 'phone-mobile';
  if (landline.test(digits)) {
    const area = sizes[0] === 3 || sizes[0] === 4;
    if (labelled || (!hasLineBreak && (area || count === 1 || singles))) return 'phone-landline';
  }
  if (/^860?(?:10|[2-9][0-9])[0-9]{8,9}$/.test(digits) && plus) return 'phone-landline';
  if (hongKong.test(digits) && (plus || labelled)) return 'phone-abroad';
  if (plus && digits.length >= 9 && !hasLineBreak) return 'phone-abroad';
  if (service.test(digits) && !hasLineBreak) {
    const wellGrouped = count > 1 ? sizes[0] === 3 : digits[0] === '4';
    if (labelled || wellGrouped) return 'phone-service';
  }
  if (labelled && !hasLineBreak && (digits.length === 7 || digits.length === 8) && !hasDot)
    return 'phone-local';
  return null;
}

/** The bracket of an area code and a plus belong to the number. */
function openingOf(folded: string, start: number): number {
  const before = folded[start - 1];
  if (before === '+') return start - 1;
  if (before === '(' && /^\([0-9]{3,4}\)/.test(folded.slice(start - 1, start + 5)))
    return start - 1;
  return start;
}
