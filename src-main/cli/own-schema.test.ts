/** `chimed extract --schema FILE` with a real model that takes any schema, and one that takes its own. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testModel } from '../../e2e/fixtures/test-models';
import { annotationSchema } from '../domain/contract/annotation-schema';
import { extractCommand, type ExtractOptions } from './extract-command';

vi.setConfig({ testTimeout: 120_000 });

const samplesDir = join(import.meta.dirname, '..', '..', 'resources', 'samples');
const modelsDir = join(import.meta.dirname, '..', '..', 'models');
let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-own-schema-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const own = { ...annotationSchema('ccks2019'), id: 'own-heart', chinese: '心内科' };
  await writeFile(at('own.json'), JSON.stringify(own));
  // The record that the test model was made to recite the facts of.
  await copyFile(join(samplesDir, '01-admission-cardiology.txt'), at('a.txt'));
  await writeFile(at('b.txt'), '患者口服阿司匹林。');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const extractTo = (out: string, more: Partial<ExtractOptions> = {}): Promise<number> =>
  extractCommand(
    {
      ...{ inputs: [at('a.txt'), at('b.txt')], schema: at('own.json'), format: 'jsonl' },
      ...{ out, force: false, jobs: 1, threads: 1, resume: false, deidentify: false },
      ...{ dates: 'mask', layout: 'long', evidence: false, language: 'en', heading: true },
      ...more,
    },
    modelsDir,
  );

test('a schema out of a file is run: its facts are words of the record, and the run holds its definition', async () => {
  const model = await testModel('scripted');
  expect(await extractTo(at('out.jsonl'), { model, inputs: [at('a.txt')] })).toBe(0);
  const lines = (await readFile(at('out.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) =>
        JSON.parse(line) as {
          status: string;
          facts: { type: string; text: string }[];
          run: { schema: string; definition: { chinese: string } };
        },
    );
  const facts = lines.map((line) => line.facts.map(({ type, text }) => `${type} ${text}`));
  expect(facts).toHaveLength(1);
  expect(facts[0]).toContain('药物 呋塞米');
  expect(lines[0]).toMatchObject({
    ...{ status: 'completed', run: { schema: 'own-heart', definition: { chinese: '心内科' } } },
  });
});

test.each([false, true])(
  'one that the model does not take is refused once, before the first record (--resume: %s)',
  async (resume) => {
    const refused = extractTo(at('out.jsonl'), { resume });
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'SCHEMA_NOT_SUPPORTED', params: { schema: 'own-heart' } },
    });
    expect((await readdir(folder)).sort()).toEqual(['a.txt', 'b.txt', 'own.json']);
  },
);
