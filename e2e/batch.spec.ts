/** A batch through the real program: files in, results out, through locks, deaths and restarts. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { answerDialog, expect, filesHolding, modelReady, signIn, test } from './app';
import { findings } from './axe';
import { dropFiles } from './drop-files';
import { storedRuns } from './stored-run';
import { docxOf, paragraph, run } from '../src-main/documents/fixtures/docx.fixture';
import { pdfOf, textAt } from '../src-main/documents/fixtures/pdf.fixture';
import { textRows, xlsxOf } from '../src-main/documents/fixtures/xlsx.fixture';

const note = (i: number): string =>
  `病例${i}。患者男，${40 + (i % 40)}岁，高血压病史${i % 20}年，口服硝苯地平控释片，行头颅CT检查，未见异常。`;

const folders: string[] = [];
test.afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A folder of notes. @param repeat makes each of them longer */
async function folderOf(count: number, repeat = 1): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-notes-'));
  folders.push(folder);
  for (let i = 0; i < count; i += 1) {
    await writeFile(join(folder, `记录${100 + i}.txt`), note(i).repeat(repeat));
  }
  return folder;
}

async function startBatch(
  app: ElectronApplication,
  page: Page,
  folder: string,
  { whileLocked = false } = {},
): Promise<void> {
  await answerDialog(app, folder);
  await page.getByTestId('nav-batch').click();
  await page.getByTestId('new-batch').click();
  await page.getByTestId('batch-folder').click();
  await page.getByTestId('batch-found').waitFor();
  if (whileLocked) await page.getByTestId('batch-while-locked').check();
  await page.getByTestId('batch-start').click();
  await page.getByTestId('new-batch-dialog').waitFor({ state: 'hidden' });
}

const finished = (page: Page): Promise<void> =>
  page.locator('[data-testid="batch"][data-phase="finished"]').waitFor({ timeout: 120_000 });

const done = async (page: Page): Promise<number> =>
  Number(/\d+/.exec((await page.getByTestId('batch-done').textContent()) ?? '')?.[0] ?? 0);

/** Nobody is there to answer whether to quit. */
const quitAtOnce = (app: ElectronApplication): Promise<void> =>
  app.evaluate(({ dialog }) => {
    dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
  });

test('a folder of texts, documents and tables: chosen, looked at, run, and each record opens with its facts', async ({
  start,
}) => {
  const { app, page } = await start();
  const folder = await folderOf(6);
  await writeFile(join(folder, '空的.txt'), '');
  await writeFile(join(folder, '重复.txt'), note(0));
  const rows = [
    ['住院号', '病程记录'],
    ['ZY1', note(11)],
    ['ZY2', note(12)],
    ['ZY9', ''],
  ];
  await writeFile(join(folder, '门诊.csv'), rows.map((cells) => cells.join(',')).join('\n'));
  await writeFile(
    join(folder, '住院.xlsx'),
    xlsxOf({
      sheets: [{ name: '病历', rows: textRows([...rows.slice(0, 1), ['ZY3', note(13)]]) }],
    }),
  );
  await writeFile(join(folder, '小结.docx'), docxOf(paragraph(run(note(14)))));
  await writeFile(join(folder, '会诊.pdf'), pdfOf({ pages: [textAt(50, 780, note(15))] }));
  const count = 11;
  await modelReady(page);
  await startBatch(app, page, folder);
  await finished(page);
  const states = await page
    .getByTestId('batch-item')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state')));
  expect(states.sort()).toEqual([
    ...new Array<string>(count).fill('completed'),
    ...['duplicate', 'failed', 'failed'],
  ]);
  const empty = page.getByTestId('batch-item').filter({ hasText: '门诊 · ZY9' });
  await expect(empty).toContainText('第 3 行');
  await empty.click();
  await expect(page.getByTestId('item-place')).toHaveText('第 3 行（不计标题行） · 病例号 ZY9');
  // The empty file has its text now: tried again, it alone is read anew.
  await writeFile(join(folder, '空的.txt'), note(16));
  const unread = page.locator('[data-testid="batch-item"][data-state="failed"]');
  await unread.filter({ hasText: '文件是空的' }).click();
  await page.getByTestId('item-retry').click();
  const completed = page.locator('[data-testid="batch-item"][data-state="completed"]');
  await expect(completed).toHaveCount(count + 1, { timeout: 60_000 });
  await finished(page);
  await completed.first().dblclick();
  await page.locator('[data-testid="run-status"][data-status="completed"]').waitFor();
  await expect(page.getByTestId('fact')).not.toHaveCount(0);
  await page.getByTestId('nav-records').click();
  await expect(page.getByTestId('record-row')).toHaveCount(count + 1);
  await expect(page.getByTestId('record-row').filter({ hasText: '门诊 · ZY2' })).toHaveCount(1);
});

test('files and folders are dropped on the window; a folder is one whatever it is called', async ({
  start,
}) => {
  const { page } = await start();
  const inside = await mkdtemp(join(tmpdir(), 'chimed-drop-'));
  folders.push(inside);
  const [dotted, file] = [join(inside, '2024.05 notes.txt'), join(inside, 'single')];
  await mkdir(dotted);
  for (const i of [1, 2]) await writeFile(join(dotted, `${i}.txt`), note(i));
  await writeFile(file, note(3));
  await page.getByTestId('app').waitFor();
  // On the screen of records, where files alone would become records.
  await dropFiles(page, [dotted]);
  await expect(page.getByTestId('app')).toHaveAttribute('data-screen', 'batch');
  await expect(page.getByTestId('batch-found')).toContainText('2');
  await page.keyboard.press('Escape');
  await page.getByTestId('new-batch-dialog').waitFor({ state: 'hidden' });
  await dropFiles(page, [file, dotted]);
  await expect(page.getByTestId('batch-found')).toContainText('3');
});

/** Whether the program asks the system to stay awake. */
const staysAwake = (app: ElectronApplication): Promise<boolean> =>
  app.evaluate(({ powerSaveBlocker }) =>
    [...Array(20).keys()].some((id) => powerSaveBlocker.isStarted(id)),
  );

const numbersIn = (page: Page, state: string): Promise<number[]> =>
  page
    .locator(`[data-testid="batch-item"][data-state="${state}"]`)
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-number'))));

test('pasted notes are counted, and run in the order that a person gives them, the machine awake meanwhile', async ({
  start,
}) => {
  const { app, page } = await start();
  await modelReady(page);
  await page.keyboard.press('Control+5');
  await page.getByTestId('new-batch').click();
  await page.getByTestId('batch-kind-notes').check();
  const notes = [...Array(12).keys()].map((i) => note(i).repeat(20));
  await page.getByTestId('batch-text').fill(notes.join('\n----\n'));
  await expect(page.getByTestId('batch-pasted')).toContainText('12');
  const tokens = page.getByTestId('estimate-tokens');
  await expect(tokens).toHaveAttribute('data-tokens', /^[1-9]\d{2,}$/);
  await page.getByTestId('batch-text').press('Control+Enter');
  await expect.poll(() => staysAwake(app)).toBe(true);
  await page.getByTestId('batch-pause').click();
  await page.locator('[data-testid="batch"][data-phase="paused"]').waitFor();
  await expect.poll(() => staysAwake(app)).toBe(false);
  const waiting = await numbersIn(page, 'waiting');
  expect(waiting.length).toBeGreaterThan(3);
  const [first, second, third, ...rest] = waiting;
  await page.locator(`[data-testid="batch-item"][data-number="${third}"]`).click();
  await page.keyboard.press('Alt+Home');
  await expect.poll(() => numbersIn(page, 'waiting')).toEqual([third, first, second, ...rest]);
  await page.locator(`[data-testid="batch-item"][data-number="${second}"]`).click();
  await page.keyboard.press('Delete');
  await expect.poll(() => numbersIn(page, 'cancelled')).toEqual([second]);
  await page.getByTestId('batch-resume').click();
  await finished(page);
  await expect(page.locator('[data-testid="batch-item"][data-state="completed"]')).toHaveCount(11);
  await expect.poll(() => staysAwake(app)).toBe(false);
});

test(
  'killed in the middle, the program goes on with its batch after the sign-in: each record has one result',
  { tag: '@slow' },
  async ({ start }) => {
    test.setTimeout(240_000);
    const first = await start();
    const { userData } = first;
    const count = 40;
    const folder = await folderOf(count, 8);
    await modelReady(first.page);
    await startBatch(first.app, first.page, folder);
    let station = first;
    for (let round = 0; round < 3; round += 1) {
      const before = await done(station.page);
      await expect.poll(() => done(station.page), { timeout: 60_000 }).toBeGreaterThan(before + 1);
      process.kill(station.app.process().pid ?? 0, 'SIGKILL');
      await station.quit().catch(() => undefined);
      station = await start({ userData });
      await station.page.getByTestId('nav-batch').click();
    }
    await modelReady(station.page);
    await finished(station.page);
    await expect(
      station.page.locator('[data-testid="batch-item"][data-state="completed"]'),
    ).toHaveCount(count);
    await station.page.getByTestId('nav-records').click();
    await expect(station.page.getByTestId('record-row')).toHaveCount(count);
    await station.quit();
    expect(await storedRuns(userData)).toBe(count);
  },
);

test(
  'the model host and the worker killed in the middle: the batch goes on, nothing is twice',
  { tag: '@slow' },
  async ({ start }) => {
    test.setTimeout(180_000);
    const { app, page, pidOf, userData, quit } = await start();
    const count = 24;
    const folder = await folderOf(count, 8);
    await modelReady(page);
    await startBatch(app, page, folder);
    for (const service of ['chimed-model-host', 'chimed-worker'] as const) {
      const before = await done(page);
      await expect.poll(() => done(page), { timeout: 60_000 }).toBeGreaterThan(before + 1);
      process.kill(await pidOf(service), 'SIGKILL');
    }
    await finished(page);
    await expect(page.locator('[data-testid="batch-item"][data-state="completed"]')).toHaveCount(
      count,
    );
    await page.getByTestId('nav-records').click();
    await expect(page.getByTestId('record-row')).toHaveCount(count);
    await quit();
    expect(await storedRuns(userData)).toBe(count);
  },
);

test('allowed to, a batch goes on while the screen is locked, which shows counts and nothing else', async ({
  start,
}) => {
  test.setTimeout(180_000);
  const { app, page, userData, pidOf } = await start();
  const count = 30;
  const folder = await folderOf(count, 6);
  await modelReady(page);
  await startBatch(app, page, folder, { whileLocked: true });
  await expect.poll(() => done(page), { timeout: 60_000 }).toBeGreaterThan(0);
  const worker = await pidOf('chimed-worker');
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
  await page.getByTestId('locked-batch').waitFor();
  expect(await pidOf('chimed-worker')).not.toBe(worker);
  const shown = async (): Promise<number> =>
    Number(/\d+/.exec((await page.getByTestId('locked-batch-counts').textContent()) ?? '')?.[0]);
  const before = await shown();
  await expect.poll(shown, { timeout: 90_000 }).toBeGreaterThan(before);
  expect(await page.getByTestId('locked-batch').innerText()).not.toMatch(/记录|病例|六类/);
  expect(await findings(page)).toEqual([]);
  // What the vault is opened by is still refused.
  const code = await page.evaluate(async () => {
    const reply = await window.chimed.invoke('worker.connect');
    return reply.ok ? 'ok' : reply.problem.code;
  });
  expect(code).toBe('VAULT_LOCKED');
  await expect.poll(shown, { timeout: 90_000 }).toBe(count);
  await signIn(page);
  await page.getByTestId('nav-batch').click();
  await finished(page);
  await expect(page.locator('[data-testid="batch-item"][data-state="completed"]')).toHaveCount(
    count,
  );
  await page.locator('[data-testid="batch-item"]').first().dblclick();
  await page.locator('[data-testid="run-status"][data-status="completed"]').waitFor();
  // Words of the lexicons are in the program's own code.
  expect(await filesHolding(userData, '岁，高血压病史')).toEqual([]);
});

test(
  'not allowed to, it stops at the lock and goes on after the sign-in; a quit asks',
  { tag: '@slow' },
  async ({ start }) => {
    test.setTimeout(180_000);
    const { app, page, quit } = await start();
    const folder = await folderOf(30, 6);
    await modelReady(page);
    await startBatch(app, page, folder);
    await expect.poll(() => done(page), { timeout: 60_000 }).toBeGreaterThan(0);
    await page.keyboard.press('F9');
    await page.getByTestId('lock-screen').waitFor();
    await expect(page.getByTestId('locked-batch')).toHaveCount(0);
    await signIn(page);
    await page.getByTestId('nav-batch').click();
    await modelReady(page);
    const asked = await app.evaluate(async ({ app: program, dialog }) => {
      const question = new Promise<string>((resolve) => {
        dialog.showMessageBox = ((...args: { message?: string }[]) => {
          resolve(args.at(-1)?.message ?? '');
          return Promise.resolve({ response: 0, checkboxChecked: false });
        }) as typeof dialog.showMessageBox;
      });
      program.quit();
      return question;
    });
    expect(asked).toContain('批次');
    await finished(page);
    await quitAtOnce(app);
    await quit();
  },
);

test(
  'the batch screen by keyboard and for screen readers, light and dark, in both languages',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    const folder = await folderOf(3);
    await writeFile(join(folder, '空的.txt'), '');
    await modelReady(page);
    await page.getByTestId('nav-batch').click();
    expect(await findings(page)).toEqual([]);
    await startBatch(app, page, folder);
    await finished(page);
    for (const [theme, locale] of [
      ['light', 'zh-CN'],
      ['dark', 'en'],
    ] as const) {
      await page.getByTestId('open-settings').click();
      await page.getByTestId(`theme-${theme}`).check();
      await page.getByTestId(`locale-${locale}`).check();
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
      await page.locator('[data-testid="batch-item"][data-state="failed"]').click();
      expect(await findings(page)).toEqual([]);
      await page.getByTestId('new-batch').click();
      await page.getByTestId('new-batch-dialog').waitFor();
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByTestId('new-batch-dialog').waitFor({ state: 'hidden' });
    }
  },
);
