/** The search over all records, as a doctor uses it: by keyboard, to the place, and gone at the lock. */
import type { Page } from '@playwright/test';
import { expect, pasteRecord, signIn, test } from './app';
import { findings } from './axe';

const filler = '查体未见明显异常。\n'.repeat(400);
const far = `${filler}既往高血壓病史10年，口服硝苯地平控释片。\n${filler}`;

/** What is highlighted, and whether it is in sight. */
function shown(page: Page): Promise<{ text: string; inSight: boolean } | null> {
  return page.evaluate(() => {
    const [range] = CSS.highlights.get('found') ?? [];
    if (!(range instanceof Range)) return null;
    const place = range.getBoundingClientRect();
    const pane = document.querySelector('[data-pane="text"]')?.getBoundingClientRect();
    const inSight = !!pane && place.top >= pane.top && place.bottom <= pane.bottom;
    return { text: range.toString(), inSight };
  });
}

async function threeRecords(page: Page): Promise<void> {
  await pasteRecord(page, '第一份', far);
  await pasteRecord(page, '第二份', '患者高血压病史，行头颅CT检查，未见异常。');
  await pasteRecord(page, '第三份', '患者糖尿病病史，无高血脂。');
  await page.getByTestId('nav-records').click();
}

/**
 * Presses Escape in the frame in which a place is first highlighted, while it may yet be scrolled to.
 * @returns what is highlighted some frames later
 */
function leaveAtOnce(page: Page): Promise<string | null> {
  return page.evaluate(async () => {
    const text = () => {
      const [range] = CSS.highlights.get('found') ?? [];
      return range instanceof Range ? range.toString() : null;
    };
    const frame = () => new Promise(requestAnimationFrame);
    const before = text();
    document.activeElement?.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true, cancelable: true }),
    );
    while (text() === before || text() === null) await frame();
    document.activeElement?.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }),
    );
    for (let count = 0; count < 5; count += 1) await frame();
    return text();
  });
}

test('by keyboard: found while typing, chosen with arrows, opened at its place, left with Escape', async ({
  start,
}) => {
  const { page } = await start();
  await threeRecords(page);
  await page.keyboard.press('Control+f');
  await expect(page.getByTestId('search-box')).toBeFocused();
  await page.keyboard.type('高血压');
  const hits = page.getByTestId('search-hit');
  await expect(hits).toHaveCount(2);
  await expect(hits.first()).toContainText('第二份');
  await expect(page.getByTestId('search-snippet').last().locator('mark')).toHaveText('高血壓');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(hits.last()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('app')).toHaveAttribute('data-screen', 'extraction');
  await expect.poll(() => shown(page)).toEqual({ text: '高血壓', inSight: true });
  await expect(page.getByTestId('record-body')).toBeFocused();

  // The narrow list shows the same hits; moving there opens each at its place.
  await page.keyboard.press('/');
  await expect(page.getByTestId('search-box')).toHaveValue('高血压');
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => shown(page)).toEqual({ text: '高血压', inSight: true });
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => shown(page)).toEqual({ text: '高血壓', inSight: true });
  expect(await leaveAtOnce(page)).toBeNull();
  await expect(page.getByTestId('record-row')).toHaveCount(3);
  await expect(page.getByTestId('search-box')).toHaveValue('');
});

test(
  'several words, full width and traditional writing; nothing found says so; what is deleted is not found',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    await threeRecords(page);
    const box = page.getByTestId('search-box');
    await box.fill('ｃｔ　高血壓');
    await expect(page.getByTestId('search-hit')).toHaveCount(1);
    await expect(page.getByTestId('search-hit')).toContainText('第二份');
    await box.fill('没有这个词');
    await expect(page.getByTestId('search-status')).toHaveText('没有找到');
    await expect(page.getByTestId('search-hit')).toHaveCount(0);
    await box.fill('第');
    await expect(page.getByTestId('search-hit')).toHaveCount(3);
    await page.getByTestId('search-hit').filter({ hasText: '第三份' }).click();
    await page.getByTestId('nav-records').click();
    await page.getByTestId('delete-record').click();
    await expect(page.getByTestId('search-hit')).toHaveCount(2);
    await box.fill('糖尿病');
    await expect(page.getByTestId('search-status')).toHaveText('没有找到');
  },
);

test('after a lock nothing of it is left, and it finds again after the next sign-in', async ({
  start,
}) => {
  const { page } = await start();
  await threeRecords(page);
  await page.getByTestId('search-box').fill('糖尿病');
  await expect(page.getByTestId('search-hit')).toHaveCount(1);
  await page.keyboard.press('F9');
  await page.getByTestId('sign-in-passphrase').waitFor();
  expect(await page.evaluate(() => document.body.innerHTML.includes('糖尿病'))).toBe(false);
  await signIn(page);
  await expect(page.getByTestId('record-row')).toHaveCount(3);
  await expect(page.getByTestId('search-box')).toHaveValue('');
  await page.getByTestId('search-box').fill('糖尿病');
  await expect(page.getByTestId('search-hit')).toHaveCount(1);
});

test(
  'axe finds nothing serious in the search, with hits and without',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    await threeRecords(page);
    for (const theme of ['light', 'dark'] as const) {
      await page.getByTestId('open-settings').click();
      await page.getByTestId(`theme-${theme}`).check();
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
      for (const query of ['高血压', '没有这个词']) {
        await page.getByTestId('search-box').fill(query);
        await expect(page.getByTestId('search-status')).toContainText('找到');
        expect(await findings(page)).toEqual([]);
      }
    }
  },
);
