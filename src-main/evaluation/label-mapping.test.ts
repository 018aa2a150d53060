import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  mappingFor,
  readLabelMapping,
  readLabelMappings,
  type LabelMapping,
} from './label-mapping';

const own = join(import.meta.dirname, '../../resources/labels');
let folder: string;
let mappings: LabelMapping[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-labels-'));
  mappings = await readLabelMappings(own);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileWith(content: string): Promise<string> {
  const path = join(folder, 'mine.json');
  await writeFile(path, content);
  return path;
}

describe('the mappings that come with the program', () => {
  it('CCKS-2019 by its own names, by short ones, and with symptoms', () => {
    const { name, types } = mappingFor(mappings, ['疾病和诊断', '检查', '检验', '症状']);
    expect(name).toBe('ccks2019');
    expect(['检查', '影像检查'].map((label) => types.get(label))).toEqual(['影像检查', '影像检查']);
    expect(['检验', '实验室检验'].map((label) => types.get(label))).toEqual([
      '实验室检验',
      '实验室检验',
    ]);
    for (const type of ['疾病和诊断', '手术', '药物', '解剖部位', '症状'])
      expect(types.get(type)).toBe(type);
  });

  it('cMedQANER, whose crowd and department are none of our types', () => {
    const { name, types } = mappingFor(mappings, ['disease', 'crowd']);
    expect(name).toBe('cmedqaner');
    expect(types.get('disease')).toBe('疾病和诊断');
    expect(types.get('crowd')).toBeNull();
  });

  it('a label that two mappings know means the same in both, so that the choice changes no score', () => {
    const meanings = new Map<string, string | null>();
    for (const { types } of mappings) {
      for (const [label, type] of types) {
        expect(meanings.has(label) ? meanings.get(label) : type, label).toBe(type);
        meanings.set(label, type);
      }
    }
    expect(mappings.length).toBeGreaterThan(1);
  });
});

it.skipIf(process.platform === 'win32')('a pipe is no mapping, and is not waited for', async () => {
  const pipe = join(folder, 'pipe.json');
  execFileSync('mkfifo', [pipe]);
  await expect(readLabelMapping(pipe)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});

it('data without any label needs no mapping in particular', () => {
  expect(mappingFor(mappings, [])).toBe(mappings[0]);
});

it('unknown labels are named, as the nearest mapping sees them', () => {
  expect(() => mappingFor(mappings, ['disease', 'gene', 'drug', 'variant'])).toThrow(
    expect.objectContaining({
      code: 'DATASET_LABELS_UNKNOWN',
      params: { labels: 'gene, variant' },
    }) as Error,
  );
  expect(() => mappingFor([], ['x'])).toThrow('DATASET_LABELS_UNKNOWN');
});

it('hundreds of unknown labels are not all named', () => {
  const labels = Array.from({ length: 300 }, (_, i) => `type-${i}`);
  expect(() => mappingFor(mappings, labels)).toThrow(
    expect.objectContaining({
      params: { labels: `${labels.slice(0, 12).join(', ')}, …` },
    }) as Error,
  );
});

it('a mapping of a person is named by its file', async () => {
  const path = await fileWith(
    '\uFEFF{"version":1,"source":"","labels":{"gene":null,"med":"药物"}}',
  );
  const mapping = await readLabelMapping(path);
  expect(mapping.name).toBe('mine');
  expect([...mapping.types]).toEqual([
    ['gene', null],
    ['med', '药物'],
  ]);
});

it.each([
  ['not JSON', '{', 'JSON'],
  ['another version', '{"version":2,"source":"","labels":{}}', 'version'],
  ['a type that no schema has', '{"version":1,"source":"","labels":{"med":"药品"}}', 'labels.med'],
  ['not a mapping at all', '[]', 'labels'],
  ['too large', ' '.repeat(300_000), 'size'],
])('a mapping that is not valid is refused: %s', async (_name, content, field) => {
  await expect(fileWith(content).then(readLabelMapping)).rejects.toMatchObject({
    code: 'LABEL_FILE_INVALID',
    params: { file: 'mine.json', field },
  });
});

it('a mapping that is not there', async () => {
  const reading = readLabelMapping(join(folder, 'gone.json'));
  await expect(reading).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});
