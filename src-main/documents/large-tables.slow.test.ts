/** Tables of the size that a hospital exports in one go: all of their rows, in memory that stays small. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { textRows, xlsxOf } from './fixtures/xlsx.fixture';
import { previewTable } from './preview-table';
import { readDocument } from './read-document';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-large-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const words = '患者因反复胸闷气促三天入院，既往高血压病史十年，否认糖尿病史。';

/** @returns how many records, whether each is the one that stands there, and bytes by which memory grew */
async function readAll(path: string): Promise<{ count: number; inOrder: boolean; grown: number }> {
  let [count, inOrder, most] = [0, true, 0];
  const before = process.memoryUsage().rss;
  const table = { heading: true, textColumns: [1], caseIdColumn: 0 };
  for await (const one of readDocument(path, { table })) {
    inOrder &&=
      one.kind === 'record' &&
      one.caseId === `Z${count}` &&
      one.source.row === count + 1 &&
      one.text.startsWith(`病例${count}。`);
    count += 1;
    if (count % 1000 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
  return { count, inOrder, grown: most - before };
}

test('a csv of 200 MB with line ends in its cells: every row comes, and less than its size is held', async () => {
  const path = join(folder, 'large.csv');
  const out = createWriteStream(path);
  out.write('住院号,病程\r\n');
  let rows = 0;
  for (let bytes = 0; bytes < 200_000_000;) {
    let piece = '';
    for (let i = 0; i < 500; i += 1, rows += 1)
      piece += `Z${rows},"病例${rows}。\n${words.repeat(10)}"\r\n`;
    bytes += Buffer.byteLength(piece);
    if (!out.write(piece)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  expect((await stat(path)).size).toBeGreaterThan(200_000_000);
  const { count, inOrder, grown } = await readAll(path);
  expect([count, inOrder]).toEqual([rows, true]);
  expect(grown).toBeLessThan(200_000_000);
  expect((await previewTable(path)).suggestion).toMatchObject({
    textColumns: [1],
    caseIdColumn: 0,
  });
});

test('a workbook of 100,000 rows: every row comes', async () => {
  const path = join(folder, 'large.xlsx');
  const rows = Array.from({ length: 100_000 }, (_, i) => [`Z${i}`, `病例${i}。${words}`]);
  await writeFile(
    path,
    xlsxOf({ sheets: [{ name: '病历', rows: textRows([['住院号', '病程'], ...rows]) }] }),
  );
  const { count, inOrder } = await readAll(path);
  expect([count, inOrder]).toEqual([100_000, true]);
});
