/** What the end-to-end tests need: a display, the built program, a runtime. */
import { ensureBuild } from './build';
import { hasDisplay } from './display';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import type { Step } from './suite';
import { ensureSystemPackages } from './system-packages';
import { say } from './terminal';

async function prepareEndToEnd(): Promise<void> {
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  say(describeRuntime(await resolveRuntime()));
}

/** @param command a script of the package that runs Playwright */
export function endToEnd(command: string): Step {
  return {
    name: 'e2e',
    command,
    runner: 'playwright',
    // Named in playwright.config.ts.
    report: 'out/reports/e2e.json',
    before: prepareEndToEnd,
  };
}
