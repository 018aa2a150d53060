import { describe, expect, it } from 'vitest';
import type { AnnotationSchema, PlainField, SchemaField } from '../contract/annotation-schema';
import { messagesFor } from '../messages';
import { checkExamples, checkSchema, schemaFaultCodes, type SchemaFaultCode } from './schema-check';

function schemaWith(change: Partial<AnnotationSchema>): AnnotationSchema {
  return {
    ...{ id: 'own', version: 1, chinese: '自定', english: '', types: [], fields: [] },
    ...{ attributes: [], ...change },
  };
}

const type = (id: string) => ({ id, english: '', hue: 1 });
const text = (id: string): PlainField => ({ kind: 'text', id, english: '' });
const choice = (id: string, options: string[]): PlainField => ({
  ...{ kind: 'choice', id, english: '', options },
});
const number = (id: string, units: string[] = []): PlainField => ({
  ...{ kind: 'number', id, english: '', units },
});
const date = (id: string): PlainField => ({ kind: 'date', id, english: '' });
const yesNo = (id: string): PlainField => ({ kind: 'yes-no', id, english: '' });
const group = (id: string, fields: PlainField[]): SchemaField => ({
  ...{ kind: 'group', id, english: '', fields },
});

describe('a schema that cannot run is told why, and where', () => {
  it.each<[SchemaFaultCode, (string | number)[], Partial<AnnotationSchema>]>([
    ['empty', [], {}],
    ['name-blank', ['types', 0, 'id'], { types: [type(' ')] }],
    ['name-blank', ['fields', 0, 'id'], { fields: [text('主诉 ')] }],
    ['name-control', ['types', 0, 'id'], { types: [type('主\n诉')] }],
    ['name-control', ['types', 0, 'id'], { types: [type('主\u2028诉')] }],
    ['name-control', ['types', 0, 'id'], { types: [type('主\ud800诉')] }],
    ['name-duplicate', ['types', 1, 'id'], { types: [type('药'), type('药')] }],
    ['name-duplicate', ['fields', 0, 'id'], { types: [type('药')], fields: [text('药')] }],
    ['name-ambiguous', ['types', 0, 'id'], { types: [type('药'), type('药：名')] }],
    ['member-clash', ['fields', 0, 'fields', 0, 'id'], { fields: [group('药', [text('药')])] }],
    [
      'name-duplicate',
      ['fields', 0, 'fields', 1, 'id'],
      { fields: [group('药', [text('名'), text('名')])] },
    ],
    ['option-blank', ['fields', 0, 'options', 1], { fields: [choice('性别', ['男', ' 女'])] }],
    ['option-control', ['fields', 0, 'options', 0], { fields: [choice('性别', ['男\n人'])] }],
    ['option-duplicate', ['fields', 0, 'options', 1], { fields: [choice('性别', ['男', '男'])] }],
    ['unit-blank', ['fields', 0, 'units', 0], { fields: [number('量', ['mg '])] }],
    ['unit-duplicate', ['fields', 0, 'units', 1], { fields: [number('量', ['mg', 'mg'])] }],
    [
      'attribute-duplicate',
      ['attributes', 1],
      { types: [type('药')], attributes: ['negated', 'negated'] },
    ],
  ])('%s', (code, path, change) => {
    expect(checkSchema(schemaWith(change))).toEqual([{ code, path }]);
  });

  it('in words, in both languages', () => {
    for (const code of schemaFaultCodes) {
      expect(messagesFor('zh-CN').schemaFaults[code]).toMatch(/\p{Script=Han}/u);
      expect(messagesFor('en').schemaFaults[code]).not.toMatch(/\p{Script=Han}/u);
    }
  });
});

it('characters that answers are written with may stand in names, options and descriptions', () => {
  const odd = '（a；b|c：d、→）“{types}”';
  const schema = schemaWith({
    types: [{ ...type('药；品（中）'), description: `说明：\n1；2\t${odd}` }, type('药')],
    fields: [
      choice('结论', ['阳性', '阳性（弱）', '阳', odd]),
      group('检验', [text('项目：名'), text('项目'), number('结果', ['×10^9/L', '%'])].slice(1)),
    ],
  });
  expect(checkSchema(schema)).toEqual([]);
});

it('60 types and a list of 200 options are fine', () => {
  const types = Array.from({ length: 60 }, (_, i) => type(`类型${i}`));
  const options = Array.from({ length: 200 }, (_, i) => `选项${i}`);
  expect(checkSchema(schemaWith({ types, fields: [choice('选', options)] }))).toEqual([]);
});

describe('an example has to be what it says', () => {
  const words = '2024年3月5日查白细胞12.1×10^9/L，否认吸烟，男，口服，3.5-9.5。';
  const schema = (name: string, quoted: string, value?: string | number | boolean) =>
    schemaWith({
      types: [type('检验')],
      fields: [
        choice('性别', ['男', '女']),
        number('白细胞', ['10^9/L']),
        date('日期'),
        yesNo('吸烟'),
        group('用药', [text('途径')]),
      ],
      examples: [
        {
          text: words,
          facts: [{ type: name, text: quoted, ...(value === undefined ? {} : { value }) }],
        },
      ],
    });
  const path = (last: string) => ['examples', 0, 'facts', 0, last];

  it.each<[string, string, (string | number | boolean)?]>([
    ['检验', '白细胞'],
    ['性别', '男', '男'],
    ['白细胞', '12.1×10^9/L', 12.1],
    ['白细胞', '3.5-9.5', '3.5-9.5'],
    ['白细胞', '12.1'],
    ['日期', '2024年3月5日', '2024-03-05'],
    ['吸烟', '否认吸烟', false],
    ['用药.途径', '口服'],
  ])('%s %s %s', (name, quoted, value) => {
    expect(checkExamples(schema(name, quoted, value))).toEqual([]);
  });

  it.each<[SchemaFaultCode, string, string, string, (string | number | boolean)?]>([
    ['example-type', 'type', '无此类型', '男'],
    ['example-type', 'type', '用药', '口服'],
    ['example-type', 'type', '用药.无', '口服'],
    ['example-not-in-text', 'text', '检验', '红细胞'],
    ['example-value-missing', 'value', '性别', '男'],
    ['example-value-missing', 'value', '吸烟', '否认吸烟'],
    ['example-value-unfit', 'value', '性别', '男', '男性'],
    ['example-value-unfit', 'value', '吸烟', '否认吸烟', '否'],
    ['example-value-unfit', 'value', '检验', '白细胞', '白细胞'],
    ['example-value-unfit', 'value', '白细胞', '12.1', '高'],
    ['example-value-unfit', 'value', '日期', '2024年3月5日', '3月'],
    ['example-value-differs', 'value', '白细胞', '12.1', 12],
    ['example-value-differs', 'value', '日期', '2024年3月5日', '2024-03-06'],
  ])('%s: %s, %s %s %s', (code, at, name, quoted, value) => {
    expect(checkExamples(schema(name, quoted, value))).toEqual([{ code, path: path(at) }]);
  });
});
