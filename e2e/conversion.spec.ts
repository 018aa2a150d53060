/** A released checkpoint goes all the way: shards, quantized model, answer in the window. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { modelCardSchema } from '../src-main/domain/contract/model-card';
import { answerDialog, expect, modelReady, pasteRecord, test } from './app';
import { findings } from './axe';
import { writeCheckpoint } from './fixtures/checkpoint-writer';

async function startConversion(app: ElectronApplication, page: Page, folder: string) {
  await page.getByTestId('nav-models').click();
  await answerDialog(app, folder);
  await page.getByTestId('convert-model').click();
  await page.getByTestId('choose-checkpoint').click();
  await expect(page.getByTestId('checkpoint-folder')).toHaveText(folder);
  expect(await findings(page)).toEqual([]);
  await page.getByTestId('start-conversion').click();
}

let folder: string;
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-checkpoint-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

test(
  'PyTorch shards become a Q4_K_M model that is loaded and answers in the window',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page, userData } = await start();
    await modelReady(page);
    const checkpoint = join(folder, '医院 mini-1.0');
    await writeCheckpoint(checkpoint);
    await startConversion(app, page, checkpoint);
    await expect(page.getByTestId('conversion-ended')).toContainText('转换完成', {
      timeout: 60_000,
    });
    const row = page.getByTestId('model-row').nth(1);
    await expect(row).toContainText('Q4_K_M');
    await expect(page.getByTestId('model-card')).toContainText('llama');
    const kept = await readdir(join(userData, 'models'));
    expect(kept.filter((name) => name.endsWith('.gguf'))).toHaveLength(1);
    // It is spoken to as the checkpoint says, which took the template's thread in the built program.
    const card = kept.find((name) => name.endsWith('.card.json')) as string;
    const text = await readFile(join(userData, 'models', card), 'utf8');
    expect(modelCardSchema.parse(JSON.parse(text)).promptFormat.id).toBe('file-template');
    expect(await readdir(join(userData, 'models', 'converting'))).toEqual([]);

    await page.getByTestId('load-model').click();
    await expect(page.getByTestId('model-memory')).toHaveAttribute('data-state', 'ready');
    const name = await row.locator('.name').innerText();
    await page.getByTestId('job-extraction:ccks2019').selectOption({ label: name });
    await page.getByTestId('nav-records').click();
    await pasteRecord(page, '甲', '患者高血压病史10年，口服硝苯地平控释片。');
    await page.getByTestId('schema-select').selectOption('ccks2019');
    await page.getByTestId('run-extraction').click();
    // Random weights seldom come to an end by themselves; what they say is from the text all the same.
    await expect(page.getByTestId('run-status')).toHaveAttribute(
      'data-status',
      /completed|incomplete/,
      { timeout: 60_000 },
    );
    await expect(page.locator('.ran')).toContainText(name);
  },
);

test(
  'a folder that is no checkpoint is refused by name, and leaves nothing',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page, userData } = await start();
    await modelReady(page);
    await startConversion(app, page, folder);
    await expect(page.getByRole('alert').filter({ hasText: 'CHECKPOINT' })).toBeVisible();
    await expect(page.getByTestId('model-row')).toHaveCount(1);
    expect(await readdir(join(userData, 'models', 'converting'))).toEqual([]);
    // The next one is not stood in the way of.
    await expect(page.getByTestId('convert-model')).toBeEnabled();
  },
);

const ends = [
  ['is cancelled while its process does not listen', 'SIGSTOP', '已取消'],
  ['loses its process', 'SIGKILL', 'CONVERTER_DIED'],
] as const;
for (const [what, signal, said] of ends) {
  test(
    `a conversion that ${what} ends, and leaves nothing`,
    { tag: '@slow' },
    async ({ start }) => {
      const { app, page, userData } = await start();
      await modelReady(page);
      const checkpoint = join(folder, 'mini');
      await writeCheckpoint(checkpoint);
      const place = join(userData, 'models', 'converting');
      // The first thing that happens to the converter, with a file as it leaves one in the middle of work.
      await app.evaluate(
        ({ utilityProcess }, [folderOfParts, name]) => {
          const { writeFileSync } = process.getBuiltinModule('node:fs');
          const fork = utilityProcess.fork.bind(utilityProcess);
          utilityProcess.fork = (entry, args, options) => {
            const child = fork(entry, args, options);
            if (options?.serviceName !== 'chimed-converter') return child;
            child.once('spawn', () => {
              const { pid } = child;
              if (pid === undefined) throw new Error('it did not start');
              writeFileSync(`${folderOfParts}/mini.gguf.${pid}.partial`, 'half');
              writeFileSync(`${folderOfParts}/mini.gguf.${pid}.source`, 'half');
              process.kill(pid, name);
            });
            return child;
          };
        },
        [place, signal] as const,
      );
      await startConversion(app, page, checkpoint);
      if (signal === 'SIGSTOP') await page.getByTestId('cancel-conversion').click();
      await expect(
        page.locator('[data-testid="conversion-ended"], [role="alert"]').filter({ hasText: said }),
      ).toBeVisible();
      expect(await readdir(place)).toEqual([]);
      await expect(page.getByTestId('convert-model')).toBeEnabled();
    },
  );
}
