/**
 * What 50,000 notes cost: from signing in to a list that can be used, against 500 notes; and the first
 * hit of a search, against opening every note and looking into it.
 *
 *   npx tsx scripts/bench/many-records.ts [--notes N] [--few N] [--pairs N] [--folder F]
 *
 * `--folder` keeps the profiles for the next time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ElectronApplication, Page } from 'playwright-core';
import { testPassphrase } from '../../e2e/profile';
import { ensureBuild } from '../build';
import { electronEnvironment, hasDisplay, startVirtualDisplay } from '../display';
import { launchElectron } from '../launch';
import { projectRoot } from '../project';
import { resolveRuntime } from '../runtime/resolve';
import { ensureSystemPackages } from '../system-packages';
import { runScript, say } from '../terminal';
import { residentMemory } from './app-path';
import { makeNotesProfile } from './notes-profile';
import { describeRatio, measurePairs, median } from './pairs';
import { measureSearch, queriesOf } from './search-against-scan';

const patience = { timeout: 300_000 };

/** The real program on a profile, locked. */
class LockedApp {
  readonly app: ElectronApplication;
  readonly page: Page;

  private constructor(app: ElectronApplication, page: Page) {
    this.app = app;
    this.page = page;
  }

  static async start(executable: string, userData: string, display?: string): Promise<LockedApp> {
    const app = await launchElectron({
      executable,
      args: [`--user-data-dir=${userData}`, projectRoot],
      env: { ...electronEnvironment(display), CHIMED_THREADS: '1' },
    });
    const page = await app.firstWindow();
    await page.getByTestId('sign-in-passphrase').waitFor();
    return new LockedApp(app, page);
  }

  /** Milliseconds from the click until a screen of records is drawn and takes a key. */
  async unlock(): Promise<number> {
    const { page } = this;
    await page.getByTestId('sign-in-passphrase').fill(testPassphrase);
    const start = performance.now();
    await page.getByTestId('sign-in').click();
    await page.getByTestId('record-row').nth(20).waitFor(patience);
    await page.getByRole('listbox').press('ArrowDown');
    await page.locator('[data-testid="record-row"][aria-selected="true"]').waitFor(patience);
    return performance.now() - start;
  }

  async lock(): Promise<void> {
    await this.page.keyboard.press('F9');
    await this.page.getByTestId('sign-in-passphrase').waitFor(patience);
    // What the lock ended must not compete with what is measured next.
    await this.page.waitForTimeout(500);
  }

  /** Milliseconds until the whole list is there. */
  async wholeList(notes: number): Promise<number> {
    const start = performance.now();
    await this.page.waitForFunction(
      (count) => {
        const shown = document.querySelector('[data-testid=record-count]')?.textContent ?? '';
        return shown.replace(/\D/g, '') === count && !shown.includes('…');
      },
      String(notes),
      patience,
    );
    return performance.now() - start;
  }

  /** Milliseconds from typing to the first hit on screen; the pause after typing is part of it. */
  async search(query: string): Promise<number> {
    const box = this.page.getByTestId('search-box');
    await box.fill('');
    const start = performance.now();
    await box.fill(query);
    await this.page.getByTestId('search-hit').first().waitFor(patience);
    return performance.now() - start;
  }
}

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      notes: { type: 'string', default: '50000' },
      few: { type: 'string', default: '500' },
      pairs: { type: 'string', default: '7' },
      folder: { type: 'string' },
    },
  });
  const [notes, few, pairs] = [Number(values.notes), Number(values.few), Number(values.pairs)];
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const { executable } = await resolveRuntime();
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'chimed-many-')));
  const open: LockedApp[] = [];
  try {
    const profiles = { many: join(folder, `${notes}`), few: join(folder, `${few}`) };
    await makeNotesProfile(profiles.few, few);
    await makeNotesProfile(profiles.many, notes);

    for (const ratio of await measureSearch(profiles.many, notes, pairs)) say(describeRatio(ratio));

    const start = async (userData: string, count: number): Promise<LockedApp> => {
      const app = await LockedApp.start(executable, userData, display?.name);
      open.push(app);
      // The page's database is made from the journal once; that is not what is measured.
      const first = await app.unlock();
      const whole = await app.wholeList(count);
      say(`${count} notes, first time: ${first.toFixed(0)} ms to a list, ${whole.toFixed(0)} more`);
      return app;
    };
    const fewApp = await start(profiles.few, few);
    await fewApp.lock();
    const manyApp = await start(profiles.many, notes);
    await manyApp.lock();
    const unlocked = (app: LockedApp) => async (): Promise<number> => {
      const time = await app.unlock();
      await app.lock();
      return time;
    };
    say(
      describeRatio(
        await measurePairs(
          `from signing in to a list that can be used, ${notes} notes against ${few}`,
          { sense: '<=', value: 1.5 },
          unlocked(manyApp),
          unlocked(fewApp),
          (ours, theirs) => ours / theirs,
          pairs,
        ),
      ),
    );

    await manyApp.unlock();
    say(`${notes} notes: the whole list ${(await manyApp.wholeList(notes)).toFixed(0)} ms later`);
    const cold = await manyApp.search(queriesOf(notes)[0] ?? '');
    say(`first search after that, with its signatures to be read: ${cold.toFixed(0)} ms`);
    const times: number[] = [];
    for (const query of queriesOf(notes)) times.push(await manyApp.search(query));
    say(`later ones, to the first hit on screen: median ${median(times).toFixed(0)} ms`);
    for (const { name, mib } of await residentMemory(manyApp.app)) say(`${name}: ${mib} MiB`);
    return 0;
  } finally {
    for (const { app } of open) await app.close().catch(() => undefined);
    await display?.stop();
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
});
