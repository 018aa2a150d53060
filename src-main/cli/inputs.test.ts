import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../domain/contract/errors';
import { docxOf, paragraph, run } from '../documents/fixtures/docx.fixture';
import { pdfOf, textAt } from '../documents/fixtures/pdf.fixture';
import { textRows, xlsxOf } from '../documents/fixtures/xlsx.fixture';
import { inputsOf } from './inputs';
import { withTableOptions, type TableOptions } from './table-options';
import { note } from './terminal';

// Each document of an office program is read in a thread that has to start first.
vi.setConfig({ testTimeout: 120_000 });

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-inputs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The options as the command line gives them. */
async function optionsOf(...words: string[]): Promise<TableOptions> {
  const command = withTableOptions(new Command('test')).action(() => undefined);
  await command.parseAsync(words, { from: 'user' });
  return command.opts<TableOptions>();
}

interface Found {
  label: string;
  row?: number;
  text?: string;
  caseId?: string;
  code?: string;
}

async function inputsIn(args: string[], ...words: string[]): Promise<Found[]> {
  const found: Found[] = [];
  const reading = {
    table: await optionsOf(...words),
    onUnsupported: () => undefined,
    signal: new AbortController().signal,
  };
  for await (const { label, row, read } of inputsOf(args, reading)) {
    const place = { label: label.replace(`${folder}/`, ''), ...(row ? { row } : {}) };
    try {
      const { text, caseId } = read();
      found.push({ ...place, text, ...(caseId === undefined ? {} : { caseId }) });
    } catch (error) {
      found.push({ ...place, code: error instanceof AppError ? error.code : 'other' });
    }
  }
  return found;
}

const rows = [
  ['住院号', '主诉', '病程'],
  ['A1', '头痛', '头痛三天。'],
  ['A2', '发热', '发热两天。'],
];
const csv = rows.map((cells) => cells.join(',')).join('\r\n');
const at = (name: string): string => join(folder, name);

describe('columns of a table are named', () => {
  beforeEach(() => writeFile(at('a.csv'), csv));

  test.each([
    [['--text-column', '病程', '--case-id-column', '住院号']],
    [['--text-column', '3', '--case-id-column', '1']],
  ])('by heading or by number: %j', async (words) => {
    expect(await inputsIn([at('a.csv')], ...words)).toEqual([
      { label: 'a.csv:1', row: 1, text: '头痛三天。', caseId: 'A1' },
      { label: 'a.csv:2', row: 2, text: '发热两天。', caseId: 'A2' },
    ]);
  });

  test('several for one text, each under its heading, in the order in which they are named', async () => {
    const words = ['--text-column', '病程', '--text-column', '主诉'];
    const [first] = await inputsIn([at('a.csv')], ...words);
    expect(first?.text).toBe('病程：\n头痛三天。\n主诉：\n头痛');
  });

  test('without headings the first row is a record, and columns have numbers alone', async () => {
    const found = await inputsIn([at('a.csv')], '--no-heading', '--text-column', '3');
    expect(found.map(({ text, row }) => [row, text])).toEqual([
      [1, '病程'],
      [2, '头痛三天。'],
      [3, '发热两天。'],
    ]);
    const named = await inputsIn([at('a.csv')], '--no-heading', '--text-column', '病程');
    expect(named).toEqual([{ label: 'a.csv', code: 'TABLE_COLUMN_MISSING' }]);
  });

  test.each([
    [[], 'TABLE_NEEDS_COLUMNS'],
    [['--text-column', '诊断'], 'TABLE_COLUMN_MISSING'],
    [['--text-column', '4'], 'TABLE_COLUMN_MISSING'],
    [['--text-column', '0'], 'TABLE_COLUMN_MISSING'],
    [['--text-column', '病程', '--case-id-column', '姓名'], 'TABLE_COLUMN_MISSING'],
  ])('wrongly, it is said for the file: %j %s', async (words, code) => {
    expect(await inputsIn([at('a.csv')], ...words)).toEqual([{ label: 'a.csv', code }]);
  });

  test('of a sheet that is named, or of the first one', async () => {
    const sheets = [
      { name: '说明', rows: textRows([['病程'], ['第一张。']]) },
      { name: '病历', rows: textRows([['病程'], ['第二张。']]) },
    ];
    await writeFile(at('a.xlsx'), xlsxOf({ sheets }));
    const texts = async (...words: string[]): Promise<unknown[]> =>
      (await inputsIn([at('a.xlsx')], '--text-column', '病程', ...words)).map(
        ({ text, code }) => text ?? code,
      );
    expect(await texts()).toEqual(['第一张。']);
    expect(await texts('--sheet', '病历')).toEqual(['第二张。']);
    expect(await texts('--sheet', '化验')).toEqual(['TABLE_SHEET_MISSING']);
  });
});

test('a folder of every format: files by name, rows in their order, each under its own label', async () => {
  const heard = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await writeFile(at('a.csv'), csv);
  await writeFile(at('b.docx'), docxOf(paragraph(run('胸闷。'))));
  await writeFile(at('c.pdf'), pdfOf({ pages: [textAt(50, 780, '咳嗽。')] }));
  await writeFile(at('d.txt'), '呕吐。');
  await writeFile(at('e.xlsx'), xlsxOf({ sheets: [{ name: 's', rows: textRows(rows) }] }));
  await writeFile(at('f.png'), 'x');
  await mkdir(at('空'));
  const found = await inputsIn([folder], '--text-column', '病程');
  expect(found.map(({ label, text }) => [label, text])).toEqual([
    ['a.csv:1', '头痛三天。'],
    ['a.csv:2', '发热两天。'],
    ['b.docx', '胸闷。'],
    ['c.pdf', '咳嗽。'],
    ['d.txt', '呕吐。'],
    ['e.xlsx:1', '头痛三天。'],
    ['e.xlsx:2', '发热两天。'],
  ]);
  expect(heard).not.toHaveBeenCalled();
});

test.skipIf(process.platform === 'win32')(
  'names with odd characters are files like others, and do nothing to the terminal',
  async () => {
    const names = [
      '换\n行.txt',
      '\u202e倒.txt',
      '"引\'号".txt',
      '100%s%n.txt',
      '\u001b[2J.txt',
      ' .txt',
    ];
    for (const name of names) await writeFile(at(name), `记录${name}`);
    const found = await inputsIn([folder]);
    expect(found.map(({ label }) => label).sort()).toEqual([...names].sort());
    const heard = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    for (const { label } of found) note(`${label}: x`);
    const lines = heard.mock.calls.map(([line]) => String(line));
    for (const line of lines) expect(line).toMatch(/^chimed: [^\p{Cc}\p{Cf}]*: x\n$/u);
    expect(lines.join('')).toContain('换<U+000A>行.txt');
  },
);
afterEach(() => void vi.restoreAllMocks());
