/**
 * Electron replaces malloc, and one native allocation above about 1 GiB then kills the process. A
 * tiny model does not show it: this one has ChiMed-GPT's width, and its weights are one such block.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBenchApp } from '../scripts/bench/app-path';
import { ensureBuild } from '../scripts/build';
import { hasDisplay, startVirtualDisplay, type VirtualDisplay } from '../scripts/display';
import { resolveRuntime } from '../scripts/runtime/resolve';
import { full13b, writeRandomModel } from './fixtures/random-model';
import { writeTestCard } from './fixtures/test-models';
import { makeVocabulary } from './fixtures/vocabulary';

let folder: string;
let display: VirtualDisplay | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-large-'));
  await ensureBuild();
  display = hasDisplay() ? undefined : await startVirtualDisplay();
});
afterAll(async () => {
  await display?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('a model whose weights are more than 1 GiB in one piece loads in the real host', async () => {
  const path = join(folder, 'wide.gguf');
  await writeRandomModel(path, { ...full13b, blocks: 8 }, makeVocabulary(), { seed: 3 });
  expect((await stat(path)).size).toBeGreaterThan(1.3 * 2 ** 30);
  await writeTestCard(path, 240);
  const { page, close } = await startBenchApp(await resolveRuntime(), display?.name, {
    CHIMED_MODEL: path,
  });
  try {
    const ended = page.locator(
      '[data-testid="host-state"][data-phase="ready"], [data-testid="host-state"][data-phase="failed"]',
    );
    await ended.waitFor({ timeout: 300_000 });
    expect(await ended.getAttribute('data-phase')).toBe('ready');
  } finally {
    await close();
  }
});
