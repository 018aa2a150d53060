import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadRecord, TableChoice } from '../domain/contract/document';
import { docxOf, paragraph, run, table } from './fixtures/docx.fixture';
import { pdfOf, scannedPage, textAt } from './fixtures/pdf.fixture';
import { textRows, xlsxOf } from './fixtures/xlsx.fixture';
import { zipOf } from './fixtures/zip.fixture';
import { previewTable } from './preview-table';
import { readDocument, readOneRecord } from './read-document';

// Each document of an office program is read in a thread that has to start first.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-documents-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(name: string, content: Uint8Array | string, choice?: TableChoice) {
  const path = join(folder, name);
  await writeFile(path, content);
  const all: ReadRecord[] = [];
  for await (const one of readDocument(path, { table: choice })) all.push(one);
  return all;
}
const textOf = (one: ReadRecord | undefined): string =>
  one?.kind === 'record' ? one.text : `problem ${one?.problem.code ?? 'none'}`;
const columns: TableChoice = { heading: true, textColumns: [1], caseIdColumn: 0 };
const rows = [
  ['住院号', '病程'],
  ['320101199001011234', '头痛三天，\n伴呕吐。'],
  ['2', '=SUM(1)'],
];

describe('a file becomes records', () => {
  it('a docx with its paragraphs and the cells of its tables', async () => {
    const cell = (text: string): string => paragraph(run(text));
    const body = `${paragraph(run('主诉：') + run('头痛'))}${table([[cell('血钾'), cell('3.2')]])}`;
    const [only] = await read('a.docx', docxOf(body));
    expect(textOf(only)).toMatch(/^主诉：头痛\n+血钾\s3\.2\s*$/);
  });

  it.each(['cmap', 'tounicode'] as const)('a pdf of Chinese text by %s', async (font) => {
    const page = textAt(50, 780, '主诉：头痛', font) + textAt(50, 760, '查体：无殊', font);
    const [only] = await read('a.pdf', pdfOf({ pages: [page], font }));
    expect(textOf(only)).toMatch(/主诉：头痛\n查体：无殊/);
  });

  it('a csv row by row, a line end within quotes, eighteen digits and a formula as they are', async () => {
    const csv = rows.map((cells) => cells.map((cell) => `"${cell}"`).join(',')).join('\r\n');
    const found = await read('a.csv', `\uFEFF${csv}`, columns);
    expect(found.map(textOf)).toEqual(['头痛三天，\n伴呕吐。', '=SUM(1)']);
    expect(found[0]).toMatchObject({ caseId: '320101199001011234', source: { row: 1 } });
  });

  it('a workbook row by row, and a preview of its columns', async () => {
    const bytes = xlsxOf({ sheets: [{ name: '病历', rows: textRows(rows) }] });
    const found = await read('a.xlsx', bytes, columns);
    expect(found.map(textOf)).toEqual(['头痛三天，\n伴呕吐。', '=SUM(1)']);
    const preview = await previewTable(join(folder, 'a.xlsx'));
    expect(preview).toMatchObject({ sheets: ['病历'], columns: ['住院号', '病程'] });
    expect(preview.suggestion).toMatchObject({ heading: true, textColumns: [1], caseIdColumn: 0 });
  });

  it('a text of the letters that begin a container is a text under a name that says so', async () => {
    expect((await read('a.txt', 'PK')).map(textOf)).toEqual(['PK']);
    expect((await read('b.docx', '患者头痛。')).map(textOf)).toEqual(['患者头痛。']);
    const bytes = new TextEncoder().encode('PK');
    await expect(readOneRecord(bytes.slice(), { named: 'docx' })).rejects.toMatchObject({
      code: 'DOCUMENT_DAMAGED',
    });
    expect(textOf(await readOneRecord(bytes.slice(), { named: 'text' }))).toBe('PK');
  });

  it('what it is, is told by its content and not by its name', async () => {
    const [only] = await read('a.txt', docxOf(paragraph(run('头痛'))));
    expect(textOf(only)).toContain('头痛');
  });
});

/** The beginning of an old container with a stream of this name. */
const oleOf = (stream: string): Buffer =>
  Buffer.concat([
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    Buffer.alloc(504),
    Buffer.from(stream, 'utf16le'),
    Buffer.alloc(512),
  ]);

describe('a file that cannot be read says why', () => {
  const one = paragraph(run('头痛'));
  it.each<[string, Uint8Array | string, string]>([
    ['empty.docx', Buffer.alloc(0), 'FILE_EMPTY'],
    ['cut.docx', docxOf(one).subarray(0, 400), 'DOCUMENT_DAMAGED'],
    ['cut.pdf', pdfOf({ pages: [textAt(50, 780, '头痛')] }).subarray(0, 300), 'DOCUMENT_DAMAGED'],
    ['scan.pdf', pdfOf({ pages: [scannedPage] }), 'SCANNED_PDF'],
    [
      'locked.pdf',
      pdfOf({ pages: [textAt(50, 780, '头痛')], encrypt: { user: 'secret', owner: 'x' } }),
      'DOCUMENT_ENCRYPTED',
    ],
    ['blank.docx', docxOf(paragraph('')), 'EMPTY_TEXT'],
    ['blank.pdf', pdfOf({ pages: [''] }), 'EMPTY_TEXT'],
    ['blank.txt', ' \n\u3000', 'EMPTY_TEXT'],
    ['empty.txt', '', 'FILE_EMPTY'],
    ['empty.pdf', '', 'FILE_EMPTY'],
    ['empty.csv', '', 'FILE_EMPTY'],
    ['empty.xlsx', '', 'FILE_EMPTY'],
    [
      'cut.xlsx',
      xlsxOf({ sheets: [{ name: 's', rows: '' }] }).subarray(0, 900),
      'DOCUMENT_DAMAGED',
    ],
    ['PK.docx', 'PK', 'DOCUMENT_DAMAGED'],
    ['three.xlsx', 'PK\x03', 'DOCUMENT_DAMAGED'],
    ['two.pdf', '%P', 'DOCUMENT_DAMAGED'],
    ['wrong.docx', docxOf('<w:p><w:r>'), 'DOCUMENT_DAMAGED'],
    ['locked.docx', oleOf('EncryptedPackage'), 'DOCUMENT_ENCRYPTED'],
    ['locked.xlsx', oleOf('EncryptedPackage'), 'DOCUMENT_ENCRYPTED'],
    ['old.doc', oleOf('WordDocument'), 'OLD_OFFICE_FORMAT'],
    ['other.docx', zipOf([{ name: 'readme.txt', content: 'x' }]), 'DOCUMENT_DAMAGED'],
    ['gone', 'x'.repeat(9_000_000), 'FILE_TOO_LARGE'],
  ])('%s', async (name, content, code) => {
    expect((await read(name, content, columns)).map(textOf)).toEqual([`problem ${code}`]);
  });

  it('a table of which no column was chosen', async () => {
    const workbook = xlsxOf({ sheets: [{ name: 's', rows: textRows(rows) }] });
    expect((await read('a.csv', '甲,乙\n1,2')).map(textOf)).toEqual([
      'problem TABLE_NEEDS_COLUMNS',
    ]);
    expect((await read('a.xlsx', workbook)).map(textOf)).toEqual(['problem TABLE_NEEDS_COLUMNS']);
    const mixed = Buffer.concat([
      Buffer.from('号,病程\n1,患者头痛。\n'),
      Buffer.from('b7a2c8c8', 'hex'),
    ]);
    expect((await read('b.csv', mixed)).map(textOf)).toEqual(['problem ENCODING_MIXED']);
  });

  it('a zip bomb in a sheet, and in the texts that its cells share', async () => {
    const sheet = { name: 's', rows: textRows(rows) };
    const blanks = ' '.repeat(50_000_000);
    for (const bomb of [
      xlsxOf({ sheets: [{ ...sheet, rows: sheet.rows + blanks }] }),
      xlsxOf({ sheets: [sheet], texts: [`<t>${blanks}</t>`] }),
    ]) {
      expect(bomb.length).toBeLessThan(200_000);
      expect((await read('bomb.xlsx', bomb, columns)).map(textOf)).toEqual([
        'problem DOCUMENT_UNSAFE',
      ]);
    }
  });

  it('a zip bomb in a docx, and entities that multiply', async () => {
    const bomb = docxOf(one, [
      { name: 'word/footnotes.xml', content: Buffer.alloc(50_000_000, 0x20) },
    ]);
    const [found] = await read('bomb.docx', bomb);
    expect(textOf(found)).toMatch(/^problem DOCUMENT_UNSAFE$/);
    const laughs = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>';
    const [multiplied] = await read('laughs.docx', docxOf(paragraph(run('头痛')), [], laughs));
    expect(textOf(multiplied)).toMatch(/^problem DOCUMENT_/);
  });
});
