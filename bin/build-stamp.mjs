// Plain JavaScript, because `chimed` asks this on every start and must not load a compiler for it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const inputs = [
  'src-main',
  'src-renderer',
  'resources',
  'models/catalog.json',
  'electron.vite.config.ts',
  'svelte.config.js',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];

const outputs = [
  'out/main/main.js',
  'out/main/cli.js',
  'out/main/host.js',
  'out/main/worker.js',
  'out/main/probe.js',
  'out/main/converter.js',
  'out/main/quantizer.js',
  'out/main/hasher.js',
  'out/main/template-worker.js',
  'out/main/document-thread.js',
  'out/preload/preload.cjs',
  'out/renderer/index.html',
];

/** Where the hash of what `out/` was built from is kept, relative to the project. */
export const stampFile = 'out/.built-from';

/** Whether `root` is a source checkout, as opposed to an installed package without sources. */
export function isCheckout(root) {
  return existsSync(join(root, 'src-main')) && existsSync(join(root, 'electron.vite.config.ts'));
}

/** SHA-256 (hex) over everything that the build reads: names and contents, without tests. */
export function hashOfInputs(root) {
  const hash = createHash('sha256');
  for (const input of inputs) addTo(hash, root, input);
  return hash.digest('hex');
}

/** Whether `out/` holds a finished build of exactly these sources. */
export function isBuilt(root) {
  try {
    return (
      readFileSync(join(root, stampFile), 'utf8').trim() === hashOfInputs(root) &&
      outputs.every((path) => existsSync(join(root, path)))
    );
  } catch {
    return false;
  }
}

function addTo(hash, root, path) {
  let names;
  try {
    names = readdirSync(join(root, path)).sort();
  } catch (error) {
    if (error.code === 'ENOTDIR') hashFile(hash, root, path);
    else if (error.code !== 'ENOENT') throw error;
    return;
  }
  for (const name of names) if (!/\.test\.ts$/.test(name)) addTo(hash, root, `${path}/${name}`);
}

function hashFile(hash, root, path) {
  const content = readFileSync(join(root, path));
  // The length keeps two files from being read as one.
  hash.update(`${path}\0${content.length}\0`).update(content);
}
