/** Models come in, do a job, and go again: the Models page over the real library and host. */
import {
  appendFile,
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import {
  answerDialog,
  expect,
  modelReady,
  pasteRecord,
  runExtraction,
  shownFacts,
  test,
} from './app';
import { findings } from './axe';
import { writeSparseModel } from './fixtures/sparse-model';
import { testModel } from './fixtures/test-models';

let folder: string;
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-import-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

/** A model file as a person brings it: under a name of its own, without a card. */
async function bring(name: string, extra = ''): Promise<string> {
  const path = join(folder, name);
  await copyFile(await testModel('scripted'), path);
  if (extra !== '') await appendFile(path, extra);
  return path;
}

/** The next system dialog is answered with this file. */
async function importFile(app: ElectronApplication, page: Page, path: string): Promise<void> {
  await answerDialog(app, path);
  await page.getByTestId('import-model').click();
  await page.getByTestId('start-import').click();
}

const row = (page: Page, text: string) => page.getByTestId('model-row').filter({ hasText: text });
const memory = (page: Page) => page.getByTestId('model-memory');

test('a model file is imported, loaded, given a job, does it, and is there after a restart', async ({
  start,
}) => {
  const path = await bring('hospital.gguf');
  const first = await start();
  const { app, page, userData } = first;
  await modelReady(page);
  await page.getByTestId('nav-models').click();
  await answerDialog(app, path);
  await page.getByTestId('import-model').click();
  await expect(page.getByTestId('import-dialog')).toContainText('文件旁没有模型卡');
  await expect(page.getByTestId('import-dialog')).toContainText('hospital.gguf');
  expect(await findings(page)).toEqual([]);
  await page.getByTestId('start-import').click();
  await expect(page.getByTestId('import-ended')).toHaveText('已导入');
  await expect(page.getByTestId('model-row')).toHaveCount(2);
  await expect(memory(page)).toHaveAttribute('data-state', 'none');
  const kept = await readdir(join(userData, 'models'));
  expect(kept.filter((name) => name.endsWith('.gguf'))).toHaveLength(1);

  // The built-in model keeps its schemas until a person chooses otherwise.
  const job = page.getByTestId('job-extraction:ccks2019');
  await expect(job).toHaveValue('');
  await expect(job.locator('option').first()).toContainText('ChiMed Nano');
  const name = await page.getByTestId('model-row').nth(1).locator('.name').innerText();
  await job.selectOption({ label: name });
  await page.getByTestId('load-model').click();
  await expect(memory(page)).toHaveAttribute('data-state', 'ready');
  await expect(page.getByTestId('model-name')).toHaveCount(2);
  expect(await findings(page)).toEqual([]);

  await page.getByTestId('nav-records').click();
  await page.getByTestId('open-sample').first().click();
  await page.getByTestId('schema-select').selectOption('ccks2019');
  await runExtraction(page);
  await expect.poll(async () => (await shownFacts(page)).length).toBeGreaterThan(0);
  await expect(page.locator('.ran')).toContainText(name);
  await first.quit();

  const again = await start({ userData });
  await modelReady(again.page);
  await expect(again.page.getByTestId('model-name')).toHaveCount(2);
  await again.page.getByTestId('nav-models').click();
  await row(again.page, name).click();
  await again.page.getByTestId('unload-model').click();
  await expect(again.page.getByTestId('model-name')).toHaveCount(1);
  await again.page.getByTestId('remove-model').click();
  await again.page.getByTestId('confirm-remove').click();
  await expect(again.page.getByTestId('model-row')).toHaveCount(1);
  // The list says so first, the files follow.
  await expect.poll(() => readdir(join(userData, 'models'))).toEqual(['library.json']);
});

test(
  'switching takes one imported model out before the other comes in; the built-in one stays',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    await modelReady(page);
    await page.getByTestId('nav-models').click();
    for (const name of ['one', 'two']) {
      await importFile(app, page, await bring(`${name}.gguf`, name));
      await expect(page.getByTestId('import-ended')).toHaveText('已导入');
    }
    await expect(page.getByTestId('model-row')).toHaveCount(3);
    const states = (): Promise<(string | null)[]> =>
      page
        .getByTestId('model-row')
        .evaluateAll((rows) => rows.map((one) => one.getAttribute('data-state')));
    await page.getByTestId('load-model').click();
    await expect.poll(states).toEqual(['ready', 'none', 'ready']);
    await page.getByTestId('model-row').nth(1).click();
    await page.getByTestId('load-model').click();
    await expect.poll(states).toEqual(['ready', 'ready', 'none']);
    await expect(page.getByTestId('model-name')).toHaveCount(2);
  },
);

test(
  'a file left in place is missed when it goes, found where it is now, and not loaded when it is another',
  { tag: '@slow' },
  async ({ start }) => {
    const path = await bring('in-place.gguf');
    const { app, page } = await start();
    await modelReady(page);
    await page.getByTestId('nav-models').click();
    await answerDialog(app, path);
    await page.getByTestId('import-model').click();
    await page.getByTestId('import-dialog').getByText('留在原处').click();
    await page.getByTestId('start-import').click();
    await expect(page.getByTestId('import-ended')).toHaveText('已导入');

    const moved = join(folder, 'moved.gguf');
    await rename(path, moved);
    await page.getByTestId('nav-records').click();
    await page.getByTestId('nav-models').click();
    await page.getByTestId('model-row').nth(1).click();
    await expect(page.getByTestId('presence-note')).toContainText('文件不在原处');
    await answerDialog(app, moved);
    await page.getByTestId('locate-model').click();
    await expect(page.getByTestId('presence-note')).toHaveCount(0);

    await appendFile(moved, 'x');
    await page.getByTestId('load-model').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'failed');
    await expect(page.getByTestId('models-view')).toContainText('MODEL_CHANGED');
    // The other model is not harmed.
    await expect(page.getByTestId('host-state')).toHaveAttribute('data-phase', 'ready');
  },
);

test('files that are no models are refused before anything is kept, each with its code', async ({
  start,
}) => {
  const empty = join(folder, 'empty.gguf');
  await writeFile(empty, '');
  const sparse = join(folder, 'sparse.gguf');
  await writeFile(sparse, '');
  await truncate(sparse, 4 * 1024 ** 3);
  const cut = await bring('cut.gguf');
  await truncate(cut, 300_000);
  const { app, page, userData } = await start();
  await modelReady(page);
  await page.getByTestId('nav-models').click();
  for (const [path, code] of [
    [empty, 'MODEL_EMPTY'],
    [sparse, 'MODEL_NOT_GGUF'],
    [cut, 'MODEL_TRUNCATED'],
    [join(folder, 'none.gguf'), 'MODEL_MISSING'],
  ] as const) {
    await answerDialog(app, path);
    await page.getByTestId('import-model').click();
    await expect(page.getByRole('alert').filter({ hasText: code })).toBeVisible();
  }
  await expect(page.getByTestId('model-row')).toHaveCount(1);
  expect(
    (await readdir(join(userData, 'models'))).filter((name) => name !== 'library.json'),
  ).toEqual([]);
});

test(
  'a large import is held, let go on and cancelled, and leaves nothing behind',
  { tag: '@slow' },
  async ({ start }) => {
    const path = await bring('large.gguf');
    await truncate(path, 4 * 1024 ** 3);
    const { app, page, userData } = await start();
    await modelReady(page);
    await page.getByTestId('nav-models').click();
    await importFile(app, page, path);
    const progress = page.getByTestId('import-progress');
    await expect(progress).toContainText('正在复制并核对');
    await page.getByTestId('pause-import').click();
    await expect(progress).toContainText('已暂停');
    // What was being written when it was held is still told of; then it stands still.
    let held = '';
    await expect
      .poll(
        async () => {
          const before = held;
          held = await progress.innerText();
          return held === before;
        },
        { intervals: [400] },
      )
      .toBe(true);
    await page.getByTestId('pause-import').click();
    await expect.poll(() => progress.innerText()).not.toBe(held);
    // Work goes on meanwhile.
    await page.getByTestId('nav-records').click();
    await pasteRecord(page, '甲', '患者高血压病史10年。');
    await runExtraction(page);
    await page.getByTestId('nav-models').click();
    await page.getByTestId('cancel-import').click();
    await expect(page.getByTestId('import-ended')).toContainText('没有留下文件');
    expect(
      (await readdir(join(userData, 'models'))).filter((name) => name !== 'library.json'),
    ).toEqual([]);
  },
);

/** Resident bytes of a process. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

async function importLarge(app: ElectronApplication, page: Page): Promise<void> {
  const path = join(folder, 'large.gguf');
  await writeSparseModel(path);
  await page.getByTestId('nav-models').click();
  await answerDialog(app, path);
  await page.getByTestId('import-model').click();
  await page.getByTestId('import-dialog').getByText('留在原处').click();
  await page.getByTestId('start-import').click();
  await expect(page.getByTestId('import-ended')).toHaveText('已导入', { timeout: 60_000 });
}

test(
  'a load that is cancelled, and a model that is taken out, give their memory back',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page, pidOf } = await start();
    await modelReady(page);
    await importLarge(app, page);
    const memoryOf = async (): Promise<number> => residentBytes(await pidOf('chimed-model-host'));
    const before = await memoryOf();

    await page.getByTestId('load-model').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'loading', { timeout: 60_000 });
    await page.getByTestId('cancel-load').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'none');
    await expect.poll(memoryOf).toBeLessThan(before + 300e6);

    await page.getByTestId('load-model').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'ready', { timeout: 120_000 });
    expect(await memoryOf()).toBeGreaterThan(before + 1e9);
    await page.getByTestId('unload-model').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'none');
    await expect.poll(memoryOf).toBeLessThan(before + 300e6);

    // The built-in model was there all the time, or is again.
    await modelReady(page);
    await page.getByTestId('nav-records').click();
    await pasteRecord(page, '甲', '患者高血压病史10年。');
    await runExtraction(page);
  },
);

test(
  'an imported model that is the death of the host twice is given up; the built-in one works on',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page, pidOf } = await start();
    await modelReady(page);
    await importLarge(app, page);
    await page.getByTestId('load-model').click();
    let killed = 0;
    for (let time = 0; time < 2; time++) {
      await expect(memory(page)).toHaveAttribute('data-state', 'loading', { timeout: 60_000 });
      const pid = await pidOf('chimed-model-host');
      expect(pid).not.toBe(killed);
      killed = pid;
      process.kill(pid, 'SIGKILL');
      await expect(memory(page)).not.toHaveAttribute('data-state', 'loading');
    }
    await expect(memory(page)).toHaveAttribute('data-state', 'failed');
    await modelReady(page);
    await page.getByTestId('nav-records').click();
    await pasteRecord(page, '甲', '患者高血压病史10年。');
    await runExtraction(page);
  },
);

test(
  'a model file that is dropped on the window, on whatever screen, is offered for import',
  { tag: '@slow' },
  async ({ start }) => {
    const path = await bring('dropped.gguf');
    const { page } = await start();
    await modelReady(page);
    // A file that came through the system, as a dragged one does; only the drag itself is ours.
    await page.getByTestId('file-input').evaluate((input) => {
      input.addEventListener('change', (event) => event.stopImmediatePropagation(), {
        capture: true,
        once: true,
      });
    });
    await page.getByTestId('file-input').setInputFiles(path);
    await page.getByTestId('file-input').evaluate((input: HTMLInputElement) => {
      const dataTransfer = new DataTransfer();
      for (const file of input.files ?? []) dataTransfer.items.add(file);
      window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
    });
    await expect(page.getByTestId('import-dialog')).toContainText('dropped.gguf');
    await page.getByTestId('start-import').click();
    await expect(page.getByTestId('import-ended')).toHaveText('已导入');
  },
);

test(
  'before a load the page says whether and how fast a model will run, and refuses what cannot be',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page, userData } = await start();
    await modelReady(page);
    await page.getByTestId('nav-models').click();
    await importFile(app, page, await bring('fit.gguf'));
    await expect(page.getByTestId('import-ended')).toHaveText('已导入');
    const verdict = page.getByTestId('fit-verdict');
    await expect(verdict).toHaveAttribute('data-verdict', 'cpu');
    await expect(verdict).toContainText('一份 600 字的病历约');
    await expect(page.getByTestId('memory-bar')).toHaveCount(1);
    expect(await findings(page)).toEqual([]);

    await page.getByTestId('setting-sequences').selectOption('2');
    await page.getByTestId('setting-kvType').selectOption('f16');
    await page.getByTestId('save-settings').click();
    await expect(page.getByTestId('save-settings')).toBeDisabled();
    // A quantized cache needs what is switched off.
    await page.getByTestId('setting-flashAttention').selectOption('off');
    await page.getByTestId('setting-kvType').selectOption('q8_0');
    await expect(page.getByTestId('fit').getByRole('alert')).toContainText(
      'MODEL_SETTINGS_INVALID',
    );
    await expect(page.getByTestId('save-settings')).toBeDisabled();

    const { settings } = JSON.parse(
      await readFile(join(userData, 'models', 'library.json'), 'utf8'),
    ) as { settings: Record<string, { sequences: number | string; kvType: string }> };
    expect(Object.values(settings)).toMatchObject([{ sequences: 2, kvType: 'f16' }]);
    await page.getByTestId('load-model').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'ready');
  },
);

test(
  'the prompt format is chosen, and the very tokens are shown',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    await modelReady(page);
    await page.getByTestId('nav-models').click();
    await importFile(app, page, await bring('prompt.gguf'));
    await expect(page.getByTestId('import-ended')).toHaveText('已导入');
    await expect(page.getByTestId('prompt-format')).toHaveValue('chimed-readme');
    // The file brings none.
    await page.getByTestId('prompt-format').selectOption('file-template');
    await expect(page.getByRole('alert').filter({ hasText: 'TEMPLATE_UNUSABLE' })).toBeVisible();
    await page.getByTestId('prompt-format').selectOption('ziya');
    await page.getByTestId('load-model').click();
    await expect(memory(page)).toHaveAttribute('data-state', 'ready');
    await page.getByTestId('show-prompt').click();
    const tokens = page.getByTestId('prompt-tokens').locator('.token');
    await expect
      .poll(() => tokens.allInnerTexts())
      .toEqual(expect.arrayContaining(['<human>', '<bot>', '高', '⏎']));
    expect(await page.locator('.token.control').allInnerTexts()).toEqual([
      '<s>',
      '<human>',
      '<bot>',
    ]);
    expect(await findings(page)).toEqual([]);
  },
);

test('the status bar shows what the model process takes up and how fast it was', async ({
  start,
}) => {
  const { page } = await start();
  await modelReady(page);
  await pasteRecord(page, '甲', '患者高血压病史10年，口服硝苯地平控释片。');
  await runExtraction(page);
  await expect(page.getByTestId('host-memory')).toContainText('MB');
  await page.getByTestId('host-memory').click();
  const activity = page.getByTestId('activity');
  await expect(activity).toContainText('生成（词元/秒）');
  await expect(activity).not.toContainText('尚无');
  expect(await findings(page)).toEqual([]);
});
