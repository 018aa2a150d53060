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

/** @param command a script of the package that runs Playwright with playwright.config.ts */
export function endToEnd(command: string): Step {
  return step('e2e', command, 'out/reports/e2e.json');
}

/** @param command a script of the package that runs Playwright with playwright-machine.config.ts */
export function endToEndOfTheMachine(command: string): Step {
  return step('machine', command, 'out/reports/e2e-machine.json');
}

/** @param report named in the configuration that the command takes */
function step(name: string, command: string, report: string): Step {
  return { name, command, runner: 'playwright', report, before: prepareEndToEnd };
}
