/** `npm run test:slow`: what takes minutes or needs the whole runtime; `.ci/run` adds it. */
import { endToEnd } from './end-to-end';
import { offlineProof } from './offline-proof';
import { runSuite } from './suite';
import { runScript } from './terminal';

const report = 'out/reports/slow.json';

await runScript(() =>
  runSuite(
    'npm run test:slow',
    [
      {
        name: 'slow',
        command:
          'vitest run --config scripts/vitest-slow.config.ts ' +
          `--reporter=default --reporter=json --outputFile.json=${report}`,
        runner: 'vitest',
        report,
      },
      endToEnd('playwright test --grep @slow'),
      offlineProof,
      { name: 'packaged', command: 'tsx scripts/package.ts --test' },
    ],
    'out/reports/summary-slow.json',
  ),
);
