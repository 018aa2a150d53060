/**
 * `npm run offline:proof`: proves that the program opens no connection. It needs Linux, and root or
 * user namespaces; where it cannot run, it says so and counts as skipped.
 */
import { ensureBuild } from './build';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import { runSuite, type Step } from './suite';
import { ensureSystemPackages } from './system-packages';
import { PlainError, runScript, say } from './terminal';

const report = 'out/reports/offline.json';

export const offlineProof: Step = {
  name: 'offline',
  command:
    'vitest run --config scripts/vitest-offline.config.ts ' +
    `--reporter=default --reporter=json --outputFile.json=${report}`,
  runner: 'vitest',
  report,
  before: async () => {
    // Inside of the namespaces there is no display but one of their own.
    if (process.platform === 'linux') ensureSystemPackages('virtual-display');
    try {
      ensureSystemPackages('offline-proof');
    } catch (error) {
      if (!(error instanceof PlainError)) throw error;
      say(error.message);
    }
    await ensureBuild();
    say(describeRuntime(await resolveRuntime()));
  },
};

if (process.argv[1] === import.meta.filename)
  await runScript(() =>
    runSuite('npm run offline:proof', [offlineProof], 'out/reports/summary-offline.json'),
  );
