import { execFileSync } from 'node:child_process';
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

it('one in another encoding would be a schema of other words: it is refused', async () => {
  const path = join(folder, 'gb18030.json');
  const [before = '', after = ''] = JSON.stringify(own).split('自定用药');
  // 用药 in GB18030.
  const words = Buffer.from('d3c3d2a9', 'hex');
  await writeFile(path, Buffer.concat([Buffer.from(before), words, Buffer.from(after)]));
  const refused = { code: 'SCHEMA_INVALID', params: { at: 'UTF-8' } };
  await expect(schemaChoice(path)).rejects.toMatchObject(refused);
});

it.skipIf(process.platform === 'win32')('a pipe is no schema, and is not waited for', async () => {
  const pipe = join(folder, 'pipe.json');
  execFileSync('mkfifo', [pipe]);
  await expect(schemaChoice(pipe)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' });
});
