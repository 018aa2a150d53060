/**
 * Names of persons. A surname alone proves nothing in Chinese, so every name needs a witness: a label,
 * a role, a title, kinship, sex or telephone beside it. A name that has one is then found everywhere.
 */
import people from '../../../../resources/lexicons/people.json' with { type: 'json' };
import { isHan } from './fold';
import type { Candidate } from './identifier';
import {
  beginsHere,
  clauseNameEnd,
  dottedNameEnd,
  isSurnameAlone,
  maskedNameEnd,
  nameEnd,
  nameScore,
  nameStart,
  notNames,
  notValues,
  runEnd,
  surnameLength,
  type Evidence,
} from './person-name';
import { anyOf, matchAt, matches } from './words';

const latinLabels = people.nameLabels.filter((label) => /^[A-Za-z]+$/.test(label));
const strictLabels = new Set(people.nameLabels);
const announcers = new RegExp(
  `${anyOf([...people.nameLabels, ...people.roles].filter((word) => !latinLabels.includes(word)))}` +
    `|(?<![A-Za-z])(?:${anyOf(latinLabels)})(?![A-Za-z])`,
  'g',
);
const titles = new RegExp(anyOf(people.titles), 'g');
const kinAfter = new RegExp(anyOf(people.kinAfter), 'g');
const separator =
  /[ \t]{0,6}(?:\([^()\n]{0,12}\)[ \t]{0,4})?(?:[:=][ \t]{0,12}(?:\r?\n[ \t]{0,8})?|[ \t]{1,8}|\([ \t]{0,2}|)/y;
const listMark = /[ ]?(?:[、/,]|和|及|与)[ ]?/y;
/** 张建国，男 ...; 王芳（妻）. */
const described =
  /[ \t]{0,4}(?:[,、(][ \t]{0,4}|[ \t]{1,4})(?:男|女|丈夫|妻子|妻|夫|父亲|母亲|父|母|子|弟弟|弟|妹妹|妹|兄|哥哥|姐姐|姐|儿子|女儿|女婿|儿媳|患者本人|主任医师|副主任医师|患者|病人)(?=[,、) \t性。;]|$)|[ \t]{0,2}[,、 ][ \t]{0,3}[0-9]{1,3}(?:岁|月龄)|[ \t]{0,2}\([ \t]?(?:身份证|电话|手机|住院号|病案号|床号)|收(?=[,;。 ])/g;
const called =
  /[ \t]{0,2}(?:\([ ]?)?[+]?(?:86[- ]?)?(?:1[3-9][0-9]{9}|0[0-9]{2,3}-[0-9]{7,8})(?![0-9])/g;
/** Where a clause begins; a usual name there is taken for one. */
const clause = /(?:^|[,。;:、!?()\s"“”])(?=[\u3400-\u9fff])/g;
/** A value that is a whole run of characters after a colon. */
const field = /[\u3400-\u9fff]:[ \t]{0,8}(?=[\u3400-\u9fff]{2,4}(?![\u3400-\u9fff]))/g;
/** A line of two signatures. */
const pair = /^[ \t]{0,80}([\u3400-\u9fff]{2,4})[ ]?\/[ ]?([\u3400-\u9fff]{2,4})[ \t]{0,20}$/gm;
const bed = /床[ \t]{0,4}(?=[\u3400-\u9fff])/g;

interface Found {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  readonly certainty: number;
}

export function* names(folded: string): Generator<Candidate> {
  const seen = new Map<string, Set<string>>();
  for (const found of witnessed(folded)) {
    yield { kind: 'name', ...found };
    remember(seen, folded.slice(found.start, found.end));
  }
  yield* repeated(folded, seen);
}

function* witnessed(folded: string): Generator<Found> {
  for (const found of [...announced(folded), ...inColumns(folded)]) {
    yield found;
    yield* listAfter(folded, found);
  }
  yield* beforeTitles(folded);
  yield* beforeWords(folded);
  yield* hidden(folded);
  for (const { index, 0: text } of matches(clause, folded)) {
    const start = index + text.length;
    const end = clauseNameEnd(folded, start);
    if (end > start) yield { start, end, rule: 'name-clause', certainty: 31 };
  }
  for (const { index, 0: text } of matches(field, folded)) {
    const start = index + text.length;
    const end = runEnd(folded, start, 5);
    if (end - start <= 4 && nameScore(folded, start, end, 'direct') > 0)
      yield { start, end, rule: 'name-field', certainty: 31 };
  }
  for (const { index, 0: line, 1: first = '', 2: second = '' } of matches(pair, folded)) {
    const start = index + line.indexOf(first);
    const other = index + line.lastIndexOf(second);
    if (!nameScore(folded, start, start + first.length, 'role')) continue;
    if (!nameScore(folded, other, other + second.length, 'role')) continue;
    yield { start, end: start + first.length, rule: 'name-signature', certainty: 32 };
    yield { start: other, end: other + second.length, rule: 'name-signature', certainty: 32 };
  }
  for (const { index, 0: text } of matches(bed, folded)) {
    const start = index + text.length;
    const end = nameEnd(folded, start, 'direct');
    if (end > start) yield { start, end, rule: 'name-bed', certainty: 34 };
  }
}

/** 我叫张三 says that a name follows. */
const introduces = /^(?:名叫|我叫|[她他]叫|姓名)$/;

/** After a label or a role. */
function* announced(folded: string): Generator<Found> {
  for (const { index, 0: word } of matches(announcers, folded)) {
    const after = index + word.length;
    const gap = matchAt(separator, folded, after)?.[0] ?? '';
    const start = after + gap.length;
    const strict = strictLabels.has(word) && word.length > 1;
    const evidence: Evidence = introduces.test(word)
      ? 'role'
      : /[:=(]/.test(gap)
        ? strict
          ? 'label'
          : 'role'
        : gap !== ''
          ? strict
            ? 'label'
            : 'direct'
          : 'direct';
    if (word.length === 1 && evidence !== 'direct' && !/^[姓名叫]$/.test(word)) continue;
    const end = nameEnd(folded, start, evidence);
    if (end > start) {
      const certainty = evidence === 'label' ? 56 : evidence === 'role' ? 52 : 34;
      yield { start, end, rule: `name-${evidence}`, certainty };
    }
  }
}

/** 参加人：甲、乙、丙; 姚婷/毛建军. */
function* listAfter(folded: string, first: Found): Generator<Found> {
  let at = first.end;
  for (let i = 0; i < 40; i++) {
    const mark = matchAt(listMark, folded, at);
    if (!mark) return;
    const start = at + mark[0].length;
    const run = runEnd(folded, start, 5);
    const dot = dottedNameEnd(folded, start);
    const end = dot > start ? dot : run;
    if (dot === start && (run - start > 4 || nameScore(folded, start, run, 'role') === 0)) return;
    yield { start, end, rule: 'name-list', certainty: 33 };
    at = end;
  }
}

/** 沈国平主任, 李教授. */
function* beforeTitles(folded: string): Generator<Found> {
  for (const { index } of matches(titles, folded)) {
    const start = nameStart(folded, index);
    if (start < index) {
      yield { start, end: index, rule: 'name-title', certainty: 36 };
      continue;
    }
    for (const length of [2, 1])
      if (index >= length && isSurnameAlone(folded, index - length, index)) {
        yield { start: index - length, end: index, rule: 'name-surname', certainty: 35 };
        break;
      }
  }
}

/** 李凤英之女, 张丽，女, 毕建13800000000. */
function* beforeWords(folded: string): Generator<Found> {
  for (const [pattern, rule, certainty] of [
    [described, 'name-described', 36],
    [called, 'name-phone', 33],
    [kinAfter, 'name-kin', 35],
  ] as const)
    for (const { index } of matches(pattern, folded)) {
      const start = nameStart(folded, index);
      if (start < index) yield { start, end: index, rule, certainty };
    }
}

/** Names with dots, and those of which only the surname is left. */
function* hidden(folded: string): Generator<Found> {
  for (const { index } of matches(/[\u3400-\u9fff]{1,9}·/g, folded)) {
    const end = dottedNameEnd(folded, index);
    if (end > index)
      yield { start: afterRole(folded, index), end, rule: 'name-dotted', certainty: 46 };
  }
  for (const { index } of matches(/[\u3400-\u9fff](?=[某X×*])/g, folded)) {
    const end = maskedNameEnd(folded, index);
    if (end > index && beginsHere(folded, index))
      yield { start: index, end, rule: 'name-hidden', certainty: 37 };
  }
}

const rolesBefore = new RegExp(`^.{0,6}(?:${anyOf([...people.roles, ...people.verbs])})`);

/** A dotted name may have run into the role before it: 患者古丽娜尔·…. */
function afterRole(folded: string, start: number): number {
  const first = folded.slice(start, folded.indexOf('·', start));
  const role = rolesBefore.exec(first);
  return role && role[0].length < first.length - 1 ? start + role[0].length : start;
}

/** Below a heading 姓名 in lines of cells parted by tabs or bars. */
function* inColumns(folded: string): Generator<Found> {
  let column = -1;
  let at = 0;
  for (const line of folded.split('\n')) {
    const cells = line.split(/[\t|]/);
    const heading = cells.findIndex((cell) => strictLabels.has(cell.trim()));
    if (cells.length < 2) column = -1;
    else if (heading >= 0) column = heading;
    else if (column >= 0) {
      let start = at;
      for (let i = 0; i < column; i++) start += (cells[i]?.length ?? 0) + 1;
      start += /^ */.exec(cells[column] ?? '')?.[0].length ?? 0;
      const end = nameEnd(folded, start, 'label');
      if (end > start) yield { start, end, rule: 'name-column', certainty: 50 };
    }
    at += line.length + 1;
  }
}

/** Names by their first two units, so that one pass over the text finds all of them. */
function remember(seen: Map<string, Set<string>>, name: string): void {
  if (name.length < 2 || surnameLength(name, 0) === name.length) return;
  if (notNames.has(name) || notValues.has(name) || /[某X×*]/.test(name)) return;
  const key = name.slice(0, 2);
  const same = seen.get(key);
  if (same) same.add(name);
  else seen.set(key, new Set([name]));
}

function* repeated(
  folded: string,
  seen: ReadonlyMap<string, ReadonlySet<string>>,
): Generator<Candidate> {
  if (seen.size === 0) return;
  for (let at = 0; at + 1 < folded.length; at++) {
    if (!isHan(folded.charCodeAt(at)) && !/[A-Z]/.test(folded[at] ?? '')) continue;
    const same = seen.get(folded.slice(at, at + 2));
    if (!same) continue;
    let longest = '';
    for (let length = 12; length >= 2 && longest === ''; length--)
      if (same.has(folded.slice(at, at + length))) longest = folded.slice(at, at + length);
    if (longest === '') continue;
    yield { kind: 'name', start: at, end: at + longest.length, rule: 'name-again', certainty: 30 };
    at += longest.length - 1;
  }
}
