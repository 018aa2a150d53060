import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixturePackage } from './fixture-package';
import { resolveRuntime, type ResolveOptions } from './resolve';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'chimed-resolve-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

function fakeDist(folder: string, version: string, executable = 'electron'): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, executable), '');
  chmodSync(join(folder, executable), 0o755);
  writeFileSync(join(folder, 'version'), `v${version}\n`);
  return folder;
}

/** A project whose `electron` dependency is 45.4.1, with an official binary of `version` in it. */
function fakeProject(version?: string): string {
  const electron = join(home, 'project', 'node_modules', 'electron');
  mkdirSync(electron, { recursive: true });
  writeFileSync(join(electron, 'package.json'), '{"version":"45.4.1"}');
  if (version !== undefined) {
    fakeDist(join(electron, 'dist'), version);
    writeFileSync(join(electron, 'path.txt'), 'electron');
  }
  return join(home, 'project');
}

const noFetch = () => Promise.reject(new Error('nothing may be fetched here'));
const here = (root: string, more: Partial<ResolveOptions> = {}): ResolveOptions => ({
  root,
  platform: 'linux',
  arch: 'x64',
  fetch: noFetch,
  say: () => undefined,
  ...more,
  env: { XDG_CACHE_HOME: join(home, 'cache'), ...more.env },
});

describe('the runtime is taken from', () => {
  it('CHIMED_ELECTRON first, as a folder or as an executable', async () => {
    const root = fakeProject('45.4.1');
    const mine = fakeDist(join(home, 'mine'), '40.0.0');
    const other = fakeDist(join(home, 'other'), '41.0.0');
    const expected = {
      kind: 'override',
      executable: join(mine, 'electron'),
      dist: mine,
      version: '40.0.0',
    };
    for (const value of [mine, join(mine, 'electron')]) {
      const env = { CHIMED_ELECTRON: value, ELECTRON_OVERRIDE_DIST_PATH: other };
      expect(await resolveRuntime(here(root, { env }))).toEqual(expected);
    }
  });

  it('ELECTRON_OVERRIDE_DIST_PATH next', async () => {
    const root = fakeProject('45.4.1');
    const env = { ELECTRON_OVERRIDE_DIST_PATH: fakeDist(join(home, 'other'), '41.0.0') };
    expect(await resolveRuntime(here(root, { env }))).toMatchObject({ version: '41.0.0' });
  });

  it('the official binary next, if it is there with the version of the dependency', async () => {
    expect(await resolveRuntime(here(fakeProject('45.4.1')))).toMatchObject({
      kind: 'official',
      version: '45.4.1',
    });
  });

  it.each([
    ['there is none', () => fakeProject()],
    ['it is of another version', () => fakeProject('44.0.0')],
    [
      'its installation was interrupted',
      () => {
        const root = fakeProject('45.4.1');
        rmSync(join(root, 'node_modules', 'electron', 'path.txt'));
        return root;
      },
    ],
  ])('the registry if %s, fetched once and then found in the cache', async (_why, project) => {
    const root = project();
    const fixture = fixturePackage();
    const first = await resolveRuntime(here(root, fixture));
    expect(first).toMatchObject({ kind: 'registry', version: '33.2.1' });
    const again = here(root, { source: fixture.source });
    expect(await resolveRuntime(again)).toEqual(first);
  });
});

describe('instead of another runtime than asked for, there is a message', () => {
  it.each(['CHIMED_ELECTRON', 'ELECTRON_OVERRIDE_DIST_PATH'])(
    'when %s points nowhere',
    async (name) => {
      const env = { [name]: join(home, 'missing') };
      const run = resolveRuntime(here(fakeProject('45.4.1'), { env }));
      await expect(run).rejects.toThrow(`${name} is set to`);
    },
  );

  it.each([
    ['linux', 'arm64'],
    ['win32', 'x64'],
    ['darwin', 'arm64'],
  ] as const)('on %s-%s, which the registry has none for', async (platform, arch) => {
    const run = resolveRuntime(here(fakeProject(), { platform, arch }));
    await expect(run).rejects.toThrow(/npm run electron:official[\s\S]*CHIMED_ELECTRON/);
  });
});
