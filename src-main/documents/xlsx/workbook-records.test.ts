/** Workbooks as programs write them, read without the thread that bounds them. */
import { describe, expect, it } from 'vitest';
import type { ReadRecord, TableChoice } from '../../domain/contract/document';
import { AppError } from '../../domain/contract/errors';
import { maxRecordChars } from '../../domain/contract/extraction';
import { inlineCell, textRows, xlsxOf, type WorkbookOf } from '../fixtures/xlsx.fixture';
import { relationshipsXml, zipOf } from '../fixtures/zip.fixture';
import { BoundedZip } from '../zip/bounded-zip';
import { mainPart } from './relationships';
import { workbookRecords } from './workbook-records';

const columns: TableChoice = { heading: true, textColumns: [1], caseIdColumn: 0 };

async function readBytes(bytes: Buffer, choice = columns): Promise<ReadRecord[]> {
  const zip = await BoundedZip.open(bytes);
  const part = await mainPart(zip);
  if (part === null) throw new AppError('UNSUPPORTED_FILE');
  const all: ReadRecord[] = [];
  for await (const one of workbookRecords(zip, part, choice, 'a'.repeat(64))) all.push(one);
  return all;
}

const read = (
  rows: string,
  more: Partial<WorkbookOf> & { after?: string } = {},
  choice = columns,
) => {
  const { after, ...rest } = more;
  const sheet = { name: '病历', rows, ...(after === undefined ? {} : { after }) };
  return readBytes(xlsxOf({ sheets: [sheet], ...rest }), choice);
};

const shown = (one: ReadRecord): unknown[] =>
  one.kind === 'record'
    ? [one.source.row, one.caseId, one.text]
    : [one.row, one.problem.code, one.problem.params];

const heading = `<row r="1">${inlineCell('A1', '号')}${inlineCell('B1', '病程')}</row>`;
const row = (number: number, cells: string): string => `<row r="${number}">${cells}</row>`;

/** What reading it throws: of the file, not of a row. */
async function problemOf(reading: Promise<unknown>): Promise<{ code: string }> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof AppError) return error.toProblem();
    throw error;
  }
  return { code: 'none' };
}

describe('merged cells', () => {
  const merged = (...ranges: string[]): string =>
    `<mergeCells count="${ranges.length}">${ranges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`;

  it('a case id over several rows is that of each; a text over several rows is one record', async () => {
    const rows =
      heading +
      row(2, inlineCell('A2', 'A') + inlineCell('B2', '甲一。')) +
      row(3, inlineCell('B3', '甲二。')) +
      row(4, inlineCell('A4', 'B') + inlineCell('B4', '乙，占三行。')) +
      row(5, inlineCell('A5', 'B')) +
      row(6, '') +
      row(7, inlineCell('A7', 'C') + inlineCell('B7', '丙。'));
    const found = await read(rows, { after: merged('A2:A3', 'B4:B6') });
    expect(found.map(shown)).toEqual([
      [1, 'A', '甲一。'],
      [2, 'A', '甲二。'],
      [3, 'B', '乙，占三行。'],
      [6, 'C', '丙。'],
    ]);
  });

  it('without a merge the same row is one without text', async () => {
    const rows = heading + row(2, inlineCell('A2', 'A'));
    const [problem] = await read(rows);
    expect(problem).toEqual({
      ...{ kind: 'problem', row: 1, caseId: 'A' },
      problem: { code: 'EMPTY_TEXT', params: { column: 'B' } },
    });
  });
});

describe('formulas', () => {
  it('have the value that was calculated last', async () => {
    const cells =
      '<c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>C2</f><v>患者头痛。</v></c>';
    expect((await read(heading + row(2, cells))).map(shown)).toEqual([[1, '2', '患者头痛。']]);
  });

  it('that were never calculated, and errors, are named by their row, column and case', async () => {
    const rows =
      heading +
      row(2, `${inlineCell('A2', 'A')}<c r="B2"><f>VLOOKUP(A2,C:D,2)</f></c>`) +
      row(3, `${inlineCell('A3', 'B')}<c r="B3" t="e"><v>#REF!</v></c>`) +
      row(4, `<c r="A4" t="e"><v>#N/A</v></c>${inlineCell('B4', '患者。')}`) +
      row(5, inlineCell('A5', 'D') + inlineCell('B5', '患者。'));
    const found = await read(rows);
    expect(found.map(shown)).toEqual([
      [1, 'TABLE_CELL_WITHOUT_VALUE', { why: 'formula', column: 'B' }],
      [2, 'TABLE_CELL_WITHOUT_VALUE', { why: 'error', column: 'B' }],
      [3, 'TABLE_CELL_WITHOUT_VALUE', { why: 'error', column: 'A' }],
      [4, 'D', '患者。'],
    ]);
    expect(found.map(({ caseId }) => caseId)).toEqual(['A', 'B', undefined, 'D']);
  });

  it('a text that begins like one is a text', async () => {
    const rows = heading + row(2, inlineCell('A2', '=1+1') + inlineCell('B2', '=CMD()'));
    expect((await read(rows)).map(shown)).toEqual([[1, '=1+1', '=CMD()']]);
  });
});

describe('numbers', () => {
  const formats = ['yyyy"年"m"月"d"日"', 'yyyy-mm-dd hh:mm', '[h]:mm', '000000', '0.00', 'h:mm'];
  const number = (style: number, value: number): Promise<ReadRecord[]> =>
    read(heading + row(2, `<c r="A2" s="${style}"><v>${value}</v></c>${inlineCell('B2', 'x')}`), {
      formats,
    });

  it.each([
    [1, 45356, '2024-03-05'],
    [2, 45356.354166666664, '2024-03-05 08:30'],
    // The last style of the fixture is number 14, a date by the standard.
    [7, 45356, '2024-03-05'],
    [1, 59, '1900-02-28'],
    [1, 61, '1900-03-01'],
    [1, 1, '1900-01-01'],
    [3, 1.5, '1.5'],
    [6, 0.5, '12:00'],
    [4, 1234, '001234'],
    [5, 7.1, '7.1'],
    [0, 0.30000000000000004, '0.3'],
    [0, 1234567890123, '1234567890123'],
    [1, -3, '-3'],
  ])('in the style %i, %d is %s', async (style, value, text) => {
    const [only] = await number(style, value);
    expect(only).toMatchObject({ caseId: text });
  });

  it('count days from 1904 where the workbook says so', async () => {
    const rows = heading + row(2, `<c r="A2" s="1"><v>43894</v></c>${inlineCell('B2', 'x')}`);
    const [only] = await read(rows, { formats, from1904: true });
    expect(only).toMatchObject({ caseId: '2024-03-05' });
  });

  it('of more than fifteen digits have lost some, which is said', async () => {
    const [only] = await number(0, 32010119900101e4);
    expect(only).toMatchObject({ source: { notices: ['ID_DIGITS_LOST'] } });
  });
});

it('a row of two megabytes is a record; a longer one is named, and the next row is read', async () => {
  const rows =
    heading +
    row(2, inlineCell('B2', '痛'.repeat(maxRecordChars))) +
    row(3, inlineCell('B3', '痛'.repeat(maxRecordChars + 1))) +
    row(4, inlineCell('B4', '好。'));
  const found = await read(rows);
  expect(found.map((one) => (one.kind === 'record' ? one.text.length : one.problem.code))).toEqual([
    maxRecordChars,
    'TEXT_TOO_LARGE',
    2,
  ]);
});

it('texts shared by cells, of several runs, with entities and controls', async () => {
  const texts = [
    '<t>号</t>',
    '<t>病程</t>',
    '<r><t>血压&lt;120</t></r><r><t xml:space="preserve"> &amp;#</t></r><rPh><t>よみ</t></rPh>',
    '<t>一_x000D_\n二</t>',
  ];
  const shared = (place: string, at: number): string => `<c r="${place}" t="s"><v>${at}</v></c>`;
  const rows =
    row(1, shared('A1', 0) + shared('B1', 1)) + row(2, shared('B2', 2)) + row(3, shared('B3', 3));
  expect((await read(rows, { texts })).map(shown)).toEqual([
    [1, undefined, '血压<120 &#'],
    [2, undefined, '一\n二'],
  ]);
});

describe('a workbook that cannot be read says why', () => {
  const good = row(2, inlineCell('A2', '1') + inlineCell('B2', '患者。'));
  it.each<[string, string, Partial<WorkbookOf>, object]>([
    ['has headings alone', heading, {}, { code: 'TABLE_EMPTY' }],
    ['has no rows', '', {}, { code: 'TABLE_EMPTY' }],
    ['is cut', `${heading}<row r="2"><c r="A2">`, {}, { code: 'DOCUMENT_DAMAGED' }],
    ['has rows that go back', heading + good + good, {}, { code: 'DOCUMENT_DAMAGED' }],
    [
      'names a text that is not there',
      heading + row(2, '<c r="B2" t="s"><v>7</v></c>'),
      {},
      { code: 'DOCUMENT_DAMAGED' },
    ],
    [
      'has a number that is none',
      heading + row(2, '<c r="B2"><v>NaN</v></c>'),
      {},
      { code: 'DOCUMENT_DAMAGED' },
    ],
    [
      'has an entity of its own',
      heading + row(2, '<c r="B2" t="inlineStr"><is><t>&laugh;</t></is></c>'),
      {},
      { code: 'DOCUMENT_UNSAFE', params: { why: 'entities' } },
    ],
    ['has no sheets', heading, { sheets: [] }, { code: 'DOCUMENT_DAMAGED' }],
  ])('because it %s', async (_, rows, more, problem) => {
    expect(await problemOf(read(rows, more))).toEqual(problem);
  });

  it.each<[string, TableChoice, object]>([
    ['text', { ...columns, textColumns: [5] }, { column: 6, columns: 2 }],
    ['case id', { ...columns, caseIdColumn: 2 }, { column: 3, columns: 2 }],
  ])('because it has no such column for the %s', async (_, choice, params) => {
    const problem = { code: 'TABLE_COLUMN_MISSING', params };
    expect(await problemOf(read(heading + good, {}, choice))).toEqual(problem);
  });

  it('because it has no such sheet', async () => {
    const choice = { ...columns, sheet: '化验' };
    expect(await problemOf(read(heading + good, {}, choice))).toEqual({
      code: 'TABLE_SHEET_MISSING',
    });
  });

  it('because a part is missing, or a cell of it is not where it says', async () => {
    const bytes = zipOf([
      {
        name: '_rels/.rels',
        content: relationshipsXml([['rId1', 'officeDocument', 'xl/workbook.xml']]),
      },
    ]);
    expect(await problemOf(readBytes(bytes))).toMatchObject({ code: 'DOCUMENT_DAMAGED' });
    const wrong = row(2, inlineCell('B2', '后') + inlineCell('A2', '前'));
    expect(await problemOf(read(heading + wrong))).toMatchObject({ code: 'DOCUMENT_DAMAGED' });
  });

  it.each([1, 0.75, 0.5, 0.25])('because it ends after %d of it, less a byte', async (share) => {
    const bytes = xlsxOf({
      sheets: [
        {
          name: 's',
          rows: textRows([
            ['号', '病程'],
            ['1', '患者。'],
          ]),
        },
      ],
    });
    const cut = bytes.subarray(0, Math.floor(bytes.length * share) - 1);
    expect(await problemOf(readBytes(cut))).toMatchObject({ code: 'DOCUMENT_DAMAGED' });
  });
});

it('a workbook with any byte changed is read or refused with a code, and ends', async () => {
  const rows = textRows([
    ['号', '病程'],
    ['1', '患者。'],
  ]);
  const bytes = xlsxOf({ sheets: [{ name: 's', rows }] });
  const codes = new Set<string>();
  for (let at = 0; at < bytes.length; at += 5) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x55;
    codes.add((await problemOf(readBytes(changed))).code);
  }
  expect(codes).toContain('DOCUMENT_DAMAGED');
  for (const code of codes) {
    expect(code).toMatch(/^(none|UNSUPPORTED_FILE|DOCUMENT_(DAMAGED|UNSAFE|ENCRYPTED)|TABLE_\w+)$/);
  }
});
