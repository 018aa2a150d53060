/** Backup, restoring, the bin, history and wiping, through the real screens. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { answerDialog, expect, filesHolding, pasteRecord, test } from './app';
import { findings } from './axe';

let disk: string;
test.beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), 'chimed-disk-'));
});
test.afterEach(() => rm(disk, { recursive: true, force: true }));

/** Chooses the place and makes a backup there. @returns the path of its folder */
async function backUp(app: ElectronApplication, page: Page): Promise<string> {
  await answerDialog(app, disk);
  await page.getByTestId('open-settings').click();
  await page.getByTestId('backup-choose').click();
  await expect(page.getByTestId('backup-place')).toHaveText(disk);
  await page.getByTestId('backup-now').click();
  await expect(page.getByTestId('backup-last')).toContainText('已校验');
  await page.keyboard.press('Escape');
  await page.getByTestId('settings-dialog').waitFor({ state: 'hidden' });
  const [name = ''] = await readdir(disk);
  return join(disk, name);
}

test('a doctor chooses a place and backs up; nothing readable is in it, and the log has it', async ({
  start,
}) => {
  const { app, page } = await start();
  await pasteRecord(page, '张哨兵', '患者张哨兵，男，45岁，高血压病史10年。');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('backup-now')).toBeDisabled();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  const folder = await backUp(app, page);
  expect((await readdir(folder)).sort()).toEqual([
    'journal.cmj',
    'manifest.json',
    'record-keys.cmk',
    'vault.json',
  ]);
  expect(await filesHolding(disk, '哨兵')).toEqual([]);
  await page.getByTestId('nav-audit').click();
  await expect(page.locator('[data-testid="audit-row"][data-kind="backed-up"]')).toHaveCount(1);
});

test('a scheduled backup is made after signing in; a missing disk is said', async ({ start }) => {
  const first = await start();
  await pasteRecord(first.page, '第一份', '患者高血压病史10年。');
  await answerDialog(first.app, disk);
  await first.page.getByTestId('open-settings').click();
  await first.page.getByTestId('backup-choose').click();
  await first.page.getByTestId('backup-schedule').selectOption('daily');
  await first.quit();
  const second = await start();
  await expect.poll(() => readdir(disk)).toHaveLength(1);
  await second.quit();
  await rm(disk, { recursive: true });
  const third = await start();
  await third.page.getByTestId('open-settings').click();
  await third.page.getByTestId('backup-now').click();
  await expect(third.page.getByTestId('error-banner')).toHaveAttribute(
    'data-code',
    'BACKUP_PLACE_MISSING',
  );
});
