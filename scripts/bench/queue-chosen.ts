/**
 * What it costs the window to choose many records and to queue them as a batch: milliseconds of each step
 * and the longest task of the page meanwhile, during which it would answer nobody.
 *
 *   npx tsx scripts/bench/queue-chosen.ts [--notes N] [--folder F]
 *
 * `--folder` keeps the profile for the next time, which `many-records.ts` can use too.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { ensureBuild } from '../build';
import { hasDisplay, startVirtualDisplay } from '../display';
import { resolveRuntime } from '../runtime/resolve';
import { ensureSystemPackages } from '../system-packages';
import { runScript, say } from '../terminal';
import { LockedApp, patience } from './locked-app';
import { makeNotesProfile } from './notes-profile';

/** Notes the longest tasks of the page from now on. What is shorter than 50 ms is not told by the browser. */
async function watchTasks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const kept = { longest: 0 };
    Object.assign(window, { longTasks: kept });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) kept.longest = Math.max(kept.longest, duration);
    }).observe({ type: 'longtask' });
  });
  return () =>
    page.evaluate(() => {
      const { longTasks } = window as unknown as { longTasks: { longest: number } };
      const { longest } = longTasks;
      longTasks.longest = 0;
      return longest;
    });
}

await runScript(async () => {
  const { values } = parseArgs({
    options: { notes: { type: 'string', default: '50000' }, folder: { type: 'string' } },
  });
  const notes = Number(values.notes);
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const { executable } = await resolveRuntime();
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'chimed-queue-')));
  let started: LockedApp | null = null;
  try {
    const profile = join(folder, String(notes));
    await makeNotesProfile(profile, notes);
    started = await LockedApp.start(executable, profile, display?.name);
    const { page } = started;
    await started.unlock();
    await started.wholeList(notes);
    const longest = await watchTasks(page);
    // What follows the list's arrival is not what is measured.
    await page.waitForTimeout(3_000);
    await longest();
    const step = async (what: string, work: () => Promise<void>): Promise<void> => {
      const start = performance.now();
      await work();
      const time = performance.now() - start;
      say(`${what}: ${time.toFixed(0)} ms, longest task ${(await longest()).toFixed(0)} ms`);
    };
    await step(`choosing ${notes}`, async () => {
      await page.getByRole('listbox').press('Control+a');
      await page.getByTestId('chosen-actions').waitFor(patience);
    });
    await step('their dialog', async () => {
      await page.keyboard.press('Control+Enter');
      await page.locator('[data-testid=batch-start]:not(:disabled)').waitFor(patience);
    });
    await step('queued, until the batch is on screen', async () => {
      await page.getByTestId('batch-start').click();
      await page.getByTestId('batch').waitFor(patience);
    });
    await step('until all its records are listed', async () => {
      await page.getByTestId('batch-item').nth(10).waitFor(patience);
    });
    await step('ten seconds while it runs', () => page.waitForTimeout(10_000));
    // Nobody is there to answer whether to quit while a batch has work left.
    await started.app.evaluate(({ dialog }) => {
      dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
    });
    return 0;
  } finally {
    await started?.app.close().catch(() => undefined);
    await display?.stop();
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
});
