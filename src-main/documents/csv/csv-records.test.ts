import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadRecord, TableChoice } from '../../domain/contract/document';
import { maxRecordChars } from '../../domain/contract/extraction';
import { Cancelled } from '../../domain/contract/rpc';
import { previewTable } from '../preview-table';
import { readDocument } from '../read-document';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-csv-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const columns: TableChoice = { heading: true, textColumns: [1], caseIdColumn: 0 };

async function read(content: Uint8Array | string, choice = columns): Promise<ReadRecord[]> {
  const path = join(folder, 'a.csv');
  await writeFile(path, content);
  const all: ReadRecord[] = [];
  for await (const one of readDocument(path, { table: choice })) all.push(one);
  return all;
}
const shown = (one: ReadRecord): string =>
  one.kind === 'record'
    ? `${one.source.row}: ${one.text}`
    : `${one.row ?? 'file'}: ${one.problem.code}`;
const texts = async (content: Uint8Array | string, choice = columns): Promise<string[]> =>
  (await read(content, choice)).map(shown);

const table = '号,病程\n1,患者头痛三天，伴呕吐。\n2,否认高血压病史。\n';

describe('a csv in one encoding is read in it', () => {
  it.each([
    ['UTF-8', Buffer.from(table)],
    ['UTF-8 with its mark', Buffer.from(`\uFEFF${table}`)],
    ['GB18030', iconv.encode(table, 'gb18030')],
    ['UTF-16 LE with its mark', Buffer.from(`\uFEFF${table}`, 'utf16le')],
    ['UTF-16 LE without it', Buffer.from(table, 'utf16le')],
  ])('%s', async (_, bytes) => {
    expect(await texts(bytes)).toEqual(['1: 患者头痛三天，伴呕吐。', '2: 否认高血压病史。']);
  });

  it('GB18030 whose first Chinese word comes after a megabyte of numbers', async () => {
    const numbers = Array.from({ length: 90_000 }, (_, i) => `${i},120/80 37.2`).join('\n');
    const bytes = iconv.encode(`id,note\n${numbers}\n90000,患者头痛。\n`, 'gb18030');
    expect(bytes.length).toBeGreaterThan(1_000_000);
    expect((await texts(bytes)).at(-1)).toBe('90001: 患者头痛。');
  });

  it('a byte of UTF-8 that is damaged becomes U+FFFD, and the row with it says so', async () => {
    const bytes = Buffer.from(table);
    bytes[bytes.indexOf('呕') + 2] = 0x20;
    const [first, second] = await read(bytes);
    expect(first).toMatchObject({ source: { notices: ['UNDECODABLE_BYTES_REPLACED'] } });
    expect(second).toMatchObject({ text: '否认高血压病史。', source: { notices: [] } });
  });
});

describe('a csv that cannot be read says why, and where', () => {
  const gb = (text: string): Buffer => iconv.encode(text, 'gb18030');
  it.each<[string, Uint8Array | string, object]>([
    ['is empty', '', { code: 'FILE_EMPTY' }],
    ['has a heading alone', '号,病程\n', { code: 'TABLE_EMPTY' }],
    ['has blank rows alone', '号,病程\n,\n ,\t\n', { code: 'TABLE_EMPTY' }],
    [
      'was put together from two systems',
      Buffer.concat([Buffer.from(table), gb('3,术后恢复可，予出院。\n')]),
      { code: 'ENCODING_MIXED', params: { line: 4 } },
    ],
    [
      'was put together the other way round',
      Buffer.concat([gb(table), Buffer.from('3,术后恢复可，予出院。\n')]),
      { code: 'ENCODING_MIXED', params: { line: 4 } },
    ],
    [
      'is in no encoding',
      Buffer.concat([gb(table), Buffer.from([0x33, 0x2c, 0xff, 0xff, 0x0a])]),
      { code: 'ENCODING_UNKNOWN', params: { line: 4 } },
    ],
    ['is another kind of file', Buffer.from('GIF89a,1\n2,3'), { code: 'FILE_NOT_TEXT' }],
  ])('because it %s', async (_, content, problem) => {
    expect(await read(content)).toEqual([{ kind: 'problem', problem }]);
  });

  it.each<[string, TableChoice, object]>([
    ['text', { heading: true, textColumns: [2] }, { column: 3, columns: 2 }],
    ['case id', { heading: true, textColumns: [1], caseIdColumn: 7 }, { column: 8, columns: 2 }],
  ])('because it has no such column for the %s', async (_, choice, params) => {
    const problem = { code: 'TABLE_COLUMN_MISSING', params };
    expect(await read(table, choice)).toEqual([{ kind: 'problem', problem }]);
  });

  it('a quotation mark that nothing closes stops at its row; those before it are there', async () => {
    const rows = await read(`${table}3,"病程没有结束\n4,患者。\n5,患者。\n`);
    expect(rows.slice(0, 2).map(shown)).toEqual([
      '1: 患者头痛三天，伴呕吐。',
      '2: 否认高血压病史。',
    ]);
    expect(rows.slice(2)).toEqual([
      { kind: 'problem', problem: { code: 'TABLE_DAMAGED', params: { row: 4 } } },
    ]);
  });
});

describe('rows', () => {
  it('of two megabytes are records up to the longest that a record may be; one more is named, and the next row is read', async () => {
    const longest = 'x'.repeat(maxRecordChars);
    const found = await read(
      `号,病程\n1,${longest}\n2,${longest}y\n3,"${'痛，'.repeat(350_000)}"\n4,好。`,
    );
    expect(found.map((one) => (one.kind === 'record' ? one.text.length : one.problem))).toEqual([
      maxRecordChars,
      { code: 'TEXT_TOO_LARGE', params: { chars: maxRecordChars + 1, limit: maxRecordChars } },
      700_000,
      2,
    ]);
  });

  it('a hundred thousand of them all come, in order', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `${i},病例${i}。`);
    await writeFile(join(folder, 'many.csv'), `号,病程\n${lines.join('\n')}`);
    let [count, inOrder] = [0, true];
    for await (const one of readDocument(join(folder, 'many.csv'), { table: columns })) {
      inOrder &&=
        one.kind === 'record' && one.text === `病例${count}。` && one.caseId === `${count}`;
      count += 1;
    }
    expect([count, inOrder]).toEqual([100_000, true]);
  });

  it('shorter and longer ones, blank ones, and one without text keep their numbers', async () => {
    const rows = '号,病程\n1\n\n3,患者。,多一格\n,\n5,"  "\n6,患者。';
    expect(await texts(rows)).toEqual(['1: EMPTY_TEXT', '3: 患者。', '5: EMPTY_TEXT', '6: 患者。']);
  });

  it.each([';', '\t', '|'])('separated by %j, with commas in their words', async (mark) => {
    const rows = [
      ['号', '病程'],
      ['1', '头痛, 三天, 伴呕吐'],
      ['2', '无'],
    ];
    const content = rows.map((cells) => cells.join(mark)).join('\n');
    expect(await texts(content)).toEqual(['1: 头痛, 三天, 伴呕吐', '2: 无']);
  });

  it('a case id that Excel has shortened is noticed; one that is guarded is freed', async () => {
    const found = await read('号,病程\n3.20101E+17,患者。\n"=""0012""",患者。\n');
    expect(found).toMatchObject([
      { caseId: '3.20101E+17', source: { notices: ['ID_DIGITS_LOST'] } },
      { caseId: '0012', source: { notices: [] } },
    ]);
  });
});

it('a file that is not there is unreadable', async () => {
  const found: ReadRecord[] = [];
  for await (const one of readDocument(join(folder, 'gone.csv'), { table: columns })) {
    found.push(one);
  }
  expect(found.map(shown)).toEqual(['file: FILE_UNREADABLE']);
});

it('stopped in the middle of a long one, nothing more is read', async () => {
  const path = join(folder, 'long.csv');
  const out = createWriteStream(path);
  for (let i = 0; i < 200_000; i += 1) out.write(`${i},患者头痛三天，伴呕吐。\n`);
  await new Promise((resolve) => out.end(resolve));
  const stop = new AbortController();
  let count = 0;
  const reading = (async () => {
    for await (const one of readDocument(path, { table: columns, signal: stop.signal })) {
      if (one.kind === 'record') count += 1;
      if (count === 10) stop.abort();
    }
  })();
  await expect(reading).rejects.toBeInstanceOf(Cancelled);
  expect(count).toBeLessThan(200_000);
});

it('a preview guesses headings and columns, and shows long cells cut', async () => {
  const path = join(folder, 'a.csv');
  await writeFile(path, `住院号,姓名,病程记录\n2001,甲,${'头痛。'.repeat(200)}\n2002,乙,发热。\n`);
  const { columns: names, rows, suggestion, totalRows } = await previewTable(path);
  expect(names).toEqual(['住院号', '姓名', '病程记录']);
  expect(suggestion).toEqual({ heading: true, textColumns: [2], caseIdColumn: 0 });
  expect(totalRows).toBe(2);
  expect(rows[0]?.[2]).toHaveLength(200);
});
