/** Backup, restoring, the bin, history and wiping, through the real screens. */
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { answerDialog, expect, filesHolding, pasteRecord, test } from './app';
import { findings } from './axe';
import { makeProfile, testPassphrase, testUser } from './profile';

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

test(
  'a doctor chooses a place and backs up; nothing readable is in it, and the log has it',
  { tag: '@slow' },
  async ({ start }) => {
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
  },
);

test(
  'a scheduled backup is made after signing in; a missing disk is said',
  { tag: '@slow' },
  async ({ start }) => {
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
  },
);

test(
  'restored on another machine from the first start: wrong passphrase said, then all is there',
  { tag: '@slow' },
  async ({ start }) => {
    const first = await start();
    await pasteRecord(first.page, '第一份', '患者高血压病史10年。');
    await backUp(first.app, first.page);
    await first.quit();
    const machine = join(disk, 'machine');
    const { app, page } = await start({ vault: 'none', userData: machine });
    await page.getByTestId('restore').click();
    await answerDialog(app, join(disk, 'nothing'));
    await page.getByTestId('restore-choose').click();
    await expect(page.getByTestId('error-banner')).toBeVisible();
    await answerDialog(app, disk);
    await page.getByTestId('restore-choose').click();
    await page.getByTestId('restore-chosen').waitFor();
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('restore-passphrase').fill('不是这个口令，也不是那个');
    await page.getByTestId('restore-run').click();
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-code', 'PASSPHRASE_WRONG');
    const opened = app.waitForEvent('window');
    await page.getByTestId('restore-passphrase').fill(testPassphrase);
    await page.keyboard.press('Enter');
    const work = await opened;
    await expect(work.getByTestId('record-row')).toHaveCount(1);
    await work.getByTestId('nav-audit').click();
    await expect(work.locator('[data-testid="audit-row"][data-kind="restored"]')).toHaveCount(1);
    await work.getByTestId('audit-verify').click();
    await expect(work.getByTestId('audit-result')).toHaveAttribute('data-faults', '0');
  },
);

test(
  'a damaged keyring: the data moves aside, and the backup takes its place',
  { tag: '@slow' },
  async ({ start }) => {
    const first = await start();
    await pasteRecord(first.page, '第一份', '患者高血压病史10年。');
    const folder = await backUp(first.app, first.page);
    await pasteRecord(first.page, '第二份', '患者糖尿病史3年。');
    await first.quit();
    await writeFile(join(first.userData, 'data', 'vault.json'), '{"format":1');
    const { app, page } = await start({ vault: 'none' });
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-code', 'KEYRING_DAMAGED');
    await page.getByTestId('restore').click();
    await answerDialog(app, folder);
    await page.getByTestId('restore-choose').click();
    await page.getByTestId('restore-passphrase').fill(testPassphrase);
    await page.getByTestId('restore-run').click();
    await page.getByTestId('app').waitFor();
    await expect(page.getByTestId('record-row')).toHaveCount(1);
    // Nothing says that somebody put an old keyring back.
    await pasteRecord(page, '第三份', '患者哮喘。');
    await expect(page.getByTestId('record-row')).toHaveCount(2);
    await expect(page.getByTestId('error-banner')).toHaveCount(0);
    const names = await readdir(first.userData);
    expect(names.filter((name) => name.startsWith('data.set-aside-'))).toHaveLength(1);
  },
);

test(
  'records that do not open: a doctor locks them and restores a backup',
  { tag: '@slow' },
  async ({ start }) => {
    const first = await start();
    await pasteRecord(first.page, '第一份', '患者高血压病史10年。');
    await backUp(first.app, first.page);
    await first.quit();
    await truncate(join(first.userData, 'data', 'journal.cmj'), 40);
    const { page } = await start();
    await page.getByTestId('open-settings').click();
    await page.getByTestId('restore-offer').click();
    await page.getByTestId('gate').waitFor();
    await expect(page.getByTestId('restore')).toBeVisible();
  },
);

test(
  'the bin: restored from it, or deleted for good after naming the backups that hold it',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    await pasteRecord(page, '第一份', '患者高血压病史10年。');
    await page.getByTestId('nav-records').click();
    await pasteRecord(page, '第二份', '患者糖尿病史3年。');
    await page.getByTestId('nav-records').click();
    const folder = await backUp(app, page);
    for (const title of ['第一份', '第二份']) {
      const row = page.getByTestId('record-row').filter({ hasText: title });
      await row.click();
      await page.getByTestId('nav-records').click();
      await page.getByTestId('delete-record').click();
      await expect(row).toHaveCount(0);
    }
    await page.getByTestId('open-bin').click();
    await expect(page.getByTestId('bin-row')).toHaveCount(2);
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('bin-row').filter({ hasText: '第一份' }).click();
    await page.getByTestId('bin-restore').click();
    await expect(page.getByTestId('bin-row')).toHaveCount(1);
    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    // Keys of the list behind it do nothing here.
    await page.keyboard.press('Delete');
    await page.getByTestId('bin-shred').click();
    await expect(page.getByTestId('shred-backups')).toContainText(folder);
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('shred-confirm').click();
    await expect(page.getByTestId('bin-row')).toHaveCount(0);
    await page.getByTestId('close-bin').click();
    await expect(page.getByTestId('record-row')).toHaveCount(1);
    await page.getByTestId('nav-audit').click();
    await expect(
      page.locator('[data-testid="audit-row"][data-kind="record-shredded"]'),
    ).toHaveCount(1);
  },
);

test(
  'a record tells its history: titles, the bin and back, and who',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    await pasteRecord(page, '初次记录', '患者高血压病史10年。');
    await page.getByTestId('nav-records').click();
    await page.getByTestId('rename-record').click();
    await page.getByTestId('rename-title').fill('更正标题');
    await page.getByTestId('save-title').click();
    await page.getByTestId('rename-dialog').waitFor({ state: 'hidden' });
    await page.getByTestId('delete-record').click();
    await page.getByTestId('open-bin').click();
    await page.getByTestId('bin-row').click();
    await page.getByTestId('bin-restore').click();
    await page.getByTestId('close-bin').click();
    await page.getByTestId('record-history').click();
    const rows = page.getByTestId('history-row');
    await expect(rows).toHaveCount(4);
    expect(
      await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-kind'))),
    ).toEqual(['restored', 'deleted', 'renamed', 'created']);
    await expect(rows.first()).toContainText(testUser.name);
    await expect(rows.nth(2)).toContainText('更正标题');
    expect(await findings(page)).toEqual([]);
  },
);

test(
  'the workstation is wiped behind a word and the passphrase; the log says so, and it begins anew',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page, userData } = await start();
    await pasteRecord(page, '第一份', '患者高血压病史10年。');
    await page.getByTestId('open-settings').click();
    await page.getByTestId('wipe').click();
    await page.getByTestId('wipe-passphrase').fill('不是这个口令，也不是那个');
    await expect(page.getByTestId('wipe-run')).toBeDisabled();
    await page.getByTestId('wipe-word').fill('清除');
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('wipe-run').click();
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-code', 'PASSPHRASE_WRONG');
    const opened = app.waitForEvent('window');
    await page.getByTestId('wipe-passphrase').fill(testPassphrase);
    await page.getByTestId('wipe-run').click();
    const fresh = await opened;
    await fresh.getByTestId('first-start').waitFor();
    expect((await readdir(userData)).filter((name) => name.startsWith('data'))).toEqual([]);
    const log = await readFile(
      join(userData, 'audit', (await readdir(join(userData, 'audit')))[0] ?? ''),
      'utf-8',
    );
    expect(log).toContain('"wiped"');
    // The next account's verification finds the log sound, with the anchors of one it never knew.
    await makeProfile(userData);
    await app.close();
    const again = await start();
    await again.page.getByTestId('nav-audit').click();
    await again.page.getByTestId('audit-verify').click();
    await expect(again.page.getByTestId('audit-result')).toHaveAttribute('data-faults', '0');
    await expect(again.page.getByTestId('error-banner')).toHaveCount(0);
  },
);
