/**
 * `npm run demo [-- --out FILE.png]`: the real program does its main job on a bundled sample record,
 * on a virtual display where there is none, with a data folder of its own that is removed again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import { ensureBuild } from './build';
import { electronEnvironment, hasDisplay, startVirtualDisplay } from './display';
import { launchElectron } from './launch';
import { projectRoot } from './project';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import { ensureSystemPackages } from './system-packages';
import { PlainError, runScript, say } from './terminal';
import { trySamples } from './try-samples';

const loadLimitMs = 120_000;
const runLimitMs = 300_000;

await runScript(async () => {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const screenshot = values.out ? resolve(values.out) : join(projectRoot, 'demo-screenshot.png');
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const runtime = await resolveRuntime();
  say(describeRuntime(runtime));
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  const userData = await mkdtemp(join(tmpdir(), 'chimed-demo-'));
  try {
    const app = await launchElectron({
      executable: runtime.executable,
      args: [`--user-data-dir=${userData}`, projectRoot],
      env: electronEnvironment(display?.name),
    });
    try {
      return await showMainJob(await app.firstWindow(), screenshot);
    } finally {
      await app.close();
    }
  } finally {
    await display?.stop();
    await rm(userData, { recursive: true, force: true });
  }
});

async function showMainJob(page: Page, screenshot: string): Promise<number> {
  await trySamples(page);
  await page.getByTestId('run-extraction').waitFor();
  say('Sample record opened; waiting for the model.');
  // Enabled once the model is loaded.
  await page.getByTestId('run-extraction').click({ timeout: loadLimitMs });
  const ended = page.locator(
    ['completed', 'incomplete', 'failed', 'stopped']
      .map((status) => `[data-testid="run-status"][data-status="${status}"]`)
      .join(', '),
  );
  await ended.waitFor({ timeout: runLimitMs });
  const status = await ended.getAttribute('data-status');
  const facts = await page.getByTestId('fact').evaluateAll((rows) =>
    rows.map((row) => ({
      type: row.getAttribute('data-type') ?? '',
      start: row.getAttribute('data-start') ?? '',
      end: row.getAttribute('data-end') ?? '',
      attributes: row.getAttribute('data-attributes') ?? '',
      confidence: row.getAttribute('data-confidence') ?? '',
      text: row.querySelector('[data-testid="fact-text"]')?.textContent?.trim() ?? '',
    })),
  );
  for (const { type, start, end, confidence, attributes, text } of facts)
    process.stdout.write(
      `${type}\t${start}-${end}\t${percent(confidence)}\t${text}\t${attributes}\n`,
    );
  await page.screenshot({ path: screenshot });
  say(`Run ${status}: ${facts.length} facts. Screenshot: ${screenshot}`);
  if (status !== 'completed') throw new PlainError('The run did not complete.');
  if (facts.length === 0) throw new PlainError('The run found no facts in the sample record.');
  return 0;
}

function percent(confidence: string): string {
  const value = Number.parseFloat(confidence);
  return Number.isFinite(value) ? `${Math.round(value * 100)}%` : '-';
}
