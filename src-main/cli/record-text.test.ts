import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { docxOf, paragraph, run } from '../documents/fixtures/docx.fixture';
import { pdfOf, scannedPage, textAt } from '../documents/fixtures/pdf.fixture';
import { readRecordText } from './record-text';

// A document of an office program is read in a thread that has to start first.
vi.setConfig({ testTimeout: 120_000 });

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-record-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function textOf(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return readRecordText(join(folder, name));
}

afterEach(() => void vi.restoreAllMocks());

test('a page of a pdf that is a scan is said to be missing from its text', async () => {
  const heard = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const pages = [textAt(50, 780, '患者头痛。'), scannedPage];
  expect(await textOf('a.pdf', pdfOf({ pages }))).toBe('患者头痛。');
  expect(heard.mock.calls.map(([line]) => String(line))).toEqual([
    expect.stringMatching(/^chimed: .*a\.pdf: .+\n$/),
  ]);
});

test('the record of a question or a draft may be a text or a Word file, and is never a table', async () => {
  expect(await textOf('a.txt', '\uFEFF患者头痛。')).toBe('患者头痛。');
  expect(await textOf('a.docx', docxOf(paragraph(run('患者头痛。'))))).toBe('患者头痛。');
  await expect(textOf('a.csv', '号,病程\n1,头痛')).rejects.toMatchObject({
    code: 'TABLE_NEEDS_BATCH',
  });
  await expect(textOf('b.txt', '')).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  await expect(readRecordText(join(folder, 'none'))).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
  });
});
