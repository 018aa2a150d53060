/** Dates that can be placed in a calendar, in the forms that records hold. Ages, durations and 昨日 are none. */
import type { Candidate } from './identifier';
import { matchAt, matches } from './words';

const year = '(?:18|19|20)[0-9]{2}';
const month = '(?:1[0-2]|0?[1-9])';
const day = '(?:3[01]|[12][0-9]|0?[1-9])';
const s = '[ ]{0,2}';
const cnDigit = '[〇○零一二三四五六七八九十]';
const cnMonth = '(?:十[一二]?|[一二三四五六七八九])';
const cnDay = '(?:三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])';
const relative = '(?:去年|前年|今年|本年|同年|昨年|次年|当年|明年|后年|大前年)';
const enMonth =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)';
const part = '(?:上旬|中旬|下旬|月?初|月?底|月?末|份)';
const time = '(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?';
/** What makes a number of months or years a length of time. */
const notLength = '(?!余|前|后|内|来|以|多|大|龄|间|半|病|之|左右|的)';

const forms: readonly (readonly [rule: string, pattern: RegExp, certainty: number])[] = [
  [
    'date-cn',
    new RegExp(
      `(?<![0-9.])${year}${s}年${s}${month}${s}月(?:${s}${day}${s}[日号]|${s}${day}(?![0-9.])|${part})?`,
      'g',
    ),
    78,
  ],
  [
    'date-numbers',
    new RegExp(
      `(?<![0-9A-Za-z.])${year}${s}([-/.])${s}${month}${s}\\1${s}${day}(?![0-9]|\\.[0-9])${time}`,
      'g',
    ),
    78,
  ],
  [
    'date-numbers',
    new RegExp(`(?<![0-9A-Za-z./-])${year}[-/.]${month}月(?:${day}[日号]?)?`, 'g'),
    74,
  ],
  [
    'date-month',
    new RegExp(`(?<![0-9A-Za-z./-])${year}[-/](?:1[0-2]|0[1-9])(?![0-9A-Za-z/.-])`, 'g'),
    60,
  ],
  [
    'date-solid',
    new RegExp(
      `(?<![0-9A-Za-z./-])(?:19|20)[0-9]{2}(?:1[0-2]|0[1-9])(?:3[01]|[12][0-9]|0[1-9])(?![0-9A-Za-z.])`,
      'g',
    ),
    50,
  ],
  [
    'date-foreign',
    new RegExp(`(?<![0-9A-Za-z./-])${day}[-/]${month}[-/]${year}(?![0-9])`, 'g'),
    70,
  ],
  [
    'date-short-year',
    new RegExp(
      `(?<![0-9.])[0-9]{2}年${s}${month}${s}月(?:${s}${day}${s}[日号]|${part})?${notLength}`,
      'g',
    ),
    72,
  ],
  [
    'date-relative',
    new RegExp(
      `${relative}${s}(?:${month}${s}月|${cnMonth}月|腊月|正月|冬月)(?:${s}${day}${s}[日号]|${cnDay}[日号]|${part})?`,
      'g',
    ),
    74,
  ],
  [
    'date-relative',
    new RegExp(
      `${relative}(?:春节|元旦|国庆|中秋|端午|清明|除夕|元宵|年初|年底|年末)(?:期间|前后|当天|后|前)?`,
      'g',
    ),
    60,
  ],
  ['date-day', new RegExp(`(?<![0-9.])${month}${s}月${s}${day}${s}[日号](?!线)`, 'g'), 70],
  ['date-part', new RegExp(`(?<![0-9.])${month}月(?:份|上旬|中旬|下旬|初|底|末)`, 'g'), 66],
  [
    'date-in-month',
    new RegExp(
      `(?:本月|上月|上个月|下月|下个月|当月|这个月)${s}(?:${day}${s}[日号]|上旬|中旬|下旬|初|底|末)`,
      'g',
    ),
    70,
  ],
  [
    'date-year',
    new RegExp(
      `(?<![0-9.])${year}${s}年(?:[初底末春夏秋冬]|上半年|下半年|年初|年底)?(?!度|级|版)${notLength}`,
      'g',
    ),
    55,
  ],
  [
    'date-chinese',
    new RegExp(
      `[一二][〇○零一二三四五六七八九]{3}年(?:${cnMonth}月(?:(?:初)?${cnDay}[日号]?)?)?`,
      'g',
    ),
    72,
  ],
  ['date-chinese', new RegExp(`(?<!${cnDigit})${cnMonth}月${cnDay}[日号]`, 'g'), 70],
  [
    'date-lunar',
    new RegExp(
      `(?:农历|阴历)(?:${cnDigit}{4}年|${year}年|${relative})?(?:闰?${cnMonth}月|正月|冬月|腊月|[0-9]{1,2}月)(?:初[一二三四五六七八九十]|廿[一二三四五六七八九]?|${cnDay}|[0-9]{1,2})?[日号]?`,
      'g',
    ),
    74,
  ],
  [
    'date-lunar',
    new RegExp(
      `(?:正月|腊月|冬月)(?:初[一二三四五六七八九十]|廿[一二三四五六七八九]?|${cnDay})`,
      'g',
    ),
    70,
  ],
  [
    'date-english',
    new RegExp(
      `(?<![A-Za-z])${enMonth}\\.?[ ]{1,2}${day}(?:st|nd|rd|th)?(?:,?[ ]{1,2}${year})?(?![0-9A-Za-z])`,
      'gi',
    ),
    70,
  ],
  [
    'date-english',
    new RegExp(
      `(?<![0-9.])${day}(?:st|nd|rd|th)?[ -]${enMonth}\\.?(?:,?[ -]${year})?(?![0-9A-Za-z])`,
      'gi',
    ),
    70,
  ],
  ['date-english', new RegExp(`(?<![A-Za-z])${enMonth}\\.?[ ]${year}(?![0-9])`, 'gi'), 66],
  // Month and day alone are a measurement unless a time or a date's label stands beside them.
  [
    'date-before-time',
    new RegExp(
      `(?<![0-9A-Za-z./-])${month}[-/.]${day}(?=[ ]{1,3}(?:[01]?[0-9]|2[0-3]):[0-5][0-9])`,
      'g',
    ),
    60,
  ],
];

const labels =
  /(?:日期|时间|生日|出生|入院|出院|手术日|复诊|随访|记录日|报告日|收到|末次月经|预产期)[ \t]{0,4}(?:[:为于是][ \t]{0,4}|(?=[0-9]))/g;
const labelledForms = new RegExp(
  `(?:[0-9]{2}([-/.])${month}\\1${day}(?![0-9.])|${month}[-/.]${day}(?![0-9.%-])(?![ ]?(?:天|次|周|年|个|岁|cm|mm))|${year}(?![0-9.年])|${month}${s}月(?!余))`,
  'y',
);
/** 于3月入院: the preposition makes a month of what could be a length of time. */
const monthAfter = new RegExp(
  `(?:于|自|从|至|到|在)(${month}${s}月)(?!余|龄|大|前|后|内|[ ]{0,2}[0-9])`,
  'g',
);
const secondDay = new RegExp(`[ ]?(?:[-~至到、,—]|及|和)[ ]?(${day}[日号])`, 'y');
const secondMonthDay = new RegExp(`[ ]?[-~至到][ ]?(${month}[-/.]${day})(?![0-9.])`, 'y');
/** A batch of medicine begins with the day it was made. */
const batch = /(?:批号|批次|货号)[ :为]{0,4}$/;
const yearlessTail = new RegExp(`[日号]$`);

export function* dates(folded: string): Generator<Candidate> {
  for (const [rule, pattern, certainty] of forms) {
    for (const { index, 0: text } of matches(pattern, folded)) {
      const end = index + text.length;
      if (rule === 'date-solid' && batch.test(folded.slice(Math.max(0, index - 8), index)))
        continue;
      yield { kind: 'date', start: index, end, rule, certainty };
      yield* rangeAfter(folded, end, text, certainty);
    }
  }
  for (const { index, 0: label } of matches(labels, folded)) {
    const start = index + label.length;
    const found = matchAt(labelledForms, folded, start);
    if (found)
      yield {
        kind: 'date',
        start,
        end: start + found[0].length,
        rule: 'date-label',
        certainty: 58,
      };
  }
  for (const { index, 0: text, 1: date = '' } of matches(monthAfter, folded)) {
    const end = index + text.length;
    yield { kind: 'date', start: end - date.length, end, rule: 'date-month', certainty: 55 };
  }
}

/** The 8日 of 3月5日-8日, and the 03-12 of 2023-03-05~03-12. */
function* rangeAfter(
  folded: string,
  end: number,
  text: string,
  certainty: number,
): Generator<Candidate> {
  let at = end;
  const pattern = yearlessTail.test(text)
    ? secondDay
    : /[-/.][0-9]+$/.test(text)
      ? secondMonthDay
      : null;
  for (let i = 0; pattern && i < 6; i++) {
    const next = matchAt(pattern, folded, at);
    if (!next) return;
    at += next[0].length;
    yield {
      kind: 'date',
      start: at - (next[1]?.length ?? 0),
      end: at,
      rule: 'date-range',
      certainty,
    };
  }
}
