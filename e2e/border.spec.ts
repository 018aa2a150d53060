/** What the page can reach: one typed object, and nothing else. */
import { join } from 'node:path';
import { projectRoot } from '../scripts/project';
import { expect, test } from './app';

test('the page has no Node, no Electron, and one frozen bridge with three functions', async ({
  start,
}) => {
  const { page } = await start();
  expect(
    await page.evaluate(() => ({
      node: typeof (globalThis as { process?: unknown }).process,
      require: typeof (globalThis as { require?: unknown }).require,
      bridge: Object.keys(window.chimed).sort(),
      secure: window.isSecureContext,
    })),
  ).toEqual({
    node: 'undefined',
    require: 'undefined',
    bridge: ['invoke', 'pathOf', 'subscribe'],
    secure: true,
  });
});

test('unknown channels and wrong payloads are refused with a code', async ({ start }) => {
  const { page } = await start();
  const ask = (channel: string, payload?: unknown) =>
    page.evaluate(
      ([name, value]) =>
        (window.chimed.invoke as (name: string, value: unknown) => unknown)(name, value),
      [channel, payload] as const,
    );
  expect(await ask('shell.open')).toEqual({ ok: false, problem: { code: 'UNKNOWN_METHOD' } });
  expect(await ask('settings.set', { zoom: 99 })).toEqual({
    ok: false,
    problem: { code: 'BAD_REQUEST' },
  });
});

test('another page in a window of ours gets no answer from main', async ({ start }) => {
  const { app, page } = await start();
  const preload = join(projectRoot, 'out/preload/preload.cjs');
  const reply = await app.evaluate(async ({ BrowserWindow }, script) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: { preload: script, sandbox: true, contextIsolation: true },
    });
    await window.loadURL('data:text/html,<p>hostile</p>');
    const answer: unknown = await window.webContents.executeJavaScript(
      "chimed.invoke('vault.key')",
    );
    window.destroy();
    return answer;
  }, preload);
  expect(reply).toEqual({ ok: false, problem: { code: 'FORBIDDEN_SENDER' } });
  await expect(page.getByTestId('app')).toBeVisible();
});

test('the page cannot fetch, open windows, navigate away or run inline script', async ({
  start,
}) => {
  const { app, page } = await start();
  const tried = await page.evaluate(async () => {
    const failed = async (work: () => Promise<unknown>): Promise<boolean> =>
      work().then(
        () => false,
        () => true,
      );
    const script = document.createElement('script');
    script.textContent = 'window.inlineRan = true';
    document.head.append(script);
    return {
      fetchFailed: await failed(() => window.fetch('https://example.org/')),
      opened: window.open('https://example.org/') !== null,
      inlineRan: 'inlineRan' in window,
    };
  });
  expect(tried).toEqual({ fetchFailed: true, opened: false, inlineRan: false });
  await page.evaluate(() => {
    window.location.href = 'https://example.org/';
  });
  await page.waitForTimeout(300);
  expect(page.url()).toBe('app://chimed/index.html');
  expect(app.windows()).toHaveLength(1);
});

test('only files of the built page are served, and only below its folder', async ({ start }) => {
  const { page } = await start();
  const statuses = await page.evaluate(() =>
    Promise.all(
      [
        '/index.html',
        '/../main/main.js',
        '/%2e%2e/main/main.js',
        '/..%2fmain%2fmain.js',
        '/nothing.js',
      ].map((path) => window.fetch(path).then((response) => response.status)),
    ),
  );
  expect(statuses).toEqual([200, 404, 404, 404, 404]);
});
