/**
 * What Electron runs before it knows which app to run: reads the command line as Electron's own
 * default app does (`electron [-r module] [--app=]path`), then becomes that app.
 */
import { app } from 'electron';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const preloads = [];
let target;
const args = process.argv.slice(1);
for (let i = 0; i < args.length && target === undefined; i += 1) {
  const arg = args[i];
  if (arg === '-r' || arg === '--require') preloads.push(args[(i += 1)]);
  else if (arg.startsWith('--app=')) target = arg.slice('--app='.length);
  else if (!arg.startsWith('-')) target = arg;
}
if (target === undefined) {
  process.stderr.write('usage: electron [-r module] path-of-an-app\n');
  process.exit(2);
}

Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true });

const path = resolve(target);
const require = createRequire(pathToFileURL(join(path, 'package.json')));
let entry = path;
if (statSync(path).isDirectory()) {
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  if (manifest.version) app.setVersion(manifest.version);
  const name = manifest.productName ?? manifest.name;
  if (name) app.setName(name);
  if (process.platform === 'linux') app.setDesktopName(manifest.desktopName ?? `${name}.desktop`);
  app.setAppPath(path);
  entry = join(path, manifest.main ?? 'index.js');
}

for (const module of preloads) require(resolve(module));
// Awaited: otherwise `app` becomes ready before the app's own code runs, and a scheme can no longer
// be registered as privileged.
await import(pathToFileURL(require.resolve(entry)));
