import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportFileSchema, factExportFormats } from '../domain/contract/export';
import { machineLabel } from '../domain/rules/export/export-label';
import { exportCommand, type ExportCommandOptions } from './export-command';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-export-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const fact = (words: string, start: number, type = '药物'): object => ({
  ...{ id: `f${start}`, kind: 'mention', type, text: words, start, end: start + words.length },
  ...{ evidence: [{ text: words, start, end: start + words.length }], attributes: {} },
  confidence: 0.5,
});
const line = (source: string, more: object = {}): string =>
  JSON.stringify({
    version: 1,
    record: { source, sha256: 'a'.repeat(64), fileSha256: null, chars: 10 },
    status: 'completed',
    facts: [fact('阿司匹林', 3)],
    run: {
      schema: 'ccks2019',
      model: { name: 'm', sha256: 'b' },
      strategy: 'marked-copy',
      settings: { attributes: '' },
    },
    ...more,
  });

const run = (more: Partial<ExportCommandOptions>): Promise<number> =>
  exportCommand({
    input: join(folder, 'in.jsonl'),
    format: 'csv',
    layout: 'long',
    rows: 'record',
    evidence: false,
    language: 'en',
    out: join(folder, 'out.csv'),
    force: false,
    ...more,
  });
const rowsOf = async (name = 'out.csv'): Promise<Record<string, string>[]> =>
  parse(await readFile(join(folder, name)), { columns: true, bom: true });

describe('the results of an extraction', () => {
  test('become every other format, labelled, for their owner only', async () => {
    await writeFile(join(folder, 'in.jsonl'), `${line('甲.txt')}\n\n${line('乙.txt')}`);
    for (const format of factExportFormats) {
      const out = join(folder, `out.${format}`);
      expect(await run({ format, out })).toBe(0);
      expect((await stat(out)).mode & 0o777).toBe(0o600);
      if (format !== 'xlsx') expect(await readFile(out, 'utf-8')).toContain(machineLabel);
    }
    const rows = await rowsOf();
    expect(rows).toMatchObject([
      { record_id: 'record-0001', source: '甲.txt', text: '阿司匹林', standing: 'machine' },
      { record_id: 'record-0002', source: '乙.txt', label: machineLabel },
    ]);
    const json: unknown = JSON.parse(await readFile(join(folder, 'out.json'), 'utf-8'));
    expect(exportFileSchema.parse(json).records).toHaveLength(2);
  });

  test('a CSV file has its dictionary beside it', async () => {
    await writeFile(join(folder, 'in.jsonl'), line('甲.txt'));
    await run({});
    expect((await readdir(folder)).sort()).toEqual(['in.jsonl', 'out.csv', 'out.dictionary.csv']);
    const dictionary = await rowsOf('out.dictionary.csv');
    expect(dictionary.map((row) => row['column'])).toEqual(Object.keys((await rowsOf())[0] ?? {}));
  });

  test('a row a case joins records wherever they stand in the file', async () => {
    const of = (source: string, caseId: string): string =>
      line(source, { record: { source, sha256: null, caseId } });
    await writeFile(
      join(folder, 'in.jsonl'),
      [of('1', 'A'), of('2', 'B'), of('3', 'A'), line('4')].join('\n'),
    );
    await run({ layout: 'wide', rows: 'case' });
    expect((await rowsOf()).map((row) => row['source'])).toEqual(['1 | 3', '2', '4']);
  });

  test('columns are those of all schemas in it, also of one that nobody knows', async () => {
    const other = line('b', {
      facts: [fact('胃窦', 0, '部位')],
      run: { schema: 'gone', model: { name: 'm', sha256: 'b' }, strategy: 's', settings: {} },
    });
    await writeFile(join(folder, 'in.jsonl'), `${line('a')}\n${other}\n`);
    await run({ layout: 'wide' });
    const rows = await rowsOf();
    expect(rows[0]).toMatchObject({ 'Six entity types: 药物': '阿司匹林', 'gone: 部位': '' });
    expect(rows[1]).toMatchObject({ 'gone: 部位': '胃窦' });
  });

  test('a de-identified record keeps its number and loses its source', async () => {
    await writeFile(
      join(folder, 'in.jsonl'),
      line('record-0001', { deidentified: true, text: '用阿司匹林' }),
    );
    await run({ format: 'json', out: join(folder, 'o.json') });
    const json = await readFile(join(folder, 'o.json'), 'utf-8');
    const file = exportFileSchema.parse(JSON.parse(json));
    expect(file.deidentified).toBe(true);
    expect(file.records[0]).not.toHaveProperty('source');
    expect(file.records[0]?.text).toBe('用阿司匹林');
  });
});

describe('what is refused leaves no file', () => {
  test.each([
    ['not JSON', 'nothing'],
    ['no result', '{"version":1}'],
    ['a later version', line('a').replace('"version":1', '"version":2')],
    ['half a line', line('a').slice(0, -20)],
  ])('%s', async (_, bad) => {
    await writeFile(join(folder, 'in.jsonl'), `${line('a')}\n${bad}\n`);
    await expect(run({})).rejects.toMatchObject({
      code: 'RESULT_LINE_INVALID',
      params: { line: 2 },
    });
    expect(await readdir(folder)).toEqual(['in.jsonl']);
  });

  test('a file that is not there, and one that would be replaced', async () => {
    await expect(run({})).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await writeFile(join(folder, 'in.jsonl'), line('a'));
    await writeFile(join(folder, 'out.csv'), 'mine');
    await expect(run({})).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(await readFile(join(folder, 'out.csv'), 'utf-8')).toBe('mine');
    await run({ force: true });
    expect(await rowsOf()).toHaveLength(1);
  });

  test('an empty file gives a heading alone', async () => {
    await writeFile(join(folder, 'in.jsonl'), '');
    expect(await run({})).toBe(0);
    expect(await rowsOf()).toEqual([]);
  });
});
