import { describe, expect, it } from 'vitest';
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import {
  addExample,
  addField,
  addType,
  blankSchema,
  factNames,
  fieldKinds,
  moveTo,
  plainKinds,
  removeAt,
  setExample,
  setField,
  setFieldKind,
  setGeneral,
  setType,
} from './edit';

const base: AnnotationSchema = {
  ...blankSchema('own', '随访'),
  types: [
    { id: '药物', english: 'drug', hue: 1 },
    { id: '手术', english: '', hue: 3 },
  ],
  fields: [
    { kind: 'text', id: '主诉', english: '', description: '原话', examples: ['头痛'] },
    { kind: 'number', id: '体温', english: '', units: ['℃'] },
    {
      ...{ kind: 'group', id: '用药', english: '' },
      fields: [
        { kind: 'text', id: '药名', english: '' },
        { kind: 'number', id: '剂量', english: '', units: ['mg'] },
      ],
    },
  ],
  examples: [
    {
      text: '口服阿司匹林100mg，头痛。',
      facts: [
        { type: '药物', text: '阿司匹林' },
        { type: '主诉', text: '头痛' },
        { type: '用药.药名', text: '阿司匹林' },
        { type: '用药.剂量', text: '100mg', value: 100 },
      ],
    },
  ],
};
const typesOfFacts = (schema: AnnotationSchema): string[] =>
  (schema.examples ?? []).flatMap(({ facts }) => facts.map(({ type }) => type));
const fieldNames = (schema: AnnotationSchema): string[] => schema.fields.map(({ id }) => id);
const members = (schema: AnnotationSchema, index: number): unknown => {
  const field = schema.fields[index];
  return field?.kind === 'group' ? field.fields : null;
};

describe('what is added', () => {
  it.each(fieldKinds)('a field of the kind %s is last, without a name, and whole', (kind) => {
    const own = {
      text: {},
      date: {},
      'yes-no': {},
      number: { units: [] },
      choice: { options: [] },
    };
    const group = { fields: [{ kind: 'text', id: '', english: '' }] };
    const added = addField(base, kind).fields;
    expect(added.slice(0, -1)).toEqual(base.fields);
    const extra = kind === 'group' ? group : own[kind];
    expect(added.at(-1)).toEqual({ kind, id: '', english: '', ...extra });
  });

  it('a field of a group goes to that group; a group never goes into a group', () => {
    for (const kind of plainKinds)
      expect(members(addField(base, kind, 2), 2)).toMatchObject([{}, {}, { kind, id: '' }]);
    expect(addField(base, 'group', 2)).toEqual(base);
    expect(addField(base, 'text', 0)).toEqual(base);
  });

  it('a type takes the first colour that is free, and goes round when all are taken', () => {
    expect(addType(base).types.at(-1)).toEqual({ id: '', english: '', hue: 2 });
    let all = blankSchema('own', '');
    for (let i = 0; i < 12; i += 1) all = addType(all);
    expect(all.types.map(({ hue }) => hue)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(addType(all).types.at(-1)?.hue).toBe(1);
  });

  it('an example has no text and no facts, also where it is the first', () => {
    const first = addExample(blankSchema('own', ''));
    expect(first.examples).toEqual([{ text: '', facts: [] }]);
    expect(addExample(base).examples).toHaveLength(2);
  });
});

describe('what is changed', () => {
  it('units and options are those that were given', () => {
    const units = setField(base, { kind: 'field', index: 1 }, { units: ['℃', '℉'] });
    expect(units.fields[1]).toMatchObject({ id: '体温', units: ['℃', '℉'] });
    const inner = setField(base, { kind: 'field', index: 2, member: 1 }, { units: ['g'] });
    expect(members(inner, 2)).toMatchObject([{ id: '药名' }, { id: '剂量', units: ['g'] }]);
    const chosen = setField(
      addField(base, 'choice'),
      { kind: 'field', index: 3 },
      { options: ['轻', '重'] },
    );
    expect(chosen.fields[3]).toMatchObject({ kind: 'choice', options: ['轻', '重'] });
  });

  it('another kind keeps names, description and examples, and has its own parts only', () => {
    const number = setFieldKind(base, { kind: 'field', index: 0 }, 'number');
    expect(number.fields[0]).toEqual({
      ...{ kind: 'number', id: '主诉', english: '', units: [] },
      ...{ description: '原话', examples: ['头痛'] },
    });
    const text = setFieldKind(base, { kind: 'field', index: 1 }, 'text');
    expect(text.fields[1]).toEqual({ kind: 'text', id: '体温', english: '' });
    const group = setFieldKind(base, { kind: 'field', index: 1 }, 'group');
    expect(members(group, 1)).toEqual([{ kind: 'text', id: '', english: '' }]);
    expect(setFieldKind(base, { kind: 'field', index: 1 }, 'number')).toEqual(base);
    const refused = setFieldKind(base, { kind: 'field', index: 2, member: 0 }, 'group');
    expect(refused).toEqual(base);
  });

  it('what is emptied is gone', () => {
    const emptied = setField(base, { kind: 'field', index: 0 }, { description: '', examples: [] });
    expect(emptied.fields[0]).toEqual({ kind: 'text', id: '主诉', english: '' });
    expect(setGeneral({ ...base, description: '旧' }, { description: '' })).toEqual(base);
  });

  it('attributes are those that are ticked; a colour changes its type alone', () => {
    const { attributes } = setGeneral(base, { attributes: ['negated', 'historical'] });
    expect(attributes).toEqual(['negated', 'historical']);
    const coloured = setType(base, 1, { hue: 9 });
    expect(coloured.types.map(({ hue }) => hue)).toEqual([1, 9]);
    expect(coloured.examples).toEqual(base.examples);
  });

  it('an example’s text and facts are those that were given', () => {
    const changed = setExample(base, 0, { text: '口服阿司匹林。' });
    expect(changed.examples).toEqual([
      { text: '口服阿司匹林。', facts: base.examples?.[0]?.facts },
    ]);
  });
});

describe('what is renamed is renamed in the examples', () => {
  it('a type', () => {
    const renamed = setType(base, 0, { id: '药品' });
    expect(typesOfFacts(renamed)).toEqual(['药品', '主诉', '用药.药名', '用药.剂量']);
  });

  it('a field, a group with its members, and a member alone', () => {
    const field = setField(base, { kind: 'field', index: 0 }, { id: '症状' });
    expect(typesOfFacts(field)).toEqual(['药物', '症状', '用药.药名', '用药.剂量']);
    const group = setField(base, { kind: 'field', index: 2 }, { id: '处方' });
    expect(typesOfFacts(group)).toEqual(['药物', '主诉', '处方.药名', '处方.剂量']);
    const member = setField(base, { kind: 'field', index: 2, member: 1 }, { id: '用量' });
    expect(typesOfFacts(member)).toEqual(['药物', '主诉', '用药.药名', '用药.用量']);
    expect(factNames(member)).toEqual(['药物', '手术', '主诉', '体温', '用药.药名', '用药.用量']);
  });

  it('and nothing else is: a description leaves every fact as it was', () => {
    const described = setType(base, 0, { description: '通用名' });
    expect(typesOfFacts(described)).toEqual(typesOfFacts(base));
    expect(described.types[0]).toEqual({ ...base.types[0], description: '通用名' });
  });
});

describe('order', () => {
  it('a place is moved among its own kind, to the front and to the end', () => {
    expect(fieldNames(moveTo(base, { kind: 'field', index: 2 }, 0))).toEqual([
      ...['用药', '主诉', '体温'],
    ]);
    expect(fieldNames(moveTo(base, { kind: 'field', index: 0 }, 2))).toEqual([
      ...['体温', '用药', '主诉'],
    ]);
    const inner = moveTo(base, { kind: 'field', index: 2, member: 1 }, 0);
    expect(members(inner, 2)).toMatchObject([{ id: '剂量' }, { id: '药名' }]);
    expect(fieldNames(inner)).toEqual(fieldNames(base));
    expect(moveTo(base, { kind: 'type', index: 9 }, 0)).toEqual(base);
  });

  it('what is taken out is gone, alone; facts of examples that it named stay', () => {
    expect(fieldNames(removeAt(base, { kind: 'field', index: 1 }))).toEqual(['主诉', '用药']);
    const inner = removeAt(base, { kind: 'field', index: 2, member: 0 });
    expect(members(inner, 2)).toMatchObject([{ id: '剂量' }]);
    const typeless = removeAt(base, { kind: 'type', index: 0 });
    expect(typeless.types.map(({ id }) => id)).toEqual(['手术']);
    expect(typesOfFacts(typeless)).toEqual(typesOfFacts(base));
    expect(removeAt(base, { kind: 'example', index: 0 }).examples).toEqual([]);
    expect(removeAt(base, { kind: 'general' })).toEqual(base);
  });
});
