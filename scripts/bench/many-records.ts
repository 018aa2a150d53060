import type { ElectronApplication, Page } from 'playwright-core';
import { testPassphrase } from '../../e2e/profile';
import { ensureBuild } from '../build';
import { electronEnvironment, hasDisplay, startVirtualDisplay } from '../display';
import { launchElectron } from '../launch';
import { projectRoot } from '../project';
import { resolveRuntime } from '../runtime/resolve';
import { ensureSystemPackages } from '../system-packages';
import { runScript, say } from '../terminal';
import { makeNotesProfile } from './notes-profile';

await runScript(async () => {
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const runtime = await resolveRuntime();
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  for (const n of [500, 50000]) {
    const folder = `/tmp/search-bench-${n}`;
    const t = performance.now();
    await makeNotesProfile(folder, n);
    say(`profile ${n}: ${performance.now() - t}`);
    for (let round = 0; round < 3; round++) {
      const app: ElectronApplication = await launchElectron({
        executable: runtime.executable,
        args: [`--user-data-dir=${folder}`, projectRoot],
        env: { ...electronEnvironment(display?.name), CHIMED_THREADS: '1' },
      });
      const page: Page = await app.firstWindow();
      await page.getByTestId('sign-in-passphrase').fill(testPassphrase);
      const start = performance.now();
      await page.getByTestId('sign-in').click();
      await page.getByTestId('app').waitFor();
      const appAt = performance.now() - start;
      await page.getByTestId('record-row').first().waitFor({ timeout: 300000 });
      const rowAt = performance.now() - start;
      await page.waitForFunction(
        (c) =>
          (document.querySelector('[data-testid=record-count]')?.textContent ?? '').replace(
            /[^0-9]/g,
            '',
          ) === String(c),
        n,
        { timeout: 300000 },
      );
      const all = performance.now() - start;
      say(
        `${n} round ${round}: app ${appAt.toFixed(0)} row ${rowAt.toFixed(0)} all ${all.toFixed(0)}`,
      );
      await page.waitForTimeout(round === 0 ? 8000 : 1000);
      await app.close();
    }
  }
  await display?.stop();
  return 0;
});
