/** Several records at once, and the results of a batch: chosen, counted, exported, moved to the bin. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { exportFileSchema } from '../src-main/domain/contract/export';
import { answerDialog, answerSaveDialog, expect, modelReady, runExtraction, test } from './app';
import { findings } from './axe';
import { makeProfile } from './profile';
import { storeReviewedRecords } from './stored-review';

let folder = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-chosen-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

const rows = (page: Page) => page.getByTestId('record-row');
const list = (page: Page) => page.getByRole('listbox', { name: '病历列表' });
const marked = (page: Page): Promise<(string | null)[]> =>
  rows(page).evaluateAll((all) => all.map((row) => row.getAttribute('aria-selected')));
const counted = (page: Page): Promise<void> =>
  page.locator('[data-testid="facts-counts"][data-phase="ready"]').waitFor();

test('records are chosen by keys and by mouse, exported, and moved to the bin after one question', async ({
  start,
}) => {
  const userData = join(folder, 'profile');
  await makeProfile(userData);
  await storeReviewedRecords(userData);
  const { app, page } = await start({ userData });
  await expect(rows(page)).toHaveCount(3);
  const count = page.getByTestId('chosen-count');

  await list(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await expect(count).toHaveText('已选定 1 份，共 3 份');
  await page.keyboard.press('Shift+ArrowDown');
  expect(await marked(page)).toEqual(['true', 'true', 'false']);
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Shift+ArrowUp');
  expect(await marked(page)).toEqual(['true', 'false', 'false']);
  await page.keyboard.press('Escape');
  await expect(count).toHaveText('已取消选定');
  await expect(page.getByTestId('chosen-actions')).toHaveCount(0);

  await rows(page)
    .nth(2)
    .click({ modifiers: ['Control'] });
  await rows(page)
    .nth(1)
    .click({ modifiers: ['Shift'] });
  expect(await marked(page)).toEqual(['false', 'true', 'true']);
  await rows(page).nth(1).getByTestId('record-mark').click();
  await rows(page).nth(0).getByTestId('record-mark').click();
  expect(await marked(page)).toEqual(['true', 'false', 'true']);

  const out = join(folder, 'out.json');
  await answerSaveDialog(app, out);
  await page.keyboard.press('Control+Shift+E');
  await counted(page);
  await expect(page.getByTestId('scope-chosen')).toBeChecked();
  await expect(page.getByTestId('count-withoutRun')).toHaveText('1');
  await page.getByTestId('format-json').check({ force: true });
  await counted(page);
  await page.getByTestId('save-facts').click();
  await page.getByTestId('facts-dialog').waitFor({ state: 'hidden' });
  const json = exportFileSchema.parse(JSON.parse(await readFile(out, 'utf8')));
  expect(json.records.map(({ run, status }) => [run.schema, status])).toEqual([
    ['ccks2019-symptom', 'completed'],
  ]);

  await list(page).focus();
  await page.keyboard.press('Control+a');
  await expect(count).toHaveText('已选定 3 份，共 3 份');
  await page.keyboard.press('Delete');
  await page.getByTestId('remove-chosen-dialog').waitFor();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByTestId('remove-chosen-dialog').waitFor({ state: 'hidden' });
  await expect(rows(page)).toHaveCount(3);
  await page.getByTestId('remove-chosen').click();
  await page.getByTestId('remove-chosen-confirm').click();
  await expect(rows(page)).toHaveCount(0);
  await page.getByRole('button', { name: '撤销' }).click();
  await expect(rows(page)).toHaveCount(3);
});

test(
  'chosen records are extracted again as a batch: none is made, and what was decided is carried over',
  { tag: '@slow' },
  async ({ start }) => {
    const userData = join(folder, 'profile');
    await makeProfile(userData);
    await storeReviewedRecords(userData);
    const { page } = await start({ userData });
    await modelReady(page);
    const decided = page.locator('[data-testid="fact"][data-decision="accepted"]');
    await rows(page).filter({ hasText: '未审核' }).click();
    await page.getByTestId('fact').first().click();
    await page.keyboard.press('a');
    await expect(decided).toHaveCount(1);

    await page.getByTestId('nav-records').click();
    await list(page).focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+Enter');
    await page.getByTestId('new-batch-dialog').waitFor();
    await expect(page.getByTestId('new-batch-dialog')).toContainText('选定的病历：3 份');
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('batch-start').click();
    await page.locator('[data-testid="batch"][data-phase="finished"]').waitFor({ timeout: 60_000 });
    await expect(page.getByTestId('batch-done')).toHaveText('3 / 3 份');
    const done = page.locator('[data-testid="batch-item"][data-state="completed"]');
    await expect(done).toHaveCount(3);
    await done.filter({ hasText: '未审核' }).dblclick();
    await page.locator('[data-testid="run-status"][data-status="completed"]').waitFor();
    await expect(decided).toHaveCount(1);

    // Run with another schema since, it is opened from the batch with what the batch found.
    const shown = page.locator('[data-testid="result"][aria-pressed="true"]');
    await page.getByTestId('schema-select').selectOption('ccks2019');
    await runExtraction(page);
    await expect(shown).toHaveAttribute('data-schema', 'ccks2019');
    await page.getByTestId('nav-batch').click();
    await done.filter({ hasText: '未审核' }).dblclick();
    await expect(shown).toHaveAttribute('data-schema', 'ccks2019-symptom');
    await expect(decided).toHaveCount(1);
    await page.getByTestId('nav-records').click();
    await expect(rows(page)).toHaveCount(3);
    await expect(page.getByTestId('chosen-actions')).toHaveCount(0);
  },
);

test('a batch is exported as far as it has results, and what is missing is said', async ({
  start,
}) => {
  const { app, page } = await start();
  await modelReady(page);
  const notes = join(folder, 'notes');
  await mkdir(notes);
  await writeFile(join(notes, 'a.txt'), '患者高血压病史10年，口服硝苯地平控释片。');
  await writeFile(join(notes, 'b.txt'), '行头颅CT检查未见异常。诊断：急性阑尾炎。');
  await writeFile(join(notes, 'c.txt'), '');
  await answerDialog(app, notes);
  await page.getByTestId('nav-batch').click();
  await page.getByTestId('new-batch').click();
  await page.getByTestId('batch-folder').click();
  await page.getByTestId('batch-found').waitFor();
  await page.getByTestId('batch-start').click();
  await page.locator('[data-testid="batch"][data-phase="finished"]').waitFor({ timeout: 60_000 });

  const out = join(folder, 'out.json');
  await answerSaveDialog(app, out);
  await page.getByTestId('export-batch').focus();
  await page.keyboard.press('Enter');
  await counted(page);
  await expect(page.getByTestId('scope-chosen')).toBeChecked();
  const part = page.getByTestId('batch-part');
  await expect(part).toContainText('本批结果不全：3 份中只有 2 份有结果');
  await expect(part.getByTestId('missing-failed')).toHaveText('失败 1 份');
  await expect(page.getByTestId('count-records')).toHaveText('2');
  await expect(page.getByTestId('count-unconfirmed')).toHaveText('2');
  expect(await findings(page)).toEqual([]);
  await page.getByTestId('format-json').check({ force: true });
  await counted(page);
  await page.getByTestId('save-facts').click();
  await page.getByTestId('facts-dialog').waitFor({ state: 'hidden' });
  const json = exportFileSchema.parse(JSON.parse(await readFile(out, 'utf8')));
  expect(json.summary).toMatchObject({ records: 2, unconfirmedRecords: 2 });
});
