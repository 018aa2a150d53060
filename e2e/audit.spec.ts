/** The audit log: what is done is in it, nothing of a record is, and what is changed in it is found. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, filesHolding, modelReady, pasteRecord, runExtraction, signIn, test } from './app';
import { findings } from './axe';
import { makeProfile, testPassphrase } from './profile';
import { attributeNote, storeNoteWithAttributes } from './stored-run';

interface Row {
  readonly n: number;
  readonly event: { readonly kind: string };
  readonly actor: string;
  readonly subject?: string;
  readonly result: string;
}

async function logOf(userData: string): Promise<Row[]> {
  const folder = join(userData, 'audit');
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf-8')));
  return texts
    .flatMap((text) => text.split('\n').filter((line) => line !== ''))
    .map((line) => JSON.parse(line) as Row)
    .filter((row) => 'n' in row);
}

const kindsShown = (page: Page): Promise<(string | null)[]> =>
  page
    .getByTestId('audit-row')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-kind')));

test('a day of work is in the log: who, what, on which id; and none of its words', async ({
  start,
}) => {
  const { page, userData, quit } = await start({ vault: 'locked' });
  await page.getByTestId('sign-in-passphrase').fill('不是这个口令，也不是那个');
  await page.getByTestId('sign-in').click();
  await page.getByTestId('error-banner').waitFor();
  await signIn(page);
  await modelReady(page);
  await pasteRecord(page, '张哨兵的随访', '患者张哨兵，男，45岁，高血压病史10年。');
  await runExtraction(page);
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
  await signIn(page);
  const anchors = async () =>
    (await logOf(userData)).filter(({ event }) => event.kind === 'anchor').length;
  await expect.poll(anchors).toBe(3);
  await quit();
  const log = await logOf(userData);
  const kinds = log.map(({ event }) => event.kind);
  expect(kinds.filter((kind) => kind !== 'record-viewed')).toEqual([
    'app-started',
    'sign-in-failed',
    'sign-in',
    'anchor',
    'record-created',
    'run-saved',
    'anchor',
    'locked',
    'sign-in',
    'anchor',
    'anchor',
    'app-ended',
    'locked',
  ]);
  expect(kinds).toContain('record-viewed');
  expect(log.find(({ event }) => event.kind === 'sign-in-failed')?.result).toBe('PASSPHRASE_WRONG');
  const record = log.find(({ event }) => event.kind === 'record-created');
  expect(record?.subject).toMatch(/^[0-9a-f-]{36}$/);
  expect(record?.actor).toBe(log.find(({ event }) => event.kind === 'sign-in')?.actor);
  expect(await filesHolding(join(userData, 'audit'), '哨兵')).toEqual([]);
});

test('the screen filters, verifies and exports; it is accessible', async ({ start }) => {
  const { app, page, userData } = await start();
  await page.getByTestId('nav-audit').click();
  await page.getByTestId('audit-row').first().waitFor();
  expect(await findings(page)).toEqual([]);
  await page.getByTestId('audit-kind').selectOption('sign-in');
  await expect.poll(() => kindsShown(page)).toEqual(['sign-in']);
  await page.getByTestId('audit-failed').check();
  await expect(page.getByTestId('audit-row')).toHaveCount(0);
  await page.getByTestId('audit-failed').uncheck();
  await page.getByTestId('audit-kind').selectOption('');
  await page.getByTestId('audit-verify').click();
  await expect(page.getByTestId('audit-result')).toHaveAttribute('data-faults', '0');
  expect(await findings(page)).toEqual([]);
  const path = join(userData, 'audit.csv');
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, path);
  await page.getByTestId('audit-csv').click();
  await expect.poll(() => readFile(path, 'utf-8').catch(() => '')).toContain('登录');
  await expect.poll(() => kindsShown(page)).toContain('exported');
});

test('a log that was changed on the disk is named at the next sign-in and by verification', async ({
  start,
}) => {
  const { userData, quit } = await start();
  await quit();
  const folder = join(userData, 'audit');
  const [name = ''] = (await readdir(folder)).filter((each) => each.endsWith('.jsonl'));
  const text = await readFile(join(folder, name), 'utf-8');
  await writeFile(join(folder, name), text.replace('"kind":"sign-in"', '"kind":"printed"'));
  const { page } = await start({ userData });
  await expect(
    page.locator('[data-testid="error-banner"][data-code="AUDIT_TAMPERED"]'),
  ).toBeVisible();
  await page.getByTestId('nav-audit').click();
  await page.getByTestId('audit-verify').click();
  await expect(page.getByTestId('audit-result')).not.toHaveAttribute('data-faults', '0');
});

test(
  'a confirmation that a kill kept from the log is in it after the next sign-in, once',
  { tag: '@slow' },
  async ({ start }) => {
    const { userData, quit } = await start({ vault: 'none' });
    await quit();
    await makeProfile(userData);
    await storeNoteWithAttributes(userData);
    const confirmations = async (): Promise<Row[]> =>
      (await logOf(userData)).filter(({ event }) => event.kind === 'confirmed');

    const killed = await start();
    await killed.page.getByTestId('record-row').first().click();
    await killed.page.getByTestId('fact').first().waitFor();
    for (let at = 1; at < attributeNote.facts.length; at += 1) {
      await killed.page.keyboard.press('Space');
    }
    await killed.page.keyboard.press('Control+Enter');
    await killed.page.locator('[data-testid="confirm-bar"][data-confirmed="true"]').waitFor();
    await expect.poll(async () => (await confirmations()).length).toBe(1);
    const [told] = await confirmations();
    const closed = killed.app.waitForEvent('close');
    killed.app.process().kill('SIGKILL');
    await closed;
    // As the kill would have left it a moment earlier.
    const [name = ''] = (await readdir(join(userData, 'audit'))).filter((each) =>
      each.endsWith('.jsonl'),
    );
    const path = join(userData, 'audit', name);
    const text = await readFile(path, 'utf-8');
    const end = text.lastIndexOf('\n', text.indexOf('"kind":"confirmed"')) + 1;
    await writeFile(path, text.slice(0, end));
    expect(await confirmations()).toEqual([]);

    const { page, quit: quitAgain } = await start({ userData });
    await expect.poll(async () => (await confirmations()).length).toBe(1);
    const [added] = await confirmations();
    expect(added).toMatchObject({
      ...{ actor: told?.actor, subject: told?.subject },
      event: { ...told?.event, addedLater: expect.stringMatching(/Z$/) },
    });
    await page.getByTestId('nav-audit').click();
    await page.getByTestId('audit-kind').selectOption('confirmed');
    const row = page.locator('[data-testid="audit-row"][data-kind="confirmed"]');
    await expect(row).toHaveCount(1);
    await expect(row).toContainText('方案：六类实体和症状（第 1 版）');
    await expect(row).toContainText('事后补记');
    await page.getByTestId('audit-verify').click();
    await expect(page.getByTestId('audit-result')).toHaveAttribute('data-faults', '0');
    await quitAgain();
    const again = await start({ userData });
    // The anchor of a sign-in comes behind the comparison.
    const sinceSignIn = async (): Promise<string[]> => {
      const kinds = (await logOf(userData)).map(({ event }) => event.kind);
      return kinds.slice(kinds.lastIndexOf('sign-in'));
    };
    await expect.poll(sinceSignIn).toEqual(['sign-in', 'anchor']);
    await again.quit();
    expect(await confirmations()).toHaveLength(1);
  },
);

test('an older copy of the file of users is named', async ({ start }) => {
  const first = await start();
  const vault = join(first.userData, 'data', 'vault.json');
  const before = await readFile(vault);
  const { page } = first;
  await page.getByTestId('nav-users').click();
  await page.getByTestId('add-user').click();
  await page.getByTestId('user-name').fill('李医师');
  await page.getByTestId('user-staff').fill('D-2');
  await page.getByTestId('new-passphrase').fill('海上明月共潮生二〇二六');
  await page.getByTestId('passphrase-again').fill('海上明月共潮生二〇二六');
  await page.getByTestId('user-submit').click();
  await expect(page.getByTestId('user-row')).toHaveCount(2);
  await first.quit();
  await writeFile(vault, before);
  const again = await start({ vault: 'locked' });
  await signIn(again.page, testPassphrase);
  await expect(
    again.page.locator('[data-testid="error-banner"][data-code="KEYRING_ROLLED_BACK"]'),
  ).toBeVisible();
});

test('an older copy of the records is named', async ({ start }) => {
  const first = await start();
  await pasteRecord(first.page, '第一份', '患者高血压病史10年。');
  await first.quit();
  const data = join(first.userData, 'data');
  const names = ['journal.cmj', 'record-keys.cmk'];
  const before = await Promise.all(names.map((name) => readFile(join(data, name))));
  const second = await start();
  await pasteRecord(second.page, '第二份', '患者糖尿病史5年。');
  await second.quit();
  for (const [index, name] of names.entries()) {
    await writeFile(join(data, name), before[index] ?? '');
  }
  const { page } = await start();
  await expect(
    page.locator('[data-testid="error-banner"][data-code="JOURNAL_ROLLED_BACK"]'),
  ).toBeVisible();
  await expect(page.getByTestId('record-row')).toHaveCount(1);
});
