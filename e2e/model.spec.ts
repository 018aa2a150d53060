/**
 * What the program says of its model: the notice and card of the built-in one, schemas that a model
 * does not serve, and the attributes that a model states.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { projectRoot } from '../scripts/project';
import { modelCardSchema, type ModelCard } from '../src-main/domain/contract/model-card';
import { expect, modelReady, pasteRecord, runExtraction, test } from './app';
import { findings } from './axe';
import { attributeNote, storeNoteWithAttributes } from './stored-run';

const folders: string[] = [];
test.afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** The default model's file under a card of ours; path of the copy. */
async function modelWith(change: Partial<ModelCard>): Promise<{ path: string; card: ModelCard }> {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-model-'));
  folders.push(folder);
  const text = await readFile(join(projectRoot, 'models/default.card.json'), 'utf8');
  const card = { ...modelCardSchema.parse(JSON.parse(text)), ...change };
  const path = join(folder, 'model.gguf');
  await copyFile(join(projectRoot, 'models/default.gguf'), path);
  await writeFile(join(folder, 'model.card.json'), JSON.stringify(card));
  return { path, card };
}

const builtIn = { id: 'chimed-nano', name: 'ChiMed Nano', standing: 'release' } as const;
const banner = (page: Page) => page.getByTestId('model-banner');

test(
  'the built-in model says once what it is, how ChiMed-GPT is used, and what its card says',
  { tag: '@slow' },
  async ({ start }) => {
    const { path, card } = await modelWith(builtIn);
    const first = await start({ env: { CHIMED_MODEL: path } });
    const { page, userData } = first;
    await modelReady(page);
    await pasteRecord(page, '甲', '患者高血压病史10年。');
    await expect(banner(page)).toContainText('不是 ChiMed-GPT');
    await expect(banner(page)).toContainText('ChiMed Nano');
    const name = page.getByTestId('model-name');
    await expect(name).toHaveText(/ChiMed Nano\s+内置小模型/);

    await page.getByTestId('how-to-chimed-gpt').click();
    const view = page.getByTestId('models-view');
    await expect(view).toContainText('npx chimed model convert');
    await expect(view).toContainText('npx chimed extract --model');
    await expect(view).toContainText('没有发布 GGUF');
    await expect(page.getByTestId('model-sha256')).toHaveText(card.sha256);
    await expect(page.getByTestId('model-limits')).toHaveText(card.limits?.['zh-CN'] ?? '');
    await expect(page.getByTestId('model-scores').locator('tbody tr')).toHaveCount(
      card.scores?.length ?? 0,
    );
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('nav-extraction').click();
    expect(await findings(page)).toEqual([]);

    await page.getByTestId('dismiss-model-banner').click();
    await expect(banner(page)).toHaveCount(0);
    await first.quit();

    const again = await start({ userData, env: { CHIMED_MODEL: path } });
    await modelReady(again.page);
    await again.page.getByTestId('record-row').first().click();
    await runExtraction(again.page);
    await expect(banner(again.page)).toHaveCount(0);
    // Its card stays within reach.
    await again.page.getByTestId('model-name').click();
    await expect(again.page.getByTestId('model-card')).toContainText(card.licence);
  },
);

test('the card is in the language of the window, scores and all', async ({ start }) => {
  const { path } = await modelWith(builtIn);
  const { page } = await start({
    env: { CHIMED_MODEL: path, LANG: 'en_US.UTF-8', LANGUAGE: 'en' },
  });
  await modelReady(page);
  await page.getByTestId('model-name').click();
  const view = page.getByTestId('models-view');
  await expect(view).toContainText('strict micro-F1');
  expect(await view.innerText()).not.toMatch(/\p{Script=Han}/u);
});

test('where neither model nor rules state attributes, that is said, so that a denial is not taken for a finding', async ({
  start,
}) => {
  const { card } = await modelWith({});
  const strategies = card.strategies.map((strategy) =>
    strategy.kind === 'marked-copy' ? { ...strategy, attributes: [] } : strategy,
  );
  const { path } = await modelWith({ strategies });
  const { page } = await start({ env: { CHIMED_MODEL: path } });
  await modelReady(page);
  await pasteRecord(page, '甲', '患者否认糖尿病，有高血压病史10年。');
  // This schema asks for none, so that no rule supplies them.
  await page.getByTestId('schema-select').selectOption('ccks2019');
  await runExtraction(page);
  await expect(page.getByTestId('fact').first()).toBeVisible();
  await expect(page.getByTestId('no-attributes')).toContainText('不区分否定');
});

test('a schema that the model does not serve is named as such before any run', async ({
  start,
}) => {
  const { capabilities } = (await modelWith({})).card;
  const { path } = await modelWith({ capabilities: { ...capabilities, schemas: ['ccks2019'] } });
  const { page } = await start({ env: { CHIMED_MODEL: path } });
  await modelReady(page);
  await pasteRecord(page, '甲', '患者高血压病史10年。');
  const run = page.getByTestId('run-extraction');
  await page.getByTestId('schema-select').selectOption('ccks2019');
  await expect(run).toBeEnabled();
  await page.getByTestId('schema-select').selectOption('ccks2019-symptom');
  await expect(run).toBeDisabled();
  await expect(run).toHaveAccessibleDescription('当前模型不支持此方案');
  await expect(page.getByTestId('schema-notice')).toBeVisible();
  await expect(page.locator('option[value="ccks2019-symptom"]')).toContainText('不支持');
  await page.getByTestId('record-body').focus();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByTestId('run-status')).toHaveAttribute('data-status', 'idle');
  await page.getByTestId('schema-select').selectOption('ccks2019');
  await runExtraction(page);
});

test('what a record denies does not look like what it affirms, in the list and in the text', async ({
  start,
}) => {
  const first = await start();
  await first.quit();
  const { userData } = first;
  await storeNoteWithAttributes(userData);
  const { page } = await start({ userData });
  await page.getByTestId('record-row').first().click();
  await page.getByTestId('nav-extraction').click();

  const rows = page.getByTestId('fact');
  await expect(rows).toHaveCount(attributeNote.facts.length);
  const row = (text: string) => rows.filter({ hasText: text });
  await expect(row('糖尿病').getByTestId('fact-attributes')).toHaveText(/否定\s*既往/);
  await expect(row('肺癌').getByTestId('fact-attributes')).toHaveText('家族史');
  await expect(row('肺部感染').getByTestId('fact-attributes')).toHaveText('疑似');
  await expect(row('高血压').getByTestId('fact-attributes')).toHaveCount(0);
  await expect(page.getByRole('option', { name: /糖尿病.*否定/ })).toHaveCount(1);

  const mark = (text: string) => page.getByTestId('highlight').filter({ hasText: text });
  const look = (text: string) =>
    mark(text).evaluate((element) => {
      const { outlineStyle, backgroundColor } = getComputedStyle(element);
      const cue = getComputedStyle(element, '::before').content;
      return { outlineStyle, backgroundColor, cue };
    });
  const [negated, affirmed] = [await look('糖尿病'), await look('高血压')];
  expect(negated.outlineStyle).toBe('dashed');
  expect(negated.cue).toContain('否');
  expect(affirmed.outlineStyle).toBe('none');
  // It is the selected one, and shows its type in the same place.
  expect(affirmed.cue).not.toContain('否');
  await expect(mark('高血压')).not.toHaveAttribute('data-cue');
  expect(negated.backgroundColor).not.toBe(affirmed.backgroundColor);
  await expect(mark('糖尿病')).toHaveAttribute('title', '否定 · 既往 · 疾病和诊断');
  // The cue is drawn, not written: the record's text stays what it is.
  await expect(page.getByTestId('record-body')).toHaveText(attributeNote.text);
  expect(await findings(page)).toEqual([]);
});
