/** Facts leave as files of every kind: what is in them, what is not, and what they say of themselves. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { parse } from 'csv-parse/sync';
import readXlsxFile from 'read-excel-file/node';
import { exportFileSchema, exportLineSchema } from '../src-main/domain/contract/export';
import { machineLabel } from '../src-main/domain/rules/export/export-label';
import { fhirFaults } from '../src-main/documents/export/fhir-rules.fixture';
import { expect, test } from './app';
import { findings } from './axe';
import { makeProfile } from './profile';
import { exportedFacts, storeReviewedRecords } from './stored-review';

let folder = '';
let userData = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-facts-'));
  userData = join(folder, 'profile');
  await makeProfile(userData);
  await storeReviewedRecords(userData);
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

/** Answers each of the system's dialogs for saving with the next of these places. */
function answerInTurn(app: ElectronApplication, paths: (string | null)[]): Promise<void> {
  return app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => {
      const filePath = chosen.shift() ?? null;
      return Promise.resolve({ canceled: filePath === null, filePath: filePath ?? '' });
    };
  }, paths);
}

async function openAll(page: Page): Promise<void> {
  await expect(page.getByTestId('record-row')).toHaveCount(3);
  await page.getByTestId('export-records').click();
  await counted(page);
}
const counted = (page: Page): Promise<void> =>
  page.locator('[data-testid="facts-counts"][data-phase="ready"]').waitFor();

async function save(page: Page): Promise<void> {
  await page.getByTestId('save-facts').click();
  await page.getByTestId('facts-dialog').waitFor({ state: 'hidden' });
}

async function openRecord(page: Page, title: string): Promise<void> {
  await page.getByTestId('record-row').filter({ hasText: title }).dblclick();
  await page.getByTestId('record-body').waitFor();
}

test('all records in every format, de-identified unless chosen otherwise, and read back', async ({
  start,
}) => {
  const { app, page } = await start({ userData });
  const endings = ['xlsx', 'csv', 'html', 'json', 'jsonl', 'fhir'] as const;
  const at = (name: string) => join(folder, name);
  for (const format of endings) {
    await answerInTurn(app, [at(`out.${format}`), at('dictionary.csv')]);
    await openAll(page);
    await page.getByTestId(`format-${format}`).check({ force: true });
    await counted(page);
    const records = format === 'fhir' ? '1' : '2';
    await expect(page.getByTestId('count-records')).toHaveText(records);
    await expect(page.getByTestId('count-withoutRun')).toHaveText('1');
    await save(page);
    expect((await stat(at(`out.${format}`))).mode & 0o777).toBe(0o600);
  }
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  const textOf = (format: string) => readFile(at(`out.${format}`), 'utf-8');
  for (const format of ['csv', 'html', 'json', 'jsonl', 'fhir']) {
    const content = await textOf(format);
    expect(content, format).not.toMatch(/张建国|00384512|13951860024|王医师/);
    if (format !== 'fhir') expect(content, format).toContain(machineLabel);
  }

  const [data, about] = await readXlsxFile(at('out.xlsx'));
  expect(data?.data).toHaveLength(exportedFacts.length * 2 + 1);
  expect(about?.data.map((row) => row[1])).toContain(machineLabel);

  const rows: Record<string, string>[] = parse(await textOf('csv'), { columns: true, bom: true });
  expect(rows.map((row) => row['原文'])).toEqual(
    [...exportedFacts, ...exportedFacts].map(({ text }) => text),
  );
  expect(new Set(rows.map((row) => row['运行结果']))).toEqual(new Set(['completed', 'incomplete']));
  const dictionary: string[][] = parse(await readFile(at('dictionary.csv')), { bom: true });
  expect(dictionary.slice(1).map((row) => row[1])).toEqual(Object.keys(rows[0] ?? {}));

  const json = exportFileSchema.parse(JSON.parse(await textOf('json')));
  expect(json.summary).toMatchObject({ records: 2, unconfirmedRecords: 1, partialRecords: 1 });
  for (const record of json.records)
    for (const { text, start: from, end } of record.facts)
      expect(record.text?.slice(from ?? 0, end ?? 0)).toBe(text);
  const lines = (await textOf('jsonl')).trimEnd().split('\n');
  for (const line of lines) exportLineSchema.parse(JSON.parse(line));
  expect(fhirFaults(JSON.parse(await textOf('fhir')))).toEqual([]);
  expect(await textOf('fhir')).toContain('"refuted"');

  await page.getByTestId('nav-audit').click();
  // A dictionary holds no record, and is none of them.
  const noted = page.locator('[data-testid="audit-row"][data-kind="exported"]');
  await expect(noted).toHaveCount(endings.length);
  for (const format of endings)
    await expect(noted.filter({ hasText: `${format}、` })).toContainText(
      `${format}、${format === 'fhir' ? 1 : 2} 条、已去标识`,
    );
});

test('one record as it is, confirmed only, a row a record', async ({ start }) => {
  const { app, page } = await start({ userData });
  await answerInTurn(app, [join(folder, 'out.xlsx')]);
  await openRecord(page, '已审核');
  await page.keyboard.press('Control+Shift+E');
  await counted(page);
  await page.getByTestId('which-confirmed').check();
  await page.getByTestId('form-wide').check();
  await page.getByTestId('facts-deidentify').uncheck();
  await expect(page.getByTestId('facts-original')).toBeVisible();
  await counted(page);
  await expect(page.getByTestId('count-unconfirmedFacts')).toHaveText('0');
  await save(page);
  const [data] = await readXlsxFile(join(folder, 'out.xlsx'));
  const [heading = [], row = []] = data?.data ?? [];
  expect(row[heading.indexOf('确认医师')]).toBe('王医师');
  expect(row[heading.indexOf('疾病和诊断（带标记）')]).toContain('糖尿病[否定, 既往]');
});

test('what was found can be corrected before, and the correction holds', async ({ start }) => {
  const { app, page } = await start({ userData });
  await answerInTurn(app, [join(folder, 'out.html')]);
  await openRecord(page, '未审核');
  await page.getByTestId('export-facts').click();
  await counted(page);
  await expect(page.getByTestId('facts-sample')).toContainText('张建国');
  await page.getByTestId('check-identifiers').click();
  await page.locator('[data-testid="found"][data-phase="ready"]').waitFor();
  await page.getByTestId('add-words').fill('硝苯地平控释片');
  await page.getByTestId('add-identifier').click();
  await page.getByTestId('save-export').click();
  await expect(page.getByTestId('identifiers-checked')).toBeVisible();
  await page.getByTestId('format-html').check({ force: true });
  await counted(page);
  await save(page);
  const html = await readFile(join(folder, 'out.html'), 'utf-8');
  expect(html).not.toMatch(/硝苯地平|张建国/);
  expect(html).toContain('糖尿病');
  expect(html).toContain('只有部分结果 [LENGTH_LIMIT]');
});

test('nothing confirmed is said, a closed dialog writes nothing, a bad place is told', async ({
  start,
}) => {
  const { app, page } = await start({ userData });
  await openRecord(page, '未审核');
  await page.getByTestId('export-facts').click();
  await counted(page);
  await page.getByTestId('format-fhir').check({ force: true });
  await expect(page.getByTestId('nothing-to-export')).toBeVisible();
  await expect(page.getByTestId('save-facts')).toBeDisabled();
  await page.getByTestId('format-json').check({ force: true });
  await counted(page);
  await answerInTurn(app, [null, join(userData, 'data', 'out.json')]);
  await page.getByTestId('save-facts').click();
  await expect(page.getByTestId('save-facts')).toBeEnabled();
  await page.getByTestId('save-facts').click();
  await expect(
    page.locator('[data-testid="error-banner"][data-code="OUTPUT_UNWRITABLE"]'),
  ).toBeVisible();
  expect(await readdir(folder)).toEqual(['profile']);
});

test(
  'the dialog has no serious finding of axe, in both themes and languages',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start({ userData });
    for (const locale of ['zh-CN', 'en'] as const)
      for (const theme of ['light', 'dark'] as const) {
        await page.getByTestId('open-settings').click();
        await page.getByTestId(`locale-${locale}`).check();
        await page.getByTestId(`theme-${theme}`).check();
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toHaveCount(0);
        await openAll(page);
        expect(await findings(page)).toEqual([]);
        if (locale === 'en') {
          const words = await page.getByTestId('facts-dialog').innerText();
          const sample = await page.getByTestId('facts-sample').innerText();
          expect(words.replace(sample, '')).not.toMatch(/\p{Script=Han}/u);
        }
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toHaveCount(0);
      }
  },
);
