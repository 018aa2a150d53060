import { describe, expect, it } from 'vitest';
import { deidentify } from './deidentify';
import { findIdentifiers } from './find-identifiers';
import type { Identifier } from './identifier';
import { hasCheckDigit } from './id-numbers';

const kindsAndTexts = (text: string): [string, string][] =>
  findIdentifiers(text).map(({ kind, text: words }) => [kind, words]);

/** Offsets are exact, in order, without overlaps, and split no character. */
function expectSound(text: string, found: readonly Identifier[]): void {
  let last = 0;
  for (const { start, end, text: words } of found) {
    if (start < last || end <= start || text.slice(start, end) !== words)
      throw new Error(`${start}-${end} after ${last}`);
    for (const at of [start, end])
      if (/[\ud800-\udbff]/.test(text[at - 1] ?? '') && /[\udc00-\udfff]/.test(text[at] ?? ''))
        throw new Error(`a character is split at ${at}`);
    last = end;
  }
}

/** Ids and phones that would be found again. */
function leftNumbers(text: string): Identifier[] {
  const clear = deidentify(text, findIdentifiers(text)).text;
  return findIdentifiers(clear, { kinds: ['id', 'phone'] });
}

/** Numbers from 0 to below 1, the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const pieces = [
  ...[
    '患者',
    '姓名：',
    '张',
    '建国',
    '李',
    '某',
    '阿·',
    '主任',
    '，男，',
    '于',
    '在',
    '医院',
    '大学',
    '市',
    '南京',
    '区',
  ],
  ...[
    '路',
    '88',
    '号',
    '电话：',
    '身份证号：',
    '住院号',
    '床',
    '手机1：',
    '2023',
    '年',
    '3月',
    '5日',
    '-',
    '.',
    '/',
    '+86',
    '(025)',
  ],
  ...[
    '１３９０１５８００２７',
    '13951860024',
    '110000194310244902',
    '0',
    '1',
    '  ',
    '\n',
    '\r\n',
    '\t',
    'X',
    'ａ',
    '@a.cn',
    '【姓名1】',
  ],
  ...['𠮷', '\ud842', '\udfb7', '👨‍👩‍👧', '\u0000', '\u200b', '：', '（', '）', '、', '。', '苏A', '·'],
];

function randomText(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += pieces[Math.floor(random() * pieces.length)] ?? '';
  return text;
}

describe('any text', () => {
  it('never throws, and what is found is exactly in the text, in order and apart', () => {
    const random = seeded(5);
    for (let i = 0; i < 400; i++) {
      const text = randomText(random, 1 + Math.floor(random() * 300));
      expectSound(text, findIdentifiers(text));
    }
  });

  it('after replacing, no id and no phone is found any more', () => {
    const random = seeded(7);
    for (let i = 0; i < 400; i++) {
      const text = randomText(random, 1 + Math.floor(random() * 300));
      expect([text, leftNumbers(text)]).toEqual([text, []]);
    }
  });

  it('a number of digits in any grouping: no id and no phone is left', () => {
    const random = seeded(11);
    for (let i = 0; i < 300; i++) {
      let text = ['', '电话', '住院号：', '床号 '][Math.floor(random() * 4)] ?? '';
      for (let n = 0; n < 60; n++) {
        text += String(Math.floor(random() * 10));
        if (random() < 0.15)
          text += [' ', '-', '\n', '.', '，', '  '][Math.floor(random() * 6)] ?? '';
      }
      expect([text, leftNumbers(text)]).toEqual([text, []]);
    }
  });

  it.each([
    ['one kind of character', '王'],
    ['digits', '1'],
    ['digits and blanks', '1 3 '],
    ['lines of one digit', '1\n'],
    ['institutions that never begin', '医院'],
    ['labels without values', '姓名：电话：'],
    ['open brackets', '(（'],
    ['names with dots', '阿·'],
    ['half characters', '\ud842'],
    ['dates', '2023年3月5日-'],
  ])('100,000 units of %s end', (_name, piece) => {
    const text = piece.repeat(100_000 / piece.length);
    expectSound(text, findIdentifiers(text));
  });

  it('1 MB of notes ends, and each of 20,000 phones is found', () => {
    const note =
      '患者张建国，男，67岁，住院号00384512，诉胸闷，电话13951860024，2023年3月5日入院。';
    const text = note.repeat(20_000);
    expect(text.length).toBeGreaterThan(1_000_000);
    const found = findIdentifiers(text);
    expectSound(text, found);
    expect(found.filter(({ kind }) => kind === 'phone')).toHaveLength(20_000);
  });
});

describe('what is found', () => {
  it('an id with a valid check digit, whatever way it is written; a random number is none', () => {
    expect(hasCheckDigit('11000019431024490' + '2')).toBe(true);
    expect(hasCheckDigit('110000194310244903')).toBe(false);
    for (const written of ['110000194310244902', '110000 19431024 4902', '110000194\n310244902'])
      expect(kindsAndTexts(`共${written}。`)).toEqual([['id', written]]);
    expect(kindsAndTexts('流水901234567890123456')).toEqual([]);
  });

  it('full width and half width are one', () => {
    expect(kindsAndTexts('手机：１３９５１８６００２４')).toEqual([
      ['phone', '１３９５１８６００２４'],
    ]);
  });

  it('Traditional labels and names', () => {
    expect(kindsAndTexts('姓名：陳大文，聯繫電話：02083601234')).toEqual([
      ['name', '陳大文'],
      ['phone', '02083601234'],
    ]);
  });

  it('a name that a title proves once is found where nothing proves it', () => {
    const text = '沈国平主任医师查房。后由沈国平签署，与沈国平商议。';
    expect(findIdentifiers(text).map(({ text: words }) => words)).toEqual([
      '沈国平',
      '沈国平',
      '沈国平',
    ]);
  });

  it('only the kinds that are asked for', () => {
    const text = '姓名：张建国 电话：13951860024';
    expect(findIdentifiers(text, { kinds: ['phone'] }).map(({ kind }) => kind)).toEqual(['phone']);
  });

  it('a rare character outside the basic plane is part of a name', () => {
    const [found] = findIdentifiers('姓名：张𬱖 性别：男');
    expect(found).toMatchObject({ kind: 'name', text: '张𬱖' });
  });

  it('a column of names under its heading', () => {
    expect(
      kindsAndTexts('床号\t姓名\n1\t武大伟\n2\t戴玉兰').filter(([kind]) => kind === 'name'),
    ).toEqual([
      ['name', '武大伟'],
      ['name', '戴玉兰'],
    ]);
  });
});
