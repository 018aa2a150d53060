/** What the doctor sees and how it is worked: accessible, by keyboard, in both languages and themes. */
import type { Page } from '@playwright/test';
import { expect, modelReady, pasteRecord, runExtraction, test } from './app';
import { findings } from './axe';
import { testUser } from './profile';

async function appearance(
  page: Page,
  change: { locale?: 'zh-CN' | 'en'; theme?: 'light' | 'dark' },
): Promise<void> {
  await page.getByTestId('open-settings').click();
  if (change.locale) await page.getByTestId(`locale-${change.locale}`).check();
  if (change.theme) await page.getByTestId(`theme-${change.theme}`).check();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

test(
  'axe finds nothing serious on any screen, light and dark, at both sizes',
  { tag: '@slow' },
  async ({ start }) => {
    for (const size of [
      { width: 1280, height: 800 },
      { width: 1920, height: 1080 },
    ]) {
      const { page, quit } = await start({ size });
      await modelReady(page);
      for (const theme of ['light', 'dark'] as const) {
        await appearance(page, { theme });
        await page.getByTestId('nav-records').click();
        expect(await findings(page)).toEqual([]);
        await page.keyboard.press('Control+n');
        await page.getByTestId('new-record-dialog').waitFor();
        expect(await findings(page)).toEqual([]);
        await page.keyboard.press('Escape');
        // While a dialog is on its way out, keys are still its own.
        await page.getByTestId('new-record-dialog').waitFor({ state: 'hidden' });
        await page.keyboard.press('?');
        await page.getByTestId('shortcuts-dialog').waitFor();
        expect(await findings(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByTestId('open-settings').click();
        expect(await findings(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByTestId('nav-models').click();
        expect(await findings(page)).toEqual([]);
        await page.getByTestId('nav-records').click();
        if (theme === 'light' && size.width === 1280) {
          await pasteRecord(
            page,
            '随访',
            '患者高血压病史10年，口服硝苯地平控释片，查头颅CT未见异常。',
          );
          await runExtraction(page);
        } else {
          await page.getByTestId('record-row').first().click();
          await page.getByTestId('nav-extraction').click();
        }
        await page.getByTestId('fact').first().click();
        expect(await findings(page)).toEqual([]);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        expect(overflow).toBeLessThanOrEqual(0);
      }
      await quit();
    }
  },
);

test('the main job by keyboard alone', async ({ start }) => {
  const { page } = await start();
  await modelReady(page);
  await page.keyboard.press('Control+n');
  await page.getByTestId('new-record-dialog').waitFor();
  await page.getByTestId('record-text').focus();
  // Shortcuts of one letter must not act while a doctor types.
  await page.keyboard.type('j?k 患者高血压病史10年，口服硝苯地平控释片，行头颅CT检查。');
  await expect(page.getByTestId('shortcuts-dialog')).toHaveCount(0);
  await page.keyboard.press('Control+Enter');
  await page.getByTestId('new-record-dialog').waitFor({ state: 'hidden' });
  // Before its text is there, a record cannot be run.
  await expect(page.getByTestId('run-extraction')).toBeEnabled();
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-testid="run-status"][data-status="completed"]').waitFor();
  await page.keyboard.press('j');
  await expect(page.locator('[data-testid="fact"][aria-selected="true"]')).toHaveCount(1);
  await page.keyboard.press('?');
  await expect(page.getByTestId('shortcuts-dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('shortcuts-dialog')).toHaveCount(0);
});

test('the language switches at once, is remembered, and does not mix', async ({ start }) => {
  const first = await start();
  const { page, userData } = first;
  const words = async () =>
    (await page.getByTestId('app').innerText()).replaceAll(testUser.name, '');
  await modelReady(page);
  const ofChinese = /ChiMed Nano|ChiMed-GPT|\.?txt|docx|pdf/g;
  expect((await words()).replace(ofChinese, '')).not.toMatch(/[A-Za-z]{3,}/);
  await appearance(page, { locale: 'en' });
  await expect(page.getByTestId('nav-records')).toContainText('Records');
  expect(await words()).not.toMatch(/\p{Script=Han}/u);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
  await first.quit();
  const again = await start({ userData });
  await expect(again.page.getByTestId('nav-records')).toContainText('Records');
});

test('nothing of a record is in the window title', async ({ start }) => {
  const { app, page } = await start();
  await pasteRecord(page, '张某某术前讨论', '患者高血压病史10年。');
  const titles = await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => window.getTitle()),
  );
  expect(titles).toEqual(['医疗文本工作站']);
});

test('the window opens where and as large as it was', async ({ start }) => {
  const first = await start({ size: { width: 1100, height: 700 } });
  const boundsOf = (app: typeof first.app) =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds());
  const before = await boundsOf(first.app);
  await first.quit();
  const again = await start({ userData: first.userData, size: null });
  expect(await boundsOf(again.app)).toEqual(before);
});
