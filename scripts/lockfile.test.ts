import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from './project';

interface Lock {
  packages: Record<
    string,
    { version?: string; resolved?: string; optionalDependencies?: Record<string, string> }
  >;
}
const lock = JSON.parse(await readFile(join(projectRoot, 'package-lock.json'), 'utf8')) as Lock;

it('the lockfile has the native binaries of every system, not only of the one it was made on', () => {
  const wanted = lock.packages['node_modules/node-llama-cpp']?.optionalDependencies ?? {};
  expect(Object.keys(wanted).length).toBeGreaterThan(10);
  for (const [name, version] of Object.entries(wanted)) {
    expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version]);
  }
});

it('the lockfile names no registry', () => {
  const named = Object.values(lock.packages).filter(({ resolved }) => resolved?.startsWith('http'));
  expect(named).toEqual([]);
});
