/** Addresses: by label, or as a chain of places from province to room. */
import people from '../../../../resources/lexicons/people.json' with { type: 'json' };
import lexicon from '../../../../resources/lexicons/places.json' with { type: 'json' };
import type { Candidate } from './identifier';
import { labelPattern } from './labels';
import { anyOf, matchAt, matches } from './words';

const placeWords = [...lexicon.provinces, ...lexicon.cities];
const ambiguous = new Set(lexicon.wordlike);
const known = new RegExp(`(?:${anyOf(placeWords)})`, 'g');
const knownAt = new RegExp(`(?:${anyOf(placeWords)})`, 'y');
const noValue = new Set([...people.notValues, '略', '无', '见前', '同前']);

const labels = labelPattern([
  ...[
    '住址',
    '地址',
    '籍贯',
    '出生地',
    '户籍',
    '户口所在地',
    '户籍所在地',
    '参保地',
    '祖籍',
    '原籍',
  ],
  ...[
    '常住地',
    '居住地',
    '现居地',
    '收件地',
    '通讯处',
    '组别',
    '属地',
    '现住',
    '现住址',
    '现住地址',
    '家庭住所',
    '住所',
  ],
  ...['居住地址', '户籍地址', '工作地点', '生长地', '生源地', '来源地'],
]);
const labelEnd = /[ \t]{0,4}(?:[:=][ \t]{0,8}|[ \t]{1,8}|(?=[\u4e00-\u9fff]))/y;
const labelledValue = /[\u4e00-\u9fff0-9A-Za-z#·()-]{2,80}/y;
/** The next label after a blank, 电话: or 邮编, ends an address; a room's number goes on with it. */
const roomAfterBlank =
  /[ ]?(?:\r?\n)?[ ]?[0-9A-Za-z]{1,6}(?:-[0-9]{1,5}){0,3}(?:号|弄|栋|幢|座|单元|室|楼|组|村)[\u4e00-\u9fff0-9A-Za-z-]{0,40}/y;

const region =
  /[\u4e00-\u9fff]{1,7}?(?:特别行政区|自治区|自治州|自治县|自治旗|地区|新区|开发区|街道|苏木|省|市|州|盟|区|县|旗|镇|乡)/y;
const street =
  /[\u4e00-\u9fff0-9]{1,8}?(?:村民小组|工业园|科技园|科学园|家属院|家属区|新村|社区|小区|花园|公寓|大厦|广场|宿舍|校区|园区|大道|大街|胡同|家园|山庄|村|屯|庄|路|街|巷|弄|苑|里|道|城|湾|组)/y;
const number =
  /[ ]?(?:[0-9]{1,5}|[A-Za-z][0-9]{0,4}|[一二三四五六七八九十甲乙丙东南西北]{1,3})(?:-[0-9]{1,5}){0,3}(?:号院|号楼|村民小组|单元|号|弄|栋|幢|座|室|楼|层|房|组|队|村|门|排|区|巷)(?:[0-9]{2,5}(?![0-9室房号弄]))?/y;

const strong =
  /(?:家住|现住|住在|居住于|居住在|独居于|独居在|同住|租住|暂住|久居|长居|长期居住|定居|来自|出生于|生于|返回|回到|户口在|家在|老家|,住|宿舍|打工于|务工于|居住|租住于|[。;:,\n]住)(?:在|于)?/g;
const weak = /(?:系|在|于|至|到|赴|往|从|由|经|近|[,。;:、()\n ]|^)/g;
/** Places inside of the body or of the hospital. */
const notRegion =
  /^(?:病区|疫区|牧区|山区|社区|小区|院区|胃窦区|心前区|.{0,3}(?:病房|门诊|手术|监护|观察|康复|重症|腹|胸|颈|枕|额|颞|顶|背|腰|腿|臀|脑|肺|肝|肾|心|胃|肠|淋巴|视|听|吻合|缺血|梗死|供血|基底节|感染|水肿)[^省市县镇乡]{0,3}区)$/;

interface Chain {
  readonly end: number;
  readonly regions: number;
  readonly streets: number;
  readonly numbers: number;
  /** Begins with a place of the lexicon. */
  readonly known: 'no' | 'province' | 'wordlike' | 'city';
}

export function* addresses(folded: string): Generator<Candidate> {
  yield* byLabel(folded);
  for (const { index, 0: word } of matches(strong, folded)) {
    const start = index + word.length;
    const chain = chainFrom(folded, start);
    if (chain.known !== 'no' || chain.regions + chain.streets + chain.numbers > 0)
      if (chain.end - start >= 2) yield address(start, chain.end, 'address-context', 45);
  }
  for (const { index, 0: word } of matches(known, folded)) {
    const chain = chainFrom(folded, index);
    const parts = chain.regions + chain.streets + chain.numbers;
    const isTown = chain.known === 'city' || chain.known === 'wordlike';
    if ((isTown && parts >= 1 && chain.end > index + word.length) || parts >= 2)
      yield address(index, chain.end, 'address-known', 44);
  }
  for (const { index, 0: word } of matches(weak, folded)) {
    const start = index + word.length;
    const chain = chainFrom(folded, start);
    if (
      chain.regions > 0 &&
      chain.streets > 0 &&
      chain.streets + chain.numbers + chain.regions >= 2
    )
      yield address(start, chain.end, 'address-chain', 42);
    else if (chain.streets > 0 && chain.numbers > 0 && chain.end - start >= 5)
      yield address(start, chain.end, 'address-street', 40);
  }
}

function address(start: number, end: number, rule: string, certainty: number): Candidate {
  return { kind: 'address', start, end, rule, certainty };
}

function* byLabel(folded: string): Generator<Candidate> {
  for (const { index, 0: label } of matches(labels, folded)) {
    const after = index + label.length;
    const separator = matchAt(/(?:地址|地)?/y, folded, after)?.[0].length ?? 0;
    const gap = matchAt(labelEnd, folded, after + separator);
    if (!gap) continue;
    const start = after + separator + gap[0].length;
    const found = matchAt(labelledValue, folded, start);
    if (!found || noValue.has(found[0])) continue;
    // Without a colon the words that follow must look like a place.
    const chain = chainFrom(folded, start);
    if (!/[:=]/.test(gap[0]) && chain.known === 'no' && chain.regions + chain.streets === 0)
      continue;
    let end = start + found[0].length;
    if (!/[:=]/.test(gap[0])) end = Math.max(chain.end, start + 1);
    else if (noValue.has(found[0].slice(0, 2))) continue;
    const room = matchAt(roomAfterBlank, folded, end);
    if (room && /[路街道村弄巷号]$/.test(folded.slice(start, end))) end += room[0].length;
    yield address(start, end, 'address-label', 62);
  }
}

/** Follows places, streets and numbers from `start` as long as they go on. */
function chainFrom(folded: string, start: number): Chain {
  let at = start;
  let regions = 0;
  let streets = 0;
  let numbers = 0;
  let kind: Chain['known'] = 'no';
  for (let part = 0; part < 12; part++) {
    const place = matchAt(knownAt, folded, at)?.[0];
    if (place !== undefined) {
      if (part === 0) {
        kind = lexicon.provinces.includes(place)
          ? 'province'
          : ambiguous.has(place)
            ? 'wordlike'
            : 'city';
      } else regions++;
      at += place.length;
      const unit = matchAt(
        /(?:特别行政区|[壮回维]?[吾尔族]{0,3}自治区|自治州|地区|省|市|州|盟|区|县)(?!别|域)/y,
        folded,
        at,
      );
      if (unit) {
        at += unit[0].length;
        if (part === 0 && kind !== 'province') regions++;
      }
      continue;
    }
    const next =
      (streets + numbers === 0 ? match(region, folded, at) : null) ??
      match(number, folded, at) ??
      match(street, folded, at);
    if (!next) break;
    if (next.pattern === region) regions++;
    else if (next.pattern === number) numbers++;
    else streets++;
    at += next.length;
  }
  const mark = matchAt(/[0-9]{2,5}(?![0-9.%])(?=[,。;、)\s]|$)/y, folded, at);
  if (mark && numbers > 0) at += mark[0].length;
  return { end: at, regions, streets, numbers, known: kind };
}

/** Words that a lazy run of characters must not swallow. */
const notInside = /[在于至到由与及和的因被患者行做有无,]|门诊|病房|医院|入院|出院|治疗/;

function match(
  pattern: RegExp,
  folded: string,
  at: number,
): { pattern: RegExp; length: number } | null {
  const found = matchAt(pattern, folded, at);
  if (!found) return null;
  const text = found[0];
  if (pattern !== number && (notInside.test(text) || notRegion.test(text))) return null;
  return { pattern, length: text.length };
}
