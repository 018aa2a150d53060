/** A text leaves as a file: what identifies somebody is found, corrected and replaced before. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { answerSaveDialog, expect, pasteRecord, signIn, test } from './app';
import { findings } from './axe';

const note = [
  '姓名：张建国，男，67岁，住院号：00384512。',
  '身份证号：320106195603124519，电话：13951860024。',
  '张建国于2023年3月5日因胸闷入院，2023-03-19出院。阿毛代诉：胸闷\u200b三年。',
  '唐建华片区调查。阿毛否认外伤，剂量100mg。',
].join('\n');

let folder = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-export-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

async function openExport(page: Page, text = note): Promise<void> {
  await pasteRecord(page, '张建国', text);
  await page.getByTestId('record-body').waitFor();
  await page.keyboard.press('Control+e');
  await page.locator('[data-testid="found"][data-phase="ready"]').waitFor();
}

/** The marked words of a pane. */
function marked(page: Page, pane = 'export-original'): Promise<string[]> {
  return page
    .getByTestId(pane)
    .getByTestId('identifier')
    .evaluateAll((marks) => marks.map((mark) => mark.textContent ?? ''));
}

/** Drags the mouse over words, as a person selects them. @param nth which of the places, from 0 */
async function dragOver(page: Page, pane: string, words: string, nth = 0): Promise<void> {
  const box = await page.getByTestId(pane).evaluate(
    (element, { wanted, skip }) => {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      let left = skip;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.nodeValue ?? '';
        for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
          if (left-- > 0) continue;
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + wanted.length);
          range.startContainer.parentElement?.scrollIntoView({ block: 'nearest' });
          const { left: x, right, top, bottom } = range.getBoundingClientRect();
          return { x, right, y: (top + bottom) / 2 };
        }
      }
      return null;
    },
    { wanted: words, skip: nth },
  );
  if (!box) throw new Error(`${words} is not on screen`);
  await page.mouse.move(box.x + 1, box.y);
  await page.mouse.down();
  await page.mouse.move(box.right - 1, box.y, { steps: 4 });
  await page.mouse.up();
}

const codes = (page: Page): Promise<(string | null)[]> =>
  page
    .getByTestId('error-banner')
    .evaluateAll((all) => all.map((each) => each.getAttribute('data-code')));

test(
  'found, corrected by hand, and saved: the file holds no identifier, and all else as it was',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    const path = join(folder, 'out.txt');
    await answerSaveDialog(app, path);
    await openExport(page);
    await page.getByTestId('mode-deidentified').check();
    const before = await marked(page);
    expect(before).toEqual(
      expect.arrayContaining(['张建国', '00384512', '320106195603124519', '13951860024']),
    );
    expect(before).toEqual(expect.arrayContaining(['2023年3月5日', '2023-03-19']));
    const row = (kind: string) => page.locator(`[data-testid="kind-row"][data-kind="${kind}"]`);
    await expect(row('phone')).toHaveAttribute('data-count', '1');
    await expect(row('date')).toHaveAttribute('data-count', '2');

    // The hospital's number is to stay: a click, and the key.
    await page.getByTestId('export-original').getByText('00384512').click();
    await expect(page.getByTestId('selected-identifier')).toContainText('00384512');
    await page.keyboard.press('Delete');
    await expect(row('hospital-number')).toHaveAttribute('data-count', '0');

    // A nickname was missed; it is seen in the result, behind a character that cannot be seen.
    await dragOver(page, 'export-result', '阿毛', 1);
    await expect(page.getByTestId('add-words')).toHaveValue('阿毛');
    await page.keyboard.press('1');
    expect((await marked(page)).filter((words) => words === '阿毛')).toHaveLength(2);

    await page.getByTestId('save-export').click();
    await page.getByTestId('export-dialog').waitFor({ state: 'hidden' });
    const text = await readFile(path, 'utf-8');
    expect(text).not.toMatch(/张建国|320106|1395186|2023|阿毛/);
    expect(text).toContain('住院号：00384512');
    // Around what was replaced, every character is where it belongs.
    const filled = text.split(/【[^】]+】/);
    let at = 0;
    for (const piece of filled) {
      const found = note.indexOf(piece, at);
      expect(found, piece).toBeGreaterThanOrEqual(at);
      at = found + piece.length;
    }
    expect(at).toBe(note.length);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['out.txt']);
  },
);

test(
  'a selection behind an unseen character marks exactly what was selected',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    await openExport(page);
    await page.getByTestId('mode-deidentified').check();
    await dragOver(page, 'export-original', '三年');
    await expect(page.getByTestId('add-words')).toHaveValue('三年');
    await page.keyboard.press('7');
    await expect(page.getByTestId('selected-identifier')).toContainText('三年');
    await expect(page.getByTestId('export-result')).toContainText(/代诉：胸闷【日期[0-9]】。/);
  },
);

test('by keyboard alone, and the dialog that was closed leaves no file', async ({ start }) => {
  const { app, page } = await start();
  await answerSaveDialog(app, null);
  await openExport(page);
  const dialog = page.getByTestId('export-dialog');
  const focusOn = async (testid: string) => {
    for (let presses = 0; presses < 40; presses += 1) {
      const at = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
      if (at === testid) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`${testid} is not reached`);
  };
  await focusOn('mode-original');
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByTestId('mode-deidentified')).toBeChecked();
  await page.keyboard.press('j');
  await expect(page.getByTestId('selected-identifier')).toContainText('张建国');
  await page.keyboard.press('Shift+Delete');
  expect(await marked(page)).not.toContain('张建国');
  await page.keyboard.press('Control+z');
  expect((await marked(page)).filter((words) => words === '张建国')).toHaveLength(2);
  await focusOn('add-words');
  await page.keyboard.type('阿毛');
  await page.keyboard.press('Enter');
  expect(await marked(page)).toContain('阿毛');
  await page.keyboard.press('Control+Enter');
  // Nothing was chosen: the dialog stays, with what was corrected.
  await expect(page.getByTestId('save-export')).toBeEnabled();
  await expect(dialog).toBeVisible();
  await answerSaveDialog(app, join(folder, 'out.txt'));
  await page.keyboard.press('Control+Enter');
  await dialog.waitFor({ state: 'hidden' });
  expect(await readFile(join(folder, 'out.txt'), 'utf-8')).not.toContain('阿毛');
});

test(
  'the original is saved to the letter; a place that cannot be written is said, and another one chosen',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    await openExport(page);
    await page.getByTestId('mode-original').check();
    await answerSaveDialog(app, join(folder, 'gone', 'out.txt'));
    await page.getByTestId('save-export').click();
    await expect.poll(() => codes(page)).toEqual(['OUTPUT_UNWRITABLE']);
    await expect(page.getByTestId('problem-detail')).toContainText('文件夹');
    await answerSaveDialog(app, join(folder, 'out.txt'));
    await page.getByTestId('save-export').click();
    await page.getByTestId('export-dialog').waitFor({ state: 'hidden' });
    expect(await readFile(join(folder, 'out.txt'), 'utf-8')).toBe(note);
  },
);

test("main suggests a name without the record's words, and gives no place while it is locked", async ({
  start,
}) => {
  const { app, page } = await start();
  await pasteRecord(page, '张建国', note);
  await app.evaluate(({ dialog }) => {
    dialog.showSaveDialog = (...asked: unknown[]) => {
      const options = asked.at(-1) as { defaultPath?: string };
      Object.assign(globalThis, { suggested: options.defaultPath });
      return Promise.resolve({ canceled: true, filePath: '' });
    };
  });
  const order = { format: 'txt', count: 1, deidentified: true } as const;
  const reply = await page.evaluate((params) => window.chimed.invoke('files.save', params), order);
  expect(reply).toEqual({ ok: true, value: null });
  const suggested = await app.evaluate(() => (globalThis as { suggested?: string }).suggested);
  expect(suggested).toMatch(/去标识病历_[0-9]{8}-[0-9]{4}\.txt$/);
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
  const locked = await page.evaluate((params) => window.chimed.invoke('files.save', params), order);
  expect(locked).toMatchObject({ ok: false, problem: { code: 'VAULT_LOCKED' } });
  await signIn(page);
});

test(
  'two million characters: the page goes on while they are searched, and draws what is in view',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    const line = '患者张建国，男，电话13951860024，2023年3月5日入院，胸闷，双下肢无水肿。\n';
    const long = line.repeat(Math.floor(1_990_000 / line.length));
    await page.getByTestId('file-input').setInputFiles({
      name: 'long.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from(long),
    });
    await page.locator('[data-testid="app"][data-screen="extraction"]').waitFor();
    await page.getByTestId('export-text').waitFor();
    // A page that searched by itself would draw nothing from the beginning of it to its end.
    const frames = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let searching = 0;
          const look = () => {
            const phase = document
              .querySelector('[data-testid="found"]')
              ?.getAttribute('data-phase');
            if (phase === 'finding') searching += 1;
            if (phase === 'ready') resolve(searching);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    await page.getByTestId('export-text').click();
    await page.getByTestId('mode-deidentified').check();
    await page.locator('[data-testid="found"][data-phase="ready"]').waitFor({ timeout: 60_000 });
    expect(await frames).toBeGreaterThan(5);
    await page.getByTestId('export-original').getByTestId('identifier').first().waitFor();
    expect(await page.getByTestId('identifier').count()).toBeLessThan(3_000);
    await page.keyboard.press('Escape');
  },
);

test(
  'axe finds nothing serious, light and dark, in both languages',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    await openExport(page);
    for (const [locale, theme] of [
      ['zh-CN', 'light'],
      ['en', 'dark'],
    ] as const) {
      await page.keyboard.press('Escape');
      await page.getByTestId('export-dialog').waitFor({ state: 'hidden' });
      await page.getByTestId('open-settings').click();
      await page.getByTestId(`locale-${locale}`).check();
      await page.getByTestId(`theme-${theme}`).check();
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press('Control+e');
      await page.getByTestId('export-dialog').waitFor();
      expect(await findings(page)).toEqual([]);
      await page.getByTestId('mode-deidentified').check();
      await page.getByTestId('choice-date').selectOption('shift');
      await page.getByTestId('choice-phone').selectOption('keep');
      await page.getByTestId('next-identifier').click();
      expect(await findings(page)).toEqual([]);
    }
  },
);

test.describe('the rules of the machine', { tag: '@machine' }, () => {
  const policy = '/etc/chimed-workstation/policy.json';
  test.skip(
    process.platform !== 'linux' || process.getuid?.() !== 0 || existsSync(policy),
    'only an administrator of a machine without rules can set some',
  );
  const rule = async (rules: object) => {
    await mkdir(dirname(policy), { recursive: true });
    await writeFile(policy, JSON.stringify({ format: 1, ...rules }));
  };
  test.afterEach(() => rm(policy, { force: true }));

  const asked = (page: Page, deidentified: boolean) =>
    page.evaluate(
      (whole) =>
        window.chimed.invoke('files.save', { format: 'txt', count: 1, deidentified: whole }),
      deidentified,
    );
  const forbidden = { ok: false, problem: { code: 'POLICY_FORBIDS' } };

  test('nothing may leave: the button says why, and main refuses', async ({ start }) => {
    await rule({ export: { allowed: 'none' } });
    const { page } = await start();
    await rm(policy);
    await pasteRecord(page, '张建国', note);
    await page.getByTestId('record-body').waitFor();
    await expect(page.getByTestId('export-text')).toBeDisabled();
    await expect(page.getByTestId('export-text')).toHaveAccessibleDescription(/不允许导出/);
    await page.keyboard.press('Control+e');
    await expect.poll(() => codes(page)).toEqual(['POLICY_FORBIDS']);
    expect(await asked(page, true)).toMatchObject(forbidden);
    expect(await findings(page)).toEqual([]);
  });

  test('de-identified text only: nothing else can be chosen, and main refuses it', async ({
    start,
  }) => {
    await rule({ export: { allowed: 'deidentified' } });
    const { app, page } = await start();
    await rm(policy);
    await openExport(page);
    await expect(page.getByTestId('mode-deidentified')).toBeChecked();
    await expect(page.getByTestId('mode-original')).toBeDisabled();
    await expect(page.getByTestId('only-deidentified')).toBeVisible();
    await expect(page.getByTestId('choice-name').locator('option')).toHaveText(['替换']);
    await expect(page.getByTestId('choice-date').locator('option')).toHaveText(['替换', '平移']);
    expect(await asked(page, false)).toMatchObject(forbidden);
    await answerSaveDialog(app, join(folder, 'out.txt'));
    await page.getByTestId('save-export').click();
    await page.getByTestId('export-dialog').waitFor({ state: 'hidden' });
    expect(await readFile(join(folder, 'out.txt'), 'utf-8')).not.toContain('张建国');
  });

  test('de-identified by default is a choice that can be changed', async ({ start }) => {
    await rule({ deidentify: { byDefault: true } });
    const { page } = await start();
    await rm(policy);
    await openExport(page);
    await expect(page.getByTestId('mode-deidentified')).toBeChecked();
    await page.getByTestId('mode-original').check();
    await expect(page.getByTestId('save-export')).toBeEnabled();
  });
});
