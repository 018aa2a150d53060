import { describe, expect, it } from 'vitest';
import type { PlainField } from '../contract/annotation-schema';
import { factSchema, type Fact } from '../contract/fact';
import { isWellFormed } from '../text/well-formed';
import {
  newField,
  newMention,
  typedValue,
  valueOf,
  withEdgeMoved,
  withEvidence,
  withFlag,
  withNextExperiencer,
  withNothing,
  withSpan,
  withValue,
} from './edit-fact';
import { field, mention, of, random, text } from './review.fixture';

const sections = [
  { name: '主诉', start: 0, end: 10, body: 0 },
  { name: '既往史', start: 10, end: text.length, body: 12 },
];
const number: PlainField = { kind: 'number', id: '病程', english: '', units: ['年', '月'] };

/** What must hold of any placed fact. */
function expectTrue(fact: Fact, whole = text): void {
  expect(factSchema.parse(fact)).toEqual(fact);
  expect(whole.slice(fact.start ?? 0, fact.end ?? 0)).toBe(fact.text);
  for (const each of fact.evidence) expect(whole.slice(each.start, each.end)).toBe(each.text);
}

describe('the ends of a mention', () => {
  it('move by one character, and the words with them', () => {
    const fact = mention('肺部感染');
    expect(withEdgeMoved(fact, 'start', 1, of).text).toBe('部感染');
    expect(withEdgeMoved(fact, 'start', -1, of).text).toBe('虑肺部感染');
    expect(withEdgeMoved(fact, 'end', 1, of).text).toBe('肺部感染，');
    expect(withEdgeMoved(fact, 'end', -1, of).text).toBe('肺部感');
  });

  it('stay inside the text, and never leave a mention of nothing', () => {
    const first = newMention('a', 't', { start: 0, end: 1 }, of);
    expect(withEdgeMoved(first, 'start', -1, of)).toBe(first);
    expect(withEdgeMoved(first, 'start', 1, of)).toBe(first);
    expect(withEdgeMoved(first, 'end', -1, of)).toBe(first);
    const last = newMention('a', 't', { start: text.length - 1, end: text.length }, of);
    expect(withEdgeMoved(last, 'end', 1, of)).toBe(last);
  });

  it('never stand in the middle of a character of two units', () => {
    const whole = { text: 'a𠮷b', sections: [] };
    const fact = newMention('a', 't', { start: 0, end: 1 }, whole);
    const longer = withEdgeMoved(fact, 'end', 1, whole);
    expect(longer.text).toBe('a𠮷');
    expect(withEdgeMoved(longer, 'end', -1, whole).text).toBe('a');
    expect(withEdgeMoved(longer, 'start', 1, whole).text).toBe('𠮷');
  });

  it('do not move where the record does not mention it', () => {
    const fact = field('病程', null);
    expect(withEdgeMoved(fact, 'start', 1, of)).toBe(fact);
  });

  it('moved at random, words and offsets always agree', () => {
    const odd = { text: '胸𠮷痛\r\n3天，𝟛😀日。', sections };
    for (let seed = 1; seed < 100; seed += 1) {
      const draw = random(seed);
      let fact = newMention('a', 't', { start: 1, end: 4 }, odd);
      for (let at = 0; at < 40; at += 1) {
        fact = withEdgeMoved(fact, draw() < 0.5 ? 'start' : 'end', draw() < 0.5 ? 1 : -1, odd);
        expectTrue(fact, odd.text);
        expect(isWellFormed(fact.text ?? '')).toBe(true);
      }
    }
  });
});

it('a mention carries the section that it stands in, also after it was moved', () => {
  const fact = newMention('a', '症状', { start: 9, end: 11 }, { text, sections });
  expect(fact.section).toBe('主诉');
  expect(withEdgeMoved(fact, 'start', 1, { text, sections }).section).toBe('既往史');
  expect(withSpan(fact, { start: 0, end: 1 }, of).section).toBeUndefined();
});

describe('flags', () => {
  it('are left out where they are not set', () => {
    const negated = withFlag(mention('高血压'), 'negated', true);
    expect(negated.attributes).toEqual({ negated: true });
    expect(withFlag(negated, 'negated', false).attributes).toEqual({});
  });

  it('go from the patient to the family to others, and round again', () => {
    const said: (string | undefined)[] = [];
    let fact = mention('高血压');
    for (let at = 0; at < 4; at += 1) {
      said.push(fact.attributes.experiencer);
      fact = withNextExperiencer(fact);
    }
    expect(said).toEqual([undefined, 'family', 'other', undefined]);
  });
});

describe('a field', () => {
  it('gets its evidence and the value that can be read off it', () => {
    const start = text.indexOf('10年');
    const filled = withEvidence(field('病程', null), number, { start, end: start + 3 }, of);
    expect(filled).toMatchObject({ text: '10年', value: 10, unit: '年', start, end: start + 3 });
    expectTrue(filled);
    expectTrue(newField('x', number, { start, end: start + 2 }, of));
  });

  it('that the record does not mention has no words, no value and no evidence', () => {
    const silent = withNothing(field('病程', '10年', { value: 10, unit: '年' }));
    expect(silent).toMatchObject({ text: null, start: null, end: null, evidence: [] });
    expect(silent.value).toBeUndefined();
    expect(silent.unit).toBeUndefined();
  });

  it('other places that speak for it stay when its quotation is moved', () => {
    const other = { text: '患者', start: 0, end: 2 };
    const base = field('病程', '10年');
    const two = { ...base, evidence: [...base.evidence, other] };
    expect(withEdgeMoved(two, 'end', -1, of).evidence).toEqual([
      { text: '10', start: base.start, end: (base.start ?? 0) + 2 },
      other,
    ]);
  });

  it('a value can be set beside the quotation and taken away', () => {
    const fact = withValue(field('病程', '10年'), 10, '年');
    expect(fact).toMatchObject({ value: 10, unit: '年' });
    expect(withValue(fact, undefined).value).toBeUndefined();
    expect(withValue(fact, 3, '').unit).toBeUndefined();
  });

  it('values are read off quotations as their kind asks', () => {
    const base = { id: 'x', english: '' };
    const choice: PlainField = { kind: 'choice', ...base, options: ['高分化', '低分化'] };
    expect(valueOf({ kind: 'text', ...base }, '腹痛')).toEqual({});
    expect(valueOf(number, '约３．５ 个月')).toEqual({ value: 3.5, unit: '月' });
    expect(valueOf(number, '许多')).toEqual({});
    expect(valueOf({ kind: 'number', ...base, units: [] }, '-2')).toEqual({ value: -2 });
    expect(valueOf({ kind: 'date', ...base }, '2024年3月5日')).toEqual({ value: '2024-03-05' });
    expect(valueOf({ kind: 'date', ...base }, '2024-03')).toEqual({ value: '2024-03' });
    expect(valueOf({ kind: 'date', ...base }, '三天前')).toEqual({});
    expect(valueOf({ kind: 'yes-no', ...base }, '否认吸烟')).toEqual({ value: false });
    expect(valueOf({ kind: 'yes-no', ...base }, '吸烟')).toEqual({ value: true });
    expect(valueOf(choice, '腺癌，低分化')).toEqual({ value: '低分化' });
    expect(valueOf(choice, '腺癌')).toEqual({});
    // No unit that the record does not write, and of two options the longer one.
    expect(valueOf(number, '98')).toEqual({ value: 98 });
    const both: PlainField = { ...choice, options: ['低分化', '中低分化'] };
    expect(valueOf(both, '中低分化')).toEqual({ value: '中低分化' });
  });

  it('what is typed is kept in the form of values, or refused', () => {
    const base = { id: 'x', english: '' };
    const date: PlainField = { kind: 'date', ...base };
    expect(typedValue(date, '2024年3月5日')).toEqual({ value: '2024-03-05' });
    expect(typedValue(date, '2024-03')).toEqual({ value: '2024-03' });
    expect(typedValue(date, 'XXXX-03-05')).toEqual({ value: 'XXXX-03-05' });
    expect(typedValue(date, '三天前')).toBeNull();
    expect(typedValue(number, '10 年')).toEqual({ value: 10, unit: '年' });
    expect(typedValue(number, '<0.5')).toEqual({ value: '<0.5' });
    expect(typedValue(number, '158/92')).toBeNull();
    expect(typedValue(number, '')).toEqual({});
    expect(typedValue({ kind: 'yes-no', ...base }, 'false')).toEqual({ value: false });
    expect(typedValue({ kind: 'choice', ...base, options: ['甲'] }, '乙')).toBeNull();
  });
});
