// The command line; `chimed.cjs` is how it is started.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isBuilt, isCheckout } from './build-stamp.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (isCheckout(root) && !isBuilt(root)) {
  // Everything it prints goes to stderr: stdout belongs to the command's results.
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(root, 'scripts', 'build.ts')],
    { cwd: root, stdio: ['ignore', 2, 2] },
  );
  if (status !== 0) process.exit(1);
}

await import(pathToFileURL(join(root, 'out', 'main', 'cli.js')).href);
