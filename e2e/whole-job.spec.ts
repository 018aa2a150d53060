/**
 * The whole job of a doctor, from files of every kind to files of every kind: a folder is dropped in, the
 * program is killed in the middle, what it found is reviewed by keyboard and signed, and everything is
 * there again at the next start.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import iconv from 'iconv-lite';
import { parse } from 'csv-parse/sync';
import { docxOf, paragraph, run } from '../src-main/documents/fixtures/docx.fixture';
import { pdfOf, scannedPage, textAt } from '../src-main/documents/fixtures/pdf.fixture';
import { textRows, xlsxOf } from '../src-main/documents/fixtures/xlsx.fixture';
import { exportFileSchema } from '../src-main/domain/contract/export';
import { fhirFaults } from '../src-main/documents/export/fhir-rules.fixture';
import { expect, modelReady, test } from './app';
import { dropFiles } from './drop-files';
import { testUser } from './profile';

let folder = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-whole-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

const note = (i: number): string =>
  `第${i}例。患者女，${50 + i}岁，高血压病史${i}年，口服硝苯地平控释片。行头颅CT检查，未见异常。`;

/** Eleven records in seven files, and two files that hold none. */
const records = 11;
async function writeMixedFiles(inside: string): Promise<void> {
  const files: Record<string, string | Buffer> = {
    '门诊 甲.txt': note(1).repeat(12),
    '旧系统.txt': iconv.encode(note(2).repeat(12), 'gb18030'),
    '出院小结.docx': docxOf(paragraph(run(note(3))) + paragraph(run(note(4)))),
    '检查报告.pdf': pdfOf({ pages: [textAt(72, 700, note(5).slice(0, 30))] }),
    '随访.csv': `病案号,记录\n` + [6, 7, 8].map((i) => `00${i},${note(i).repeat(12)}`).join('\n'),
    '随访.xlsx': xlsxOf({
      sheets: [
        {
          name: '随访',
          rows: textRows([
            ['病案号', '记录'],
            ...[9, 10, 11].map((i) => [`01${i}`, note(i).repeat(12)]),
          ]),
        },
      ],
    }),
    '末例.txt': note(12).repeat(12),
    '扫描件.pdf': pdfOf({ pages: [scannedPage] }),
    '坏的.docx': 'PK\u0003\u0004 damaged',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(inside, name), content);
}

const items = (page: Page, state: string) =>
  page.locator(`[data-testid="batch-item"][data-state="${state}"]`);

async function startBatch(page: Page, from: string): Promise<void> {
  await dropFiles(page, [from]);
  await page.getByTestId('batch-found').waitFor();
  // Both tables have been looked at, and their columns guessed.
  await expect(page.getByTestId('batch-table')).toHaveCount(2);
  await expect(page.getByTestId('case-column').first()).toHaveValue('0');
  await page.getByTestId('batch-start').click();
  await page.getByTestId('new-batch-dialog').waitFor({ state: 'hidden' });
}

/** Answers each of the system's dialogs for saving with the next of these places. */
function answerInTurn(app: ElectronApplication, paths: string[]): Promise<void> {
  return app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => {
      const filePath = chosen.shift() ?? '';
      return Promise.resolve({ canceled: filePath === '', filePath });
    };
  }, paths);
}

test('mixed files in, killed, resumed, reviewed by keyboard, signed, exported in every format, reopened', async ({
  start,
}) => {
  test.setTimeout(240_000);
  const mixed = await mkdtemp(join(folder, 'mixed-'));
  await writeMixedFiles(mixed);
  const first = await start();
  const { userData } = first;
  await modelReady(first.page);
  await startBatch(first.page, mixed);
  await expect.poll(() => items(first.page, 'completed').count()).toBeGreaterThan(0);
  process.kill(first.app.process().pid ?? 0, 'SIGKILL');
  await first.quit().catch(() => undefined);

  // It goes on by itself after the sign-in; what cannot be read says why, and fails alone.
  const second = await start({ userData });
  const { app, page } = second;
  await page.getByTestId('nav-batch').click();
  await items(page, 'completed').first().waitFor();
  const left = (await items(page, 'waiting').count()) + (await items(page, 'running').count());
  expect(left).toBeGreaterThan(0);
  await page.locator('[data-testid="batch"][data-phase="finished"]').waitFor({ timeout: 120_000 });
  await expect(items(page, 'completed')).toHaveCount(records);
  await expect(items(page, 'failed')).toHaveCount(2);
  for (const [name, words] of [
    ['扫描件', /扫描/],
    ['坏的', /损坏|不是|无法/],
  ] as const) {
    await items(page, 'failed').filter({ hasText: name }).click();
    await expect(page.getByTestId('batch')).toContainText(words);
  }

  // One of them is reviewed by keyboard alone, and signed.
  await items(page, 'completed').first().dblclick();
  const facts = page.getByTestId('fact');
  await expect(facts).not.toHaveCount(0);
  const count = await facts.count();
  for (let at = 0; at < count - 1; at += 1) await page.keyboard.press('Space');
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-testid="confirm-bar"][data-confirmed="true"]').waitFor();

  // Everything leaves in every format.
  await page.getByTestId('nav-records').click();
  await expect(page.getByTestId('record-row')).toHaveCount(records);
  const formats = ['xlsx', 'csv', 'html', 'json', 'jsonl', 'fhir'] as const;
  for (const format of formats) {
    await answerInTurn(app, [join(folder, `all.${format}`), join(folder, 'dictionary.csv')]);
    await page.getByTestId('export-records').click();
    const ready = page.locator('[data-testid="facts-counts"][data-phase="ready"]');
    await ready.waitFor();
    await page.getByTestId(`format-${format}`).check({ force: true });
    await ready.waitFor();
    await page.getByTestId('save-facts').click();
    await page.getByTestId('facts-dialog').waitFor({ state: 'hidden' });
    expect((await stat(join(folder, `all.${format}`))).size).toBeGreaterThan(0);
  }
  const json = exportFileSchema.parse(JSON.parse(await readFile(join(folder, 'all.json'), 'utf8')));
  expect(json.summary).toMatchObject({ records, unconfirmedRecords: records - 1 });
  for (const record of json.records)
    for (const { text, start: from, end } of record.facts)
      expect(record.text?.slice(from ?? 0, end ?? 0)).toBe(text);
  const rows: Record<string, string>[] = parse(await readFile(join(folder, 'all.csv')), {
    columns: true,
    bom: true,
  });
  expect(rows).toHaveLength(json.records.reduce((sum, record) => sum + record.facts.length, 0));
  const fhir: unknown = JSON.parse(await readFile(join(folder, 'all.fhir'), 'utf8'));
  expect(fhirFaults(fhir)).toEqual([]);
  // What was signed is in it, and is no mere list of who and where.
  const { entry } = fhir as { entry: { resource: { resourceType: string } }[] };
  const clinical = ['Condition', 'Procedure', 'MedicationStatement', 'Observation'];
  expect(entry.filter(({ resource }) => clinical.includes(resource.resourceType))).not.toEqual([]);
  await second.quit();

  // It is all there at the next start: the records, the batch, and who signed what.
  const third = await start({ userData });
  await expect(third.page.getByTestId('record-row')).toHaveCount(records);
  await third.page.locator('[data-testid="record-row"][data-review="done"]').click();
  await expect(third.page.getByTestId('confirmed-by')).toContainText(testUser.name);
  await expect(third.page.getByTestId('fact')).toHaveCount(count);
  await third.page.getByTestId('nav-batch').click();
  await third.page.locator('[data-testid="batch"][data-phase="finished"]').waitFor();
});
