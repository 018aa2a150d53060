/** A sample with two doctors: drawn, reviewed blind, compared, adjudicated, and reported. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { answerSaveDialog, expect, filesHolding, signIn, test } from './app';
import { findings } from './axe';
import { makeProfile, testPassphrase, testUser } from './profile';
import { attributeNote, mentionIn, storeNotes, type Note } from './stored-run';

const other = '海上明月共潮生二〇二六';
const text = '患者张哨兵高血压病史10年，口服硝苯地平控释片，行头颅CT检查。';
const note = (title: string, words: string): Note => ({
  title,
  text: words,
  facts: [
    mentionIn(words, ['疾病和诊断', '高血压', {}]),
    mentionIn(words, ['药物', '硝苯地平控释片', {}]),
    mentionIn(words, ['影像检查', '头颅CT', {}]),
  ],
});

const confirmed = (page: Page) =>
  page.locator('[data-testid="confirm-bar"][data-confirmed="true"]').waitFor();

/** Each fact of the record on screen by one key, and the confirmation. */
async function review(page: Page, keys: readonly string[]): Promise<void> {
  const facts = page.getByTestId('fact');
  await expect(facts).toHaveCount(keys.length);
  for (const [at, key] of keys.entries()) {
    await expect(facts.nth(at)).toHaveAttribute('data-decision', 'pending');
    await page.keyboard.press(key);
  }
  await page.keyboard.press('Control+Enter');
  await confirmed(page);
}

async function signInAs(page: Page, name: string, passphrase: string): Promise<void> {
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
  await page.getByTestId('sign-in-user').selectOption({ label: name });
  await signIn(page, passphrase);
}

test('two doctors: a sample, a blind review, the agreement, one adjudication, the methods text', async ({
  start,
}) => {
  const userData = await mkdtemp(join(tmpdir(), 'chimed-research-'));
  await makeProfile(userData);
  await storeNotes(userData, [note('甲', text), note('乙', `${text}复查。`), attributeNote]);
  const { app, page, quit } = await start({ userData });

  // The first doctor confirms two of three records, and adds a colleague.
  for (const title of ['甲', '乙']) {
    await page.getByTestId('nav-records').click();
    await page.getByTestId('record-row').filter({ hasText: title }).first().click();
    await review(page, ['Space', 'Space', title === '甲' ? 'x' : 'Space']);
  }
  await page.getByTestId('nav-users').click();
  await page.getByTestId('add-user').click();
  await page.getByTestId('user-name').fill('李医师');
  await page.getByTestId('user-staff').fill('D-2');
  await page.getByTestId('new-passphrase').fill(other);
  await page.getByTestId('passphrase-again').fill(other);
  await page.getByTestId('user-submit').click();
  await expect(page.getByTestId('user-row')).toHaveCount(2);

  await page.getByTestId('nav-research').click();
  await page.getByTestId('sample-schema').selectOption('ccks2019-symptom');
  await expect(page.getByTestId('sample-population')).toContainText('2');
  await page.getByTestId('sample-draw').click();
  await expect(page.getByTestId('study')).toHaveAttribute('data-stage', 'drawn');
  await expect(page.getByTestId('study-needs-other')).toBeVisible();
  // Not the page, whose first control is far away.
  await expect(page.getByTestId('sample-row')).toBeFocused();
  expect(await findings(page)).toEqual([]);

  // The second one begins again with what the model found, and sees nothing of the first.
  await signInAs(page, '李医师', other);
  await page.getByTestId('nav-research').click();
  await page.getByTestId('sample-row').click();
  await page.getByTestId('study-review').click();
  const work = page.getByTestId('research-work');
  await expect(work).toHaveAttribute('data-role', 'second');
  await expect(page.getByTestId('confirm-bar')).not.toContainText(testUser.name);
  await page.getByTestId('nav-records').click();
  await page.getByTestId('record-row').filter({ hasText: '甲' }).first().click();
  await expect(page.getByTestId('app')).toContainText('盲法复审期间不显示第一次审核');
  await expect(page.getByTestId('fact')).toHaveCount(0);
  await page.getByTestId('nav-research').click();
  await review(page, ['Space', 'Space', 'Space']);
  await page.keyboard.press('g');
  await expect(page.getByTestId('fact').first()).toHaveAttribute('data-decision', 'pending');
  await review(page, ['Space', 'Space', 'Space']);
  await page.keyboard.press('g');
  await page.getByTestId('study-compare').click();
  await expect(page.getByTestId('sample-row')).toBeFocused();
  const all = page.locator('[data-testid="agreement-row"][data-type=""] td');
  // 5 in both, one only in the second: 10 / 11.
  await expect(all).toHaveText(['5', '0', '1', '0.909', '0.909', /^0\.\d{3}$/]);
  expect(await findings(page)).toEqual([]);

  // Both have reviewed it: a third doctor is asked for, until who drew the sample lets them settle it.
  await expect(page.getByTestId('study-needs-third')).toBeVisible();
  await expect(page.getByTestId('study-adjudicate')).toHaveCount(0);
  await expect(page.getByTestId('study-allow-own')).toHaveCount(0);
  await signInAs(page, `${testUser.name} · ${testUser.title}`, testPassphrase);
  await page.getByTestId('nav-research').click();
  await page.getByTestId('sample-row').click();
  await expect(page.getByTestId('study-needs-third')).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await page.getByTestId('study-allow-own').click();
  await expect(page.getByTestId('study-own-allowed')).toBeVisible();

  // The one difference by one key, signed.
  await page.getByTestId('study-adjudicate').click();
  await expect(work).toHaveAttribute('data-role', 'adjudication');
  await expect(page.getByTestId('dispute')).toContainText('头颅CT');
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('1');
  await expect(page.getByTestId('dispute')).toHaveAttribute('data-outcome', 'first');
  await page.keyboard.press('Control+z');
  await expect(page.getByTestId('dispute')).toHaveAttribute('data-outcome', 'open');
  await page.keyboard.press('2');
  await page.keyboard.press('Control+Enter');
  await confirmed(page);
  await expect(page.getByTestId('review-amend')).toHaveCount(0);
  await page.keyboard.press('g');

  const shown = page.getByTestId('methods-text');
  await expect(shown).toHaveValue(/采用第一次 0 处，采用第二次 1 处，另行判定 0 处，未仲裁 0 处/);
  await expect(shown).toHaveValue(/其中 1 份病历由该病历的两位审核者之一仲裁/);
  await expect(shown).toHaveValue(/ChiMed Nano（SHA-256 a{64}）/);
  await page.getByTestId('methods-en').check();
  await expect(shown).toHaveValue(/Strict F1: 0\.909 \(in both 5, first only 0, second only 1\)/);
  const saved = join(userData, 'methods.txt');
  await answerSaveDialog(app, saved);
  await page.getByTestId('methods-save').click();
  await expect.poll(() => readFile(saved, 'utf-8').catch(() => '')).toContain('0.909');
  expect(await readFile(saved, 'utf-8')).not.toMatch(/李医师|测试医师|哨兵/);
  expect(await filesHolding(join(userData, 'data'), '哨兵')).toEqual([]);

  // Who drew it keeps the log.
  await page.getByTestId('nav-audit').click();
  for (const kind of ['study-started', 'study-begun', 'study-compared', 'study-own-allowed']) {
    await expect(page.locator(`[data-testid="audit-row"][data-kind="${kind}"]`)).toHaveCount(1);
  }
  await quit();
  await rm(userData, { recursive: true, force: true });
});
