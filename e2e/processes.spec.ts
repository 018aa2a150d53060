/** Processes die, pages reload, models are broken: each ends in a clear state, and work goes on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../scripts/project';
import { expect, modelReady, pasteRecord, runExtraction, shownFacts, test } from './app';
import { brokenModels, testModel } from './fixtures/make-models';

const sample = await readFile(
  join(projectRoot, 'resources/samples/01-admission-cardiology.txt'),
  'utf8',
);

test(
  'a model host killed in the middle of a run: a typed error, facts kept, and it starts again',
  { tag: '@slow' },
  async ({ start }) => {
    const { page, pidOf } = await start();
    await modelReady(page);
    await pasteRecord(page, '长病历', sample.repeat(40));
    await page.getByTestId('run-extraction').click();
    await page.getByTestId('fact').first().waitFor();
    process.kill(await pidOf('chimed-model-host'), 'SIGKILL');
    await page.locator('[data-testid="run-status"][data-status="failed"]').waitFor();
    await expect(page.locator('[data-code="HOST_DIED"]').first()).toBeVisible();
    expect((await shownFacts(page)).length).toBeGreaterThan(0);
    await expect(page.locator('[data-testid="save-state"][data-saved="true"]')).toBeVisible();
    await modelReady(page);
    await pasteRecord(page, '短病历', '患者高血压病史10年。');
    await runExtraction(page);
  },
);

test(
  'a worker killed at any time is started again and nothing saved is missing',
  { tag: '@slow' },
  async ({ start }) => {
    const { page, pidOf } = await start();
    await pasteRecord(page, '之前', '患者高血压。');
    process.kill(await pidOf('chimed-worker'), 'SIGKILL');
    await expect(page.locator('[data-testid="worker-state"][data-phase="ready"]')).toBeVisible();
    await pasteRecord(page, '之后', '患者糖尿病。');
    await expect(page.getByTestId('record-row')).toHaveCount(2);
  },
);

test('a page reloaded in the middle of a run shows everything saved, and the next run is not held up', async ({
  start,
}) => {
  const { page } = await start();
  await modelReady(page);
  await pasteRecord(page, '长病历', sample.repeat(40));
  await page.getByTestId('run-extraction').click();
  await page.getByTestId('fact').first().waitFor();
  await page.reload();
  await page.getByTestId('app').waitFor();
  await modelReady(page);
  await expect(page.getByTestId('record-row')).toHaveCount(1);
  await pasteRecord(page, '短病历', '患者高血压病史10年。');
  await runExtraction(page);
});

test.describe('a model file that cannot be used is named as what it is', () => {
  const cases = [
    ['missing', 'MODEL_MISSING'],
    ['empty', 'MODEL_EMPTY'],
    ['notGguf', 'MODEL_NOT_GGUF'],
    ['truncated', 'MODEL_TRUNCATED'],
    ['headCountZero', 'MODEL_STRUCTURE'],
  ] as const;
  for (const [kind, code] of cases) {
    test(`${kind}: ${code}; records can still be read and written`, async ({ start }) => {
      const broken = await brokenModels();
      const path = kind === 'missing' ? `${broken.empty}.nowhere` : broken[kind];
      const { page } = await start({ env: { CHIMED_MODEL: path } });
      await page.locator('[data-testid="host-state"][data-phase="failed"]').waitFor();
      await expect(page.getByTestId('status-bar')).toContainText(code);
      await pasteRecord(page, '甲', '患者高血压。');
      await expect(page.getByTestId('record-body')).toHaveText('患者高血压。');
    });
  }
});

test('a test model says that its output has no meaning, and typed-list extraction is grounded', async ({
  start,
}) => {
  const { page } = await start({ env: { CHIMED_MODEL: await testModel('scripted') } });
  await page.getByTestId('open-sample').first().click();
  await modelReady(page);
  await expect(page.locator('[data-testid="model-banner"][data-standing="test"]')).toBeVisible();
  await runExtraction(page);
  const facts = await shownFacts(page);
  expect(facts.map(({ type, text }) => `${type}：${text}`)).toContain('药物：呋塞米');
  expect(facts.length).toBeGreaterThan(8);
  for (const fact of facts) expect(sample.slice(fact.start, fact.end)).toBe(fact.text);
});
