/** A page that wants out, in windows of the real program. Only ever run inside of a network namespace. */
import { join } from 'node:path';
import { expect, test } from '../app';
import { electronEnvironment } from '../../scripts/display';
import { launchElectron } from '../../scripts/launch';
import { resolveRuntime } from '../../scripts/runtime/resolve';
import { hostileScript } from './hostile-script';

test.beforeAll(() => {
  if (process.env['CHIMED_ISOLATED'] !== 'yes') throw new Error('this belongs into a namespace');
});

/** A proxy would do for a program what it is forbidden to do itself. */
const proxies = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy'].map((name) => [name, 'http://198.51.100.66:3128']),
);

test('locked: our own page', async ({ start }) => {
  const { page } = await start({ env: proxies });
  expect(await page.evaluate(hostileScript)).toBeGreaterThan(100);
});

test('locked: another page in a window of the program, without a content security policy', async ({
  start,
}) => {
  const { app } = await start({ env: proxies });
  const tried = await app.evaluate(async ({ BrowserWindow }, script) => {
    const window = new BrowserWindow({ webPreferences: { sandbox: true } });
    await window.loadURL('data:text/html,<p>hostile</p>');
    return (await window.webContents.executeJavaScript(script, true)) as unknown;
  }, hostileScript);
  expect(tried).toBeGreaterThan(100);
});

test('unlocked: an Electron without our refusals', async ({ display }) => {
  const { executable } = await resolveRuntime();
  const app = await launchElectron({
    executable,
    args: [join(import.meta.dirname, 'unlocked-app')],
    env: electronEnvironment(display),
  });
  const page = await app.firstWindow();
  // It may be away before it has finished: nothing keeps it.
  await Promise.race([
    page.evaluate(hostileScript).catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, 6_000)),
  ]);
  await app.close();
});
