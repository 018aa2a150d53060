import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { documents } from './batch.fixture';
import { ChosenFiles } from './chosen-files';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-chosen-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('which files cannot be read, and why, is told by name before a batch begins', async () => {
  await writeFile(join(folder, 'a.txt'), '患者甲，头痛三天。');
  await writeFile(join(folder, 'b.docx'), 'PK\u0003\u0004 damaged');
  await writeFile(join(folder, 'c.txt'), '');
  await writeFile(join(folder, 'd.jpg'), 'picture');
  const chosen = new ChosenFiles(documents);
  chosen.offer('ticket', [folder]);
  const { files, refused, sample } = await chosen.examine('ticket', new AbortController().signal);
  expect([files, refused]).toEqual([3, ['d.jpg']]);
  expect(sample).toMatchObject({ files: 3, records: 1, problems: 2 });
  expect(sample.unreadable.map(({ name }) => name)).toEqual(['b.docx', 'c.txt']);
  expect(sample.unreadable.map(({ code }) => code)).toEqual(['DOCUMENT_DAMAGED', 'FILE_EMPTY']);
});
