import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { releaseRuntime } from './release-runtime';

let root: string;

function dist(folder: string, version: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'electron'), '');
  chmodSync(join(folder, 'electron'), 0o755);
  writeFileSync(join(folder, 'version'), version);
  return folder;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chimed-release-'));
  mkdirSync(join(root, 'node_modules', 'electron'), { recursive: true });
  writeFileSync(join(root, 'node_modules/electron/package.json'), '{"version":"45.4.1"}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const release = (env: NodeJS.ProcessEnv = {}) => releaseRuntime({ root, env, platform: 'linux' });

it('a release takes the official binary', async () => {
  dist(join(root, 'node_modules/electron/dist'), '45.4.1');
  writeFileSync(join(root, 'node_modules/electron/path.txt'), 'electron');
  expect(await release()).toMatchObject({ kind: 'official', version: '45.4.1' });
});

it('a release takes the Electron named by the environment, if it is the same version', async () => {
  const CHIMED_ELECTRON = dist(join(root, 'mine'), '45.4.1');
  expect(await release({ CHIMED_ELECTRON })).toMatchObject({ dist: CHIMED_ELECTRON });
});

it('a release is refused without the official binary, and nothing is fetched for it', async () => {
  await expect(release()).rejects.toThrow(/official Electron 45\.4\.1, which is not here/);
});

it("a release is refused with the registry's runtime, even under the right version", async () => {
  const CHIMED_ELECTRON = dist(join(root, 'registry'), '45.4.1');
  writeFileSync(join(CHIMED_ELECTRON, 'prepared.json'), '{}');
  await expect(release({ CHIMED_ELECTRON })).rejects.toThrow(/registry's runtime/);
});

it('a release is refused with an Electron of another version', async () => {
  const CHIMED_ELECTRON = dist(join(root, 'old'), '33.2.1');
  await expect(release({ CHIMED_ELECTRON })).rejects.toThrow(/holds 33\.2\.1/);
});
