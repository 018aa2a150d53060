import { describe, expect, it } from 'vitest';
import type { AppError } from '../../contract/errors';
import { addIdentifier, removeIdentifier } from './correct-identifiers';
import { deidentify } from './deidentify';
import { findIdentifiers } from './find-identifiers';
import { OffsetMap } from './offset-map';

const note =
  '姓名：张建国，男，67岁，住院号：00384512。张建国于2023年3月5日入院，2023-03-19出院，电话13951860024。';

describe('placeholders', () => {
  it('the same words have the same placeholder, others another one', () => {
    const text = '患者张建国，男。其妻李凤英，女。张建国与李凤英同住。';
    expect(deidentify(text, findIdentifiers(text)).text).toBe(
      '患者【姓名1】，男。其妻【姓名2】，女。【姓名1】与【姓名2】同住。',
    );
  });

  it('width and blanks do not make another person', () => {
    const text = '手机 139 5186 0024，又记１３９５１８６００２４。';
    expect(deidentify(text, findIdentifiers(text)).text).toBe('手机 【电话1】，又记【电话1】。');
  });

  it('a placeholder that the text holds already is not given to somebody else', () => {
    const text = '【姓名1】来诊。姓名：张建国';
    expect(deidentify(text, findIdentifiers(text)).text).toBe('【姓名1】来诊。姓名：【姓名2】');
  });

  it('a de-identified text stays as it is when it is de-identified again', () => {
    const { text } = deidentify(note, findIdentifiers(note));
    expect(deidentify(text, findIdentifiers(text)).text).toBe(text);
    expect(text).not.toMatch(/张建国|00384512|13951860024|2023/);
  });

  it('kinds that the policy keeps stay', () => {
    const { text } = deidentify(note, findIdentifiers(note), { keep: ['date'] });
    expect(text).toContain('2023年3月5日');
    expect(text).not.toContain('张建国');
  });
});

describe('shifted dates', () => {
  it('keep their written form and their intervals', () => {
    const { text } = deidentify(note, findIdentifiers(note), { shiftDays: 40 });
    expect(text).toContain('于2023年4月14日入院，2023-04-28出院');
  });

  it('what cannot be moved is masked', () => {
    const text = '去年10月发病，2021年底手术。';
    const { text: clear } = deidentify(text, findIdentifiers(text), { shiftDays: 40 });
    expect(clear).toBe('【日期1】发病，【日期2】手术。');
  });

  it('a day alone follows its month, also into the next one', () => {
    const text = '3月5日-8日予头孢。2023年3月28日、3月30日-31日复查。';
    const { text: clear } = deidentify(text, findIdentifiers(text), { shiftDays: 2 });
    expect(clear).toBe('3月7日-10日予头孢。2023年3月30日、4月1日-2日复查。');
  });
});

describe('the map of offsets', () => {
  const found = findIdentifiers(note);
  const { text, map, replacements } = deidentify(note, found);

  it('every place outside of identifiers shows the same character in both texts, there and back', () => {
    for (let i = 0; i < note.length; i++) {
      if (found.some(({ start, end }) => start <= i && i < end)) continue;
      const there = map.toNew({ start: i, end: i + 1 });
      expect([text.slice(there.start, there.end), there.masked]).toEqual([note[i], false]);
      expect(map.toOriginal(there)).toEqual({ start: i, end: i + 1, masked: false });
    }
  });

  it('a part of an identifier is all of its replacement, and masked', () => {
    for (const { start, end, replacement } of replacements) {
      for (let i = start; i < end; i++) {
        const there = map.toNew({ start: i, end: i + 1 });
        expect([text.slice(there.start, there.end), there.masked]).toEqual([replacement, true]);
        expect(map.toOriginal(there)).toEqual({ start, end, masked: true });
      }
    }
  });

  it('a span over identifiers keeps its ends', () => {
    const all = map.toNew({ start: 0, end: note.length });
    expect(all).toEqual({ start: 0, end: text.length, masked: true });
    const age = note.indexOf('67岁');
    const there = map.toNew({ start: age, end: age + 3 });
    expect(text.slice(there.start, there.end)).toBe('67岁');
  });

  it('without replacements every place is where it was', () => {
    expect(new OffsetMap([]).toNew({ start: 3, end: 5 })).toEqual({
      start: 3,
      end: 5,
      masked: false,
    });
  });
});

describe('a person corrects', () => {
  it('what was missed is marked once and replaced everywhere', () => {
    const text = '阿毛来诊，自诉头痛。阿毛否认外伤。';
    const list = addIdentifier(text, findIdentifiers(text), { kind: 'name', start: 0, end: 2 });
    expect(deidentify(text, list).text).toBe('【姓名1】来诊，自诉头痛。【姓名1】否认外伤。');
  });

  it('a mark over what was found takes its place', () => {
    const list = addIdentifier(note, findIdentifiers(note), {
      kind: 'name',
      start: 0,
      end: 6,
    });
    expect(list[0]).toMatchObject({ text: '姓名：张建国', rule: 'person' });
    expect(() => deidentify(note, list)).not.toThrow();
  });

  it('a surname marked alone uncovers no name that begins with it', () => {
    const text = '患者李凤英，女。李医生查房。李凤英好转。';
    const found = findIdentifiers('患者李凤英，女。');
    const [name] = found;
    if (!name) throw new Error('no name');
    const again = {
      ...name,
      start: text.lastIndexOf('李凤英'),
      end: text.lastIndexOf('李凤英') + 3,
    };
    const at = text.indexOf('李医生');
    const list = addIdentifier(text, [name, again], { kind: 'name', start: at, end: at + 1 });
    expect(deidentify(text, list).text).toBe(
      '患者【姓名1】，女。【姓名2】医生查房。【姓名1】好转。',
    );
  });

  it('words that cover what was found elsewhere take its place there, too', () => {
    const text = '张建国主任来电。张建国主任回复。';
    const found = [0, 8].map((start) => ({
      ...{ kind: 'name' as const, text: '张建国', start, end: start + 3, rule: 'x' },
    }));
    const list = addIdentifier(text, found, { kind: 'name', start: 0, end: 5 });
    expect(list.map(({ text: words, start }) => [words, start])).toEqual([
      ['张建国主任', 0],
      ['张建国主任', 8],
    ]);
  });

  it('what is none is removed, everywhere if wanted', () => {
    const found = findIdentifiers(note);
    const [name] = found;
    if (!name) throw new Error('no name');
    expect(deidentify(note, removeIdentifier(found, name)).text.match(/张建国/g)).toHaveLength(1);
    const all = removeIdentifier(found, name, { everywhere: true });
    expect(deidentify(note, all).text.match(/张建国/g)).toHaveLength(2);
  });
});

describe('bad input', () => {
  const bad = expect.objectContaining({ code: 'BAD_REQUEST' }) as AppError;
  const one = { kind: 'name', text: '张建国', start: 3, end: 6, rule: 'person' } as const;

  it.each([
    ['of another text', [{ ...one, text: '李建国' }]],
    ['beyond the end', [{ ...one, start: 900, end: 903 }]],
    ['empty', [{ ...one, text: '', end: 3 }]],
    ['overlapping', [one, { ...one, text: '建国', start: 4 }]],
    ['not whole', [{ ...one, start: 3.5 }]],
  ])('identifiers %s are refused', (_name, list) => {
    expect(() => deidentify(note, list)).toThrow(bad);
  });

  it.each([0, 1.5, Number.NaN, 40_000])('a shift of %s days is refused', (shiftDays) => {
    expect(() => deidentify(note, [], { shiftDays })).toThrow(bad);
  });

  it('half a character cannot be marked or replaced', () => {
    const text = '姓名𠮷野';
    const half = { kind: 'name', start: 3, end: 5 } as const;
    expect(() => addIdentifier(text, [], half)).toThrow(bad);
    const list = [{ ...half, text: text.slice(3, 5), rule: 'person' }];
    expect(() => deidentify(text, list)).toThrow(bad);
  });
});
