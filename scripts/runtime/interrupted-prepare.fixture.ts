/**
 * A process for tests: prepares the fixture runtime into argv[2] and, at step argv[3], says so on
 * stdout and stands still, so that the test can kill it there.
 */
import { writeSync } from 'node:fs';
import { fixturePackage } from './fixture-package';
import { prepareRuntime } from './prepare';

const [, , cache = '', stopAt = ''] = process.argv;
await prepareRuntime({
  ...fixturePackage(),
  cache,
  say: () => undefined,
  onStep: (step) => {
    if (step !== stopAt) return;
    writeSync(1, `at ${step}\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
