import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { annotationSchema } from '../domain/contract/annotation-schema';
import { schemaChoice } from './schema-file';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-schema-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const own = { ...annotationSchema('medication'), id: 'own', chinese: '自定用药' };

async function chosen(content: string) {
  const path = join(folder, 'schema.json');
  await writeFile(path, content);
  return schemaChoice(path);
}

it('an id of our own is that schema; a file is its definition', async () => {
  expect(await schemaChoice('medication')).toEqual({ schema: 'medication' });
  expect(await chosen(`\uFEFF${JSON.stringify(own)}`)).toEqual({ schema: 'own', definition: own });
});

it.each<[string, string, object]>([
  ['no JSON', '{', { at: 'JSON' }],
  ['another thing', '[]', { at: 'JSON' }],
  ['a wrong field', JSON.stringify({ ...own, types: 5 }), { at: 'types' }],
  [
    'names twice',
    JSON.stringify({ ...own, fields: [...own.fields, ...own.fields] }),
    { at: 'fields.1.id', why: 'name-duplicate' },
  ],
  [
    'an example that is not in its text',
    JSON.stringify({
      ...own,
      examples: [{ text: '口服', facts: [{ type: '用药.药名', text: '阿司匹林' }] }],
    }),
    { at: 'examples.0.facts.0.text', why: 'example-not-in-text' },
  ],
  ['61 types', JSON.stringify({ ...own, types: Array(61).fill(own) }), { at: 'types' }],
])('%s is refused, by the place where it is wrong', async (_name, content, params) => {
  await expect(chosen(content)).rejects.toMatchObject({ code: 'SCHEMA_INVALID', params });
});

it('what is neither an id nor a file is no schema', async () => {
  await expect(schemaChoice('none')).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' });
  await expect(schemaChoice(folder)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' });
});
