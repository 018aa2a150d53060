/** The real program on a profile of many notes, for what is measured in its window. */
import type { ElectronApplication, Page } from 'playwright-core';
import { testPassphrase } from '../../e2e/profile';
import { electronEnvironment } from '../display';
import { launchElectron } from '../launch';
import { projectRoot } from '../project';

/** Large profiles take their time. */
export const patience = { timeout: 300_000 };

/** The real program on a profile, locked. */
export class LockedApp {
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
