/** A schema of one's own, from a template to facts, without a line of code. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { annotationSchemaSchema } from '../src-main/domain/contract/annotation-schema';
import { answerSaveDialog, expect, modelReady, runExtraction, shownFacts, test } from './app';
import { findings } from './axe';
import { testModel } from './fixtures/test-models';

let folder = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-schema-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

test('a template is copied, changed by keyboard, refused while it is wrong, saved, tried, exported, imported and used', async ({
  start,
}) => {
  test.setTimeout(150_000);
  const env = { CHIMED_MODEL: await testModel('scripted') };
  const { app, page, quit, userData } = await start({ env });
  await page.getByTestId('open-sample').first().click();
  await modelReady(page);
  await page.getByTestId('nav-schemas').click();
  await page.getByTestId('template-schema').filter({ hasText: '六类实体' }).first().click();
  await page.getByTestId('schema-duplicate').click();
  await page.getByTestId('schema-name').fill('本科室的六类');

  // A type without a name: said where it is, and nothing can be saved.
  const lines = page.getByTestId('outline-line');
  const before = await lines.count();
  await page.keyboard.press('Control+Shift+E');
  await expect(lines).toHaveCount(before + 1);
  await expect(page.getByTestId('schema-save')).toBeDisabled();
  await page.getByTestId('fault').first().click();
  await page.keyboard.type('过敏原');
  await page.getByTestId('part-description').fill('病历写明引起过敏的药物或物质');
  await expect(page.getByTestId('fault-list')).toHaveCount(0);
  await expect(page.getByTestId('schema-save')).toBeEnabled();
  expect(await findings(page)).toEqual([]);

  // Up by two places; undone and done again; saved: all by keys.
  const names = () => lines.allInnerTexts();
  const at = (await names()).indexOf('过敏原');
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(async () => (await names()).indexOf('过敏原')).toBe(at - 2);
  await page.keyboard.press('Control+z');
  await expect.poll(async () => (await names()).indexOf('过敏原')).toBe(at - 1);
  await page.keyboard.press('Control+y');
  await expect.poll(async () => (await names()).indexOf('过敏原')).toBe(at - 2);

  // A group, which comes once for each drug: its name, and an amount with a unit.
  await page.getByTestId('add-field').click();
  await page.getByTestId('part-name').fill('用药');
  await page.getByTestId('field-kind').selectOption('group');
  await page.getByTestId('part-description').fill('每一种用药');
  await expect(page.getByTestId('schema-save')).toBeDisabled();
  await page.getByTestId('fault').first().click();
  await page.keyboard.type('药名');
  await page.getByTestId('add-member').click();
  await page.getByTestId('part-name').fill('剂量');
  await page.getByTestId('field-kind').selectOption('number');
  await page.getByTestId('field-units').fill('mg\ng');
  await expect(page.getByTestId('fault-list')).toHaveCount(0);
  await page.keyboard.press('Control+s');
  const state = page.getByTestId('schema-state');
  await expect(state).toHaveAttribute('data-version', '1');
  await expect(state).toHaveAttribute('data-dirty', 'false');

  // As text: a mistake is told by its line, and the form shows what is right again.
  await page.getByTestId('raw-toggle').click();
  const raw = page.getByTestId('raw-text');
  const text = await raw.inputValue();
  await raw.fill(text.replace('"过敏原"', '"过敏原'));
  await expect(page.getByTestId('raw-fault')).toContainText(/\d/);
  await raw.fill(text.replace('病历写明引起过敏的', '病历写明的引起过敏的'));
  await expect(page.getByTestId('raw-fault')).toBeHidden();
  await page.getByTestId('raw-toggle').click();
  await page.getByTestId('schema-save').click();
  await expect(state).toHaveAttribute('data-version', '2');

  // The real prompt with its cost, and the model's answer to it.
  await page.getByTestId('dry-run-open').click();
  await expect(page.getByTestId('dry-run-prompt')).toContainText('过敏原');
  await expect(page.getByTestId('dry-run-prompt')).toContainText('剂量');
  expect(
    Number(await page.getByTestId('dry-run-cost').getAttribute('data-tokens')),
  ).toBeGreaterThan(100);
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByTestId('dry-run').waitFor({ state: 'hidden' });

  // Out as a file, and in again as another one.
  const file = join(folder, 'own-schema.json');
  await answerSaveDialog(app, file);
  await page.getByTestId('schema-export').click();
  const saved = async () => readFile(file, 'utf8').catch(() => '');
  await expect.poll(saved).toContain('过敏原');
  const exported = annotationSchemaSchema.parse(JSON.parse(await saved()));
  expect(exported.fields).toMatchObject([
    { kind: 'group', id: '用药', fields: [{ id: '药名' }, { id: '剂量', units: ['mg', 'g'] }] },
  ]);
  await page.getByTestId('schema-file').setInputFiles(file);
  await page.getByTestId('schema-save').click();
  await expect(page.getByTestId('own-schema')).toHaveCount(2);

  // Deleted and taken back: the keys are at what is chosen, not lost with the button.
  await page.getByTestId('schema-remove').click();
  await expect(page.getByTestId('own-schema')).toHaveCount(1);
  await expect(page.getByTestId('own-schema')).toBeFocused();
  await page.keyboard.press('Control+z');
  await expect(page.getByTestId('own-schema')).toHaveCount(2);

  // It is chosen like any other, and its facts are words of the record.
  await page.getByTestId('nav-extraction').click();
  await page.getByTestId('schema-select').selectOption({ label: '本科室的六类' });
  await runExtraction(page);
  const facts = await shownFacts(page);
  expect(facts.map(({ text: words }) => words)).toContain('呋塞米');

  // What a batch with it would cost is asked of the model, as with every other schema.
  await page.getByTestId('nav-batch').click();
  await page.getByTestId('new-batch').click();
  await page.getByTestId('batch-schema').selectOption({ label: '本科室的六类' });
  await page.getByTestId('batch-kind-notes').check();
  await page.getByTestId('batch-text').fill('患者因高血压口服呋塞米。');
  await expect(page.getByTestId('estimate-tokens')).toHaveAttribute('data-tokens', /^[1-9]\d{2,}$/);
  await page.keyboard.press('Escape');
  await quit();

  const again = await start({ userData, env });
  await again.page.getByTestId('nav-schemas').click();
  await expect(again.page.getByTestId('own-schema')).toHaveCount(2);
});
