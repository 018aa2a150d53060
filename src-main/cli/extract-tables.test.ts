/** Tables through `extract`, `export` and `deidentify`, with the built-in model and real files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deidentifyCommand, type DeidentifyOptions } from './deidentify-command';
import { exportCommand } from './export-command';
import { extractCommand, type ExtractOptions } from './extract-command';

vi.setConfig({ testTimeout: 120_000 });

const modelsDir = join(import.meta.dirname, '..', '..', 'models');
let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-tables-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

interface Line {
  record: { source: string; row?: number; caseId?: string; sha256: string | null };
  status: string;
  text?: string;
  problem?: { code: string };
  facts: { text: string }[];
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

const note = '患者因胃癌行胃癌根治术。';
/** Case A has two rows with one text; a third row has none. */
const csv = ['住院号,病程', `A,${note}`, `B,口服阿司匹林。`, `A,${note}`, 'C,'].join('\n');

const extractTo = (out: string, more: Partial<ExtractOptions> = {}): Promise<number> =>
  extractCommand(
    {
      ...{ inputs: [at('a.csv')], schema: 'ccks2019', format: 'jsonl', out, force: false },
      ...{ jobs: 2, threads: 1, resume: false, deidentify: false, dates: 'mask' },
      ...{ layout: 'long', evidence: false, language: 'en' },
      ...{ heading: true, textColumn: ['病程'], caseIdColumn: '住院号' },
      ...more,
    },
    modelsDir,
  );

const exported = async (
  input: string,
  rows: 'record' | 'case',
): Promise<Record<string, string>[]> => {
  const out = `${input}.csv`;
  await exportCommand({
    ...{ input, out, rows, format: 'csv', layout: 'wide', evidence: false, language: 'en' },
    force: true,
  });
  return parse(await readFile(out, 'utf8'), { columns: true, bom: true });
};

test('extract --resume of a table: two rows with one text are two results, and a cut run does neither twice', async () => {
  await writeFile(at('a.csv'), csv);
  expect(await extractTo(at('out.jsonl'), { resume: true })).toBe(1);
  const whole = linesOf(await readFile(at('out.jsonl'), 'utf8'));
  const places = whole.map(({ record: { row, caseId }, status, problem }) =>
    [row, caseId, status, problem?.code].filter((each) => each !== undefined),
  );
  expect(places).toEqual([
    [1, 'A', 'completed'],
    [2, 'B', 'completed'],
    [3, 'A', 'completed'],
    [4, 'C', 'failed', 'EMPTY_TEXT'],
  ]);
  expect(whole[0]?.record.sha256).toBe(whole[2]?.record.sha256);

  // As a kill after the first row leaves it, in the middle of writing the next.
  const [first = '', second = ''] = (await readFile(at('out.jsonl'), 'utf8')).split('\n');
  await writeFile(at('out.jsonl'), `${first}\n${second.slice(0, 40)}`);
  await writeFile(at('a.csv'), csv.replace('C,', 'C,发热。'));
  expect(await extractTo(at('out.jsonl'), { resume: true })).toBe(0);
  const resumed = await readFile(at('out.jsonl'), 'utf8');
  expect(linesOf(resumed).map(({ record }) => record.row)).toEqual([1, 2, 3, 4]);
  expect(resumed.split('\n')[0]).toBe(first);

  // All is done: nothing comes a second time.
  expect(await extractTo(at('out.jsonl'), { resume: true })).toBe(0);
  expect(await readFile(at('out.jsonl'), 'utf8')).toBe(resumed);

  const cases = await exported(at('out.jsonl'), 'case');
  expect(cases.map((row) => [row['case_id'], row['source']])).toEqual([
    ['A', `${at('a.csv')}:1 | ${at('a.csv')}:3`],
    ['B', `${at('a.csv')}:2`],
    ['C', `${at('a.csv')}:4`],
  ]);
});

test('extract --resume in another format: the case ids are in the file that is made of the lines', async () => {
  await writeFile(at('a.csv'), csv);
  await extractTo(at('out.csv'), { resume: true, format: 'csv', layout: 'wide' });
  const rows: Record<string, string>[] = parse(await readFile(at('out.csv'), 'utf8'), {
    ...{ columns: true, bom: true },
  });
  expect(rows.map((row) => [row['case_id'], row['status']])).toEqual([
    ['A', 'completed'],
    ['B', 'completed'],
    ['A', 'completed'],
    ['C', 'failed'],
  ]);
  expect((await readdir(folder)).sort()).toEqual(['a.csv', 'out.csv', 'out.dictionary.csv']);
});

test('de-identified, neither file, row nor case id is in the output; the rows of a case stay together', async () => {
  await writeFile(at('a.csv'), csv.replace('A,', '"ZY-77041",').replace('\nA,', '\n"ZY-77041",'));
  await extractTo(at('out.jsonl'), { deidentify: true, resume: true });
  const text = await readFile(at('out.jsonl'), 'utf8');
  for (const leading of ['ZY-77041', 'a.csv', '"row"', folder]) expect(text).not.toContain(leading);
  expect(linesOf(text).map(({ record }) => [record.source, record.caseId])).toEqual([
    ['record-0001', 'case-0001'],
    ['record-0002', 'case-0002'],
    ['record-0003', 'case-0001'],
    ['record-0004', 'case-0003'],
  ]);
  const [first = ''] = text.split('\n');
  await writeFile(at('out.jsonl'), `${first}\n`);
  await extractTo(at('out.jsonl'), { deidentify: true, resume: true });
  expect(await readFile(at('out.jsonl'), 'utf8')).toBe(text);
  const cases = await exported(at('out.jsonl'), 'case');
  expect(cases.map((row) => row['case_id'])).toEqual(['case-0001', 'case-0002', 'case-0003']);
});

test('deidentify of a table: each row is a numbered file, and as JSON nothing leads back to its row', async () => {
  const rows = [
    '住院号,病程',
    'ZY-77041,姓名：张建国，头痛。',
    'ZY-77042,',
    'ZY-77043,姓名：李梅，发热。',
  ];
  await writeFile(at('a.csv'), rows.join('\n'));
  const options: Omit<DeidentifyOptions, 'format'> = {
    ...{ inputs: [at('a.csv')], dates: 'mask', force: false, showIdentifiers: false },
    ...{ heading: true, textColumn: ['2'], caseIdColumn: '1' },
  };
  expect(await deidentifyCommand({ ...options, format: 'text', out: at('done') })).toBe(1);
  expect((await readdir(at('done'))).sort()).toEqual(['record-0001.txt', 'record-0003.txt']);
  expect(await readFile(at('done/record-0003.txt'), 'utf8')).toBe('姓名：【姓名1】，发热。');
  expect(await deidentifyCommand({ ...options, format: 'json', out: at('done.jsonl') })).toBe(1);
  const json = await readFile(at('done.jsonl'), 'utf8');
  for (const leading of ['ZY-7704', 'a.csv', '"row"', '张建国'])
    expect(json).not.toContain(leading);
  expect(linesOf(json).map(({ status, problem }) => problem?.code ?? status)).toEqual([
    'completed',
    'EMPTY_TEXT',
    'completed',
  ]);
});
