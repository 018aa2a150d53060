/** Starts the real program for a test, on a data folder of its own, and ends it with the test. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, type ElectronApplication, type Page } from '@playwright/test';
import { electronEnvironment, hasDisplay, startVirtualDisplay } from '../scripts/display';
import { launchElectron } from '../scripts/launch';
import { projectRoot } from '../scripts/project';
import { resolveRuntime } from '../scripts/runtime/resolve';
import { makeProfile, testPassphrase } from './profile';

export interface StartOptions {
  /** Data folder to start on. Defaults to the test's own, empty at first. */
  readonly userData?: string;
  readonly env?: Record<string, string>;
  /** Window size in CSS pixels; null leaves it as the program opens it. Defaults to 1280 x 800. */
  readonly size?: { width: number; height: number } | null;
  /**
   * `signed-in` (the default): a user is there and signs in; `locked`: a user is there; `none`: as it
   * comes out of its package.
   */
  readonly vault?: 'signed-in' | 'locked' | 'none';
}

export interface Workstation {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly userData: string;
  /** Process id of a utility process by its service name. */
  pidOf(service: 'chimed-model-host' | 'chimed-worker'): Promise<number>;
  /** Quits as a person would, so that data is written. */
  quit(): Promise<void>;
}

interface Fixtures {
  start(options?: StartOptions): Promise<Workstation>;
}

export const test = base.extend<Fixtures, { display: string | undefined }>({
  display: [
    // Playwright wants the destructured form, and this fixture needs no other.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const display = hasDisplay() ? null : await startVirtualDisplay();
      await use(display?.name);
      await display?.stop();
    },
    { scope: 'worker' },
  ],
  start: async ({ display }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'chimed-e2e-'));
    const running = new Set<ElectronApplication>();
    const runtime = await resolveRuntime();
    await use(async (options = {}) => {
      const userData = options.userData ?? folder;
      const vault = options.vault ?? 'signed-in';
      if (vault !== 'none') await makeProfile(userData);
      const size = options.size === undefined ? { width: 1280, height: 800 } : options.size;
      const app = await launchElectron({
        executable: runtime.executable,
        args: [`--user-data-dir=${userData}`, projectRoot],
        env: {
          ...electronEnvironment(display),
          CHIMED_THREADS: '1',
          LANG: 'zh_CN.UTF-8',
          LANGUAGE: 'zh_CN',
          ...options.env,
        },
      });
      running.add(app);
      const page = await app.firstWindow();
      if (size) {
        await app.evaluate(
          ({ BrowserWindow }, { width, height }) =>
            BrowserWindow.getAllWindows()[0]?.setContentSize(width, height),
          size,
        );
      }
      await page.getByTestId('gate').waitFor();
      if (vault === 'signed-in') await signIn(page);
      return {
        app,
        page,
        userData,
        pidOf: (service) => pidOf(app, service),
        quit: async () => {
          running.delete(app);
          await app.close();
        },
      };
    });
    for (const app of running) await app.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  },
});
export { expect } from '@playwright/test';

async function pidOf(app: ElectronApplication, service: string): Promise<number> {
  const pid = await app.evaluate(
    (electron, name) => electron.app.getAppMetrics().find((metric) => metric.name === name)?.pid,
    service,
  );
  if (pid === undefined) throw new Error(`${service} does not run`);
  return pid;
}

/** Signs in at the lock screen. */
export async function signIn(page: Page, passphrase = testPassphrase): Promise<void> {
  await page.getByTestId('sign-in-passphrase').fill(passphrase);
  await page.getByTestId('sign-in').click();
  await page.getByTestId('app').waitFor();
}

/** Waits until the model is loaded. */
export async function modelReady(page: Page): Promise<void> {
  await page.locator('[data-testid="host-state"][data-phase="ready"]').waitFor();
}

/** Saves a record by pasting it, as a doctor does. */
export async function pasteRecord(page: Page, title: string, text: string): Promise<void> {
  await page.getByTestId('new-record').first().click();
  await page.getByTestId('record-title').fill(title);
  await page.getByTestId('record-text').fill(text);
  await page.getByTestId('save-record').click();
  await page.getByTestId('new-record-dialog').waitFor({ state: 'hidden' });
  // What is on screen until then is the record before, and the next key or click would be for it.
  const row = page.locator('[data-testid="record-row"][aria-selected="true"]');
  await row.filter({ hasText: title }).waitFor();
  if ((await page.getByTestId('app').getAttribute('data-screen')) === 'extraction') {
    await page.getByRole('heading', { level: 1 }).filter({ hasText: title }).waitFor();
  }
}

/** Runs extraction on the open record and waits for its end. */
export async function runExtraction(page: Page, status = 'completed'): Promise<void> {
  await page.getByTestId('run-extraction').click();
  await page
    .locator(`[data-testid="run-status"][data-status="${status}"]`)
    .waitFor({ timeout: 60_000 });
}

export interface ShownFact {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The facts as the screen shows them. */
export function shownFacts(page: Page): Promise<ShownFact[]> {
  return page.getByTestId('fact').evaluateAll((rows) =>
    rows.map((row) => ({
      type: row.getAttribute('data-type') ?? '',
      start: Number(row.getAttribute('data-start')),
      end: Number(row.getAttribute('data-end')),
      text: row.querySelector('[data-testid="fact-text"]')?.textContent ?? '',
    })),
  );
}

/** Every file below a folder whose bytes hold the text, in UTF-8 or UTF-16. */
export async function filesHolding(folder: string, text: string): Promise<string[]> {
  const needles = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (needles.some((needle) => bytes.includes(needle))) found.push(path);
  }
  return found;
}

/** Answers the system's next dialogs for opening with this path, as nobody is there to choose. */
export function answerDialog(app: ElectronApplication, path: string): Promise<void> {
  return app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
  }, path);
}

/** Answers the system's next dialogs for saving with this path, or closes them for null. */
export function answerSaveDialog(app: ElectronApplication, path: string | null): Promise<void> {
  return app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () =>
      Promise.resolve({ canceled: chosen === null, filePath: chosen ?? '' });
  }, path);
}
