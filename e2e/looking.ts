/** Looks at what is on screen in both themes and at both sizes: what axe finds, what overflows, and a picture. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElectronApplication, Locator, Page } from '@playwright/test';
import { projectRoot } from '../scripts/project';
import { findings } from './axe';

/** Where the pictures of the last run are: a folder a language, theme and size. */
const pictures = join(projectRoot, 'out/screens');
const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;

export class Looking {
  readonly #app: ElectronApplication;
  readonly #page: Page;
  readonly #locale: string;
  /** What is wrong, as words: all of it is told at the end, not the first alone. */
  readonly faults: string[] = [];

  /** @param locale that the page is in; names the pictures' folder */
  constructor(app: ElectronApplication, page: Page, locale: string) {
    this.#app = app;
    this.#page = page;
    this.#locale = locale;
  }

  /**
   * @param name of the picture
   * @param part that is scrolled to, where not all is on screen
   */
  async at(name: string, part?: Locator): Promise<void> {
    for (const size of sizes) {
      await this.#resize(size);
      await part?.evaluate((element) => element.scrollIntoView({ block: 'nearest' }));
      for (const theme of ['light', 'dark'] as const) {
        const page = this.#page;
        await page.evaluate((value) => (document.documentElement.dataset['theme'] = value), theme);
        const kind = `${this.#locale}-${theme}-${size.width}`;
        const folder = join(pictures, kind);
        await mkdir(folder, { recursive: true });
        await page.screenshot({ path: join(folder, `${name}.png`) });
        // Colours are the same at both sizes, and so are names and roles.
        const found = size.width === 1280 ? await findings(page) : [];
        this.faults.push(
          ...[...found, ...(await overflowing(page))].map((fault) => `${kind} ${name}: ${fault}`),
        );
      }
    }
  }

  async #resize({ width, height }: { width: number; height: number }): Promise<void> {
    await this.#app.evaluate(
      ({ BrowserWindow }, to) =>
        BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height),
      { width, height },
    );
    await this.#page.waitForFunction((wanted) => window.innerWidth === wanted, width);
  }
}

/** What is wider than its place: the page, a dialog, or a part that could only be read by scrolling sideways. */
function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const name = (element: Element): string =>
      element.getAttribute('data-testid') ??
      `${element.tagName.toLowerCase()}.${element.className}`;
    const wide = [...document.querySelectorAll('*')].filter((element) => {
      if (element.scrollWidth <= element.clientWidth + 1 || element.clientWidth === 0) return false;
      const { overflowX } = getComputedStyle(element);
      return element === document.documentElement || overflowX === 'auto' || overflowX === 'scroll';
    });
    return wide.map(
      (element) => `${name(element)} is ${element.scrollWidth - element.clientWidth} px too wide`,
    );
  });
}
