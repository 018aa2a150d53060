/** The templates of `resources/schemas`. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkSchema } from '../rules/schema-check';
import { annotationSchemas } from './annotation-schema';

const folder = join(import.meta.dirname, '..', '..', '..', 'resources', 'schemas');

it('every template is offered, under the name of its file', async () => {
  const files = (await readdir(folder)).map((name) => name.replace(/\.json$/, ''));
  expect(annotationSchemas.map(({ id }) => id).sort()).toEqual(files.sort());
});

it.each(annotationSchemas.map((schema) => [schema.id, schema] as const))(
  '%s can be run as it is, and its examples are what the rules read',
  (_id, schema) => {
    expect(checkSchema(schema)).toEqual([]);
    expect(schema.english).not.toBe('');
    for (const { english } of [...schema.types, ...schema.fields]) expect(english).not.toBe('');
  },
);

it('the two schemas of the built-in model stay first, with names, order and colours', () => {
  const [six, seven] = annotationSchemas;
  const ccks = ['疾病和诊断', '影像检查', '实验室检验', '手术', '药物', '解剖部位'];
  expect(six?.types.map(({ id }) => id)).toEqual(ccks);
  expect(seven?.types.map(({ id }) => id)).toEqual([...ccks, '症状']);
  expect(seven?.types.map(({ hue }) => hue)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([six?.attributes, seven?.attributes]).toEqual([
    [],
    ['negated', 'uncertain', 'historical', 'experiencer'],
  ]);
  expect([six?.fields, seven?.fields]).toEqual([[], []]);
});
