import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hashOfInputs, isBuilt, isCheckout, stampFile } from '../bin/build-stamp.mjs';

let root: string;

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chimed-stamp-'));
  write('src-main/main.ts', 'main');
  write('src-main/main.test.ts', 'test');
  write('electron.vite.config.ts', 'config');
  for (const path of [
    'main/main.js',
    'main/cli.js',
    'main/host.js',
    'main/worker.js',
    'main/probe.js',
    'main/converter.js',
    'main/quantizer.js',
    'main/hasher.js',
    'main/template-worker.js',
    'main/document-thread.js',
    'preload/preload.cjs',
    'renderer/index.html',
  ])
    write(`out/${path}`, 'built');
  write(stampFile, hashOfInputs(root));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('a build is current while its sources stay as they were, whatever happens to tests', () => {
  expect(isCheckout(root)).toBe(true);
  expect(isBuilt(root)).toBe(true);
  write('src-main/main.test.ts', 'another test');
  expect(isBuilt(root)).toBe(true);
});

it.each([
  ['a source changed', () => write('src-main/main.ts', 'main 2')],
  ['a source was added', () => write('src-main/shell/new.ts', '')],
  [
    'a source was renamed',
    () => renameSync(join(root, 'src-main/main.ts'), join(root, 'src-main/other.ts')),
  ],
  ['the lock file changed', () => write('package-lock.json', '{}')],
  ['an output is gone', () => rmSync(join(root, 'out/main/host.js'))],
  ['the build was interrupted before its stamp', () => rmSync(join(root, stampFile))],
])('a build is not current when %s', (_what, change) => {
  change();
  expect(isBuilt(root)).toBe(false);
});
