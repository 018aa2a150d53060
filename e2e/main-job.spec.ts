/** The main job, end to end: a record in, facts out, highlighted, stored, reopened. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../scripts/project';
import {
  expect,
  filesHolding,
  modelReady,
  pasteRecord,
  runExtraction,
  shownFacts,
  test,
} from './app';

const sample = await readFile(
  join(projectRoot, 'resources/samples/01-admission-cardiology.txt'),
  'utf8',
);

test('the sample record is extracted; every fact stands at its words; a click selects both sides', async ({
  start,
}) => {
  const { page } = await start();
  await page.getByTestId('open-sample').first().click();
  await modelReady(page);
  await runExtraction(page);
  const facts = await shownFacts(page);
  expect(facts.length).toBeGreaterThan(15);
  for (const fact of facts) expect(sample.slice(fact.start, fact.end)).toBe(fact.text);
  expect(facts.map(({ text }) => text)).toContain('冠状动脉粥样硬化性心脏病');
  expect(new Set(facts.map(({ type }) => type)).size).toBeGreaterThanOrEqual(5);

  await page.getByTestId('fact').nth(3).click();
  const selected = page.locator(
    '[data-testid="highlight"][aria-current="true"], [data-testid="highlight"].selected',
  );
  await expect(selected).toHaveText(facts[3]?.text ?? '');
  await page.getByTestId('highlight').nth(0).click();
  await expect(page.getByTestId('fact').nth(0)).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('[data-testid="save-state"][data-saved="true"]')).toBeVisible();
});

test('everything is there again after a restart, also after IndexedDB was deleted', async ({
  start,
}) => {
  const first = await start();
  await modelReady(first.page);
  await pasteRecord(
    first.page,
    '随访记录',
    '患者高血压病史10年，口服硝苯地平控释片，近日头晕，查头颅CT未见异常。',
  );
  await runExtraction(first.page);
  await expect(first.page.locator('[data-testid="save-state"][data-saved="true"]')).toBeVisible();
  const before = await shownFacts(first.page);
  expect(before.length).toBeGreaterThan(1);
  const { userData } = first;
  await first.quit();

  for (const remove of [[], ['IndexedDB']]) {
    for (const name of remove) await rm(join(userData, name), { recursive: true });
    const again = await start({ userData });
    await again.page.getByTestId('record-row').filter({ hasText: '随访记录' }).click();
    await expect.poll(() => shownFacts(again.page)).toEqual(before);
    await expect(again.page.getByTestId('record-body')).toContainText('口服硝苯地平控释片');
    await again.quit();
  }
});

test('no clinical text lies on disk in clear', async ({ start }) => {
  const { page, userData, quit } = await start();
  await modelReady(page);
  await pasteRecord(
    page,
    '术前讨论甲乙丙',
    '患者拟行腹腔镜胆囊切除术，既往哮喘病史，对头孢曲松过敏。',
  );
  await runExtraction(page);
  await expect(page.locator('[data-testid="save-state"][data-saved="true"]')).toBeVisible();
  await quit();
  for (const words of ['腹腔镜胆囊切除术', '头孢曲松', '术前讨论甲乙丙']) {
    expect(await filesHolding(userData, words)).toEqual([]);
  }
  // The search finds what is there: the settings and lock files are readable, records are not.
  expect(await filesHolding(userData, 'maximized')).not.toEqual([]);
});

test('stop is at once: what was found stays, is saved as stopped, and the next run works', async ({
  start,
}) => {
  const { page } = await start();
  await modelReady(page);
  await pasteRecord(page, '长病历', sample.repeat(40));
  await page.getByTestId('run-extraction').click();
  await page.getByTestId('fact').first().waitFor();
  await page.getByTestId('stop-extraction').click();
  await page.locator('[data-testid="run-status"][data-status="stopped"]').waitFor();
  expect((await shownFacts(page)).length).toBeGreaterThan(0);
  await expect(page.locator('[data-testid="save-state"][data-saved="true"]')).toBeVisible();
  await pasteRecord(page, '短病历', '患者高血压病史10年。');
  await runExtraction(page);
});
