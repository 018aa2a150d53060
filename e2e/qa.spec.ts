/** Questions to a record: quotations by the built-in model, and cited answers by one that writes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesHolding, expect, modelReady, pasteRecord, signIn, test } from './app';
import { findings } from './axe';
import { ask, exchanges, highlighted, lastIn, saved, writeAnsweringModel } from './qa-page';

const record = [
  '主诉：反复胸闷三天。',
  '既往史：高血压病史十年。青霉素过敏。',
  '诊疗经过：予阿司匹林口服，症状好转。',
].join('\n');

/** Asked without a record, and what the model would answer. */
const free = '孩子发烧？';
const freeAnswer = '您得的是流感。可用布洛芬混悬液，每次5ml，每6小时一次。不用去医院。';

let folder = '';
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-qa-model-'));
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

test('the built-in model answers with quotations, each one click from its words, and keeps them', async ({
  start,
}) => {
  const first = await start();
  const { page, userData } = first;
  await modelReady(page);
  await pasteRecord(page, '门诊病历', record);
  await page.getByTestId('nav-qa').click();
  await expect(page.getByTestId('quotes-only')).toBeVisible();

  // One key asks a question that is at hand; the answer is the record's own words.
  await expect(page.getByTestId('quick-question').first()).toBeEnabled();
  await page.getByTestId('record-body').focus();
  await page.keyboard.press('1');
  await lastIn(page, 'answered').waitFor();
  await expect(page.getByTestId('answer-head')).toHaveText('病历原文中的相关内容');
  await expect(page.getByTestId('quote')).toHaveText(['[1] 青霉素过敏。']);
  await page.getByTestId('cite').first().focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => highlighted(page)).toEqual(['青霉素过敏。']);

  // What the record does not say is not answered, and says how sure that is.
  await ask(page, '孩子上几年级');
  await lastIn(page, 'answered').waitFor();
  await expect(page.getByTestId('answer-head').last()).toHaveText('病历中未找到依据');
  await expect(exchanges(page).last().getByTestId('confidence')).toBeVisible();
  await expect(exchanges(page).last().getByTestId('quote')).toHaveCount(0);
  expect(await findings(page)).toEqual([]);

  // A changed question is a branch; both are kept, also over a restart.
  await exchanges(page).last().getByTestId('edit-question').click();
  await page.getByTestId('question').fill('高血压几年了');
  await page.keyboard.press('Enter');
  await expect(exchanges(page).last().getByTestId('ways')).toContainText('2 / 2');
  await lastIn(page, 'answered').waitFor();
  await expect(exchanges(page).last()).toContainText('高血压病史十年。');

  // Long lists are folded; nothing of them is left out.
  const drugs = Array.from({ length: 15 }, (_, at) => `口服阿司匹林${at + 1}mg每日一次。`);
  await pasteRecord(page, '长期用药', drugs.join('\n'));
  await page.getByTestId('nav-qa').click();
  await ask(page, '现用药？');
  await lastIn(page, 'answered').waitFor();
  await expect(page.getByTestId('quote')).toHaveCount(12);
  await expect(page.getByTestId('unfold-quotes')).toHaveText('显示其余 3 处');
  await page.getByTestId('unfold-quotes').press('Enter');
  await expect(page.getByTestId('quote')).toHaveCount(15);
  await expect(page.getByTestId('cite').nth(12)).toBeFocused();
  // A page that may be printed holds them all at once.
  await page.getByTestId('summarise').click();
  await expect(page.getByTestId('summary-line')).toHaveCount(10);
  await expect(
    page.getByTestId('summary-line').filter({ hasText: '口服阿司匹林1mg' }).getByTestId('quote'),
  ).toHaveCount(15);
  await page.keyboard.press('Escape');
  await page.getByTestId('record-row').filter({ hasText: '门诊病历' }).click();
  await expect(exchanges(page).last()).toContainText('高血压病史十年。');

  // A question of one's own among those at hand.
  await page.getByTestId('edit-quick').click();
  await page.getByTestId('quick-line').first().fill('口服什么药？');
  await page.getByTestId('save-quick').click();
  await expect(page.getByTestId('quick-question').first()).toContainText('口服什么药？');

  // One page, each line with what it is from.
  await page.getByTestId('summarise').click();
  await expect(page.getByTestId('summary-line')).toHaveCount(10);
  const lines = page.getByTestId('summary-line').and(page.locator('[data-basis="record"]'));
  for (const line of await lines.all())
    await expect(line.getByTestId('quote').first()).toBeVisible();
  expect(await lines.count()).toBeGreaterThan(2);
  await page.getByTestId('copy-summary').click();
  await expect(page.getByText('已复制')).toBeVisible();
  await page.keyboard.press('Escape');
  await saved(page);
  await first.quit();
  expect(await filesHolding(userData, '青霉素过敏')).toEqual([]);

  const again = await start({ userData });
  await again.page.getByTestId('record-row').filter({ hasText: '门诊病历' }).click();
  await again.page.getByTestId('nav-qa').click();
  await expect(again.page.getByTestId('quick-question').first()).toContainText('口服什么药？');
  const select = again.page.getByTestId('conversation-select');
  await expect(select.locator('option')).toHaveCount(2);
  await select.selectOption({ index: 1 });
  await expect(exchanges(again.page)).toHaveCount(2);
  await exchanges(again.page).last().getByTestId('previous-way').click();
  await expect(exchanges(again.page).last()).toContainText('孩子上几年级');
  // Deleted, and taken back.
  await again.page.getByTestId('remove-conversation').click();
  await again.page.getByRole('button', { name: '撤销' }).click();
  await expect(exchanges(again.page)).toHaveCount(2);
});

test('a model that writes cites every sentence; a lock and a crash keep what was written', async ({
  start,
}) => {
  const answer = `对青霉素过敏。${'一二三四五六七八九十百千万甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉'}。`;
  const model = await writeAnsweringModel(folder, {
    ...{ record, answer },
    free: { question: free, answer: freeAnswer },
  });
  const running = await start({ env: { CHIMED_MODEL: model } });
  const { page, pidOf } = running;
  await modelReady(page);
  await pasteRecord(page, '门诊病历', record);
  await page.getByTestId('nav-qa').click();
  // Before it is asked: what it takes of the context.
  await expect(page.getByTestId('context-meter')).toContainText('/ 2,048');
  await ask(page, '有无药物过敏？');
  await lastIn(page, 'answered').waitFor();
  const text = page.getByTestId('answer-text');
  await expect(text).toContainText('对青霉素过敏。[1]');
  await expect(page.getByTestId('answer-head')).toContainText('未经医师核对');
  await text.getByTestId('cite').first().click();
  await expect.poll(() => highlighted(page)).toEqual(['青霉素过敏。']);
  expect(await findings(page)).toEqual([]);
  await page.getByTestId('copy-answer').click();
  await expect(page.getByText('已复制')).toBeVisible();
  const clipboard = await running.app.evaluate(({ clipboard: system }) => system.readText());
  expect(clipboard).toContain('对青霉素过敏。[1]');
  expect(clipboard).toContain('未经医师核对');
  expect(clipboard).toMatch(/\[1\] 青霉素过敏。 （门诊病历，第 \d+–\d+ 字）/);

  // A host that hangs and dies: the question stands, marked, and can be asked again.
  const host = await pidOf('chimed-model-host');
  process.kill(host, 'SIGSTOP');
  await ask(page, '还有呢？');
  await lastIn(page, 'running').waitFor();
  process.kill(host, 'SIGKILL');
  await lastIn(page, 'failed').waitFor();
  await expect(exchanges(page).last()).toContainText('HOST_DIED');
  await modelReady(page);
  await exchanges(page).last().getByTestId('again').click();
  await lastIn(page, 'answered').waitFor();

  // A lock in the middle: stopped, kept, and nothing of it is readable on the disk.
  const next = await pidOf('chimed-model-host');
  process.kill(next, 'SIGSTOP');
  await ask(page, '罕见的问题？');
  await lastIn(page, 'running').waitFor();
  await page.getByTestId('lock').click();
  await page.getByTestId('gate').waitFor();
  expect(await filesHolding(running.userData, '罕见的问题')).toEqual([]);
  await signIn(page);
  await page.getByTestId('record-row').first().click();
  await page.getByTestId('nav-qa').click();
  await lastIn(page, 'partial').waitFor();
  await expect(exchanges(page).last()).toContainText('罕见的问题？');
  await expect(exchanges(page).last().getByTestId('partial')).toBeVisible();

  // Without a record it is marked as such, orders no drug, and says what is to be checked.
  await page.getByTestId('qa-scope').selectOption('none');
  await expect(page.getByTestId('no-record-notice')).toBeVisible();
  await expect(page.getByTestId('record-body')).toHaveCount(0);
  await modelReady(page);
  await ask(page, free);
  await lastIn(page, 'answered').waitFor();
  const said = exchanges(page).last();
  await expect(said.getByTestId('answer-text')).toHaveText(
    '您得的是流感。【用药请由医师填写】。不用去医院。',
  );
  await expect(said.getByTestId('order-left-out')).toBeVisible();
  await expect(said.getByTestId('answer-guard')).toHaveText([
    '没有病历依据的确定诊断',
    '让患者不必就医',
  ]);
  expect(await findings(page)).toEqual([]);
});
