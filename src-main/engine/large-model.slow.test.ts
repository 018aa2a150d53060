/** What only shows with a model of more than a gigabyte: its memory comes, stops coming, and goes. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { full13b, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import type { Problem } from '../domain/contract/errors';
import { inspectGguf } from '../library/gguf-structure';
import { memoryNeed } from '../library/memory-need';
import { modelFootprint } from '../library/model-footprint';
import { loadLlamaModel } from './load-llama-model';

const mebibyte = 2 ** 20;
const rss = (): number => process.memoryUsage.rss();

let folder: string;
let path: string;
let weights: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-large-'));
  path = join(folder, 'wide.gguf');
  await writeRandomModel(path, { ...full13b, blocks: 7 }, makeVocabulary(), { seed: 3 });
  const { header, summary } = await inspectGguf(path);
  const placement = { backend: 'cpu', gpuLayers: 0, contextSize: 512, sequences: 1 } as const;
  const footprint = modelFootprint(header, summary);
  weights = memoryNeed(footprint, { ...placement, kvType: 'f16', flashAttention: true }).ram
    .weights;
  expect(weights).toBeGreaterThan(1024 * mebibyte);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the weights are held once while it is loaded, and given back when it is disposed', async () => {
  const before = rss();
  const model = await loadLlamaModel({ path, contextSize: 512, backend: 'cpu' });
  const sequence = await model.openSequence(new AbortController().signal);
  await sequence.prefill(model.tokenize('患者三天前头痛', false), new AbortController().signal);
  const loaded = rss() - before;
  expect(loaded).toBeGreaterThan(0.95 * weights);
  expect(loaded).toBeLessThan(weights + 400 * mebibyte);
  await model.dispose();
  expect(rss() - before).toBeLessThan(0.2 * weights);
});

it('a load that is cancelled stops, and gives back what it had taken', async () => {
  const before = rss();
  const stop = new AbortController();
  let furthest = 0;
  const loading = loadLlamaModel({
    path,
    contextSize: 512,
    backend: 'cpu',
    signal: stop.signal,
    onProgress: (progress) => {
      furthest = progress;
      if (progress > 0.3) stop.abort();
    },
  });
  await expect(loading).rejects.toMatchObject({ name: 'Cancelled' });
  expect(furthest).toBeLessThan(0.9);
  expect(rss() - before).toBeLessThan(0.2 * weights);
});

// Addresses that a process reserves count as memory elsewhere; only this limit counts what it writes to.
const canLimit = process.platform === 'linux' && existsSync('/usr/bin/prlimit');

it.runIf(canLimit)('too little RAM for the weights is said as that', async () => {
  const script = fileURLToPath(new URL('./limited-load.fixture.ts', import.meta.url));
  const { stdout } = await promisify(execFile)('/usr/bin/prlimit', [
    `--data=${Math.round(0.8 * weights)}`,
    ...[process.execPath, '--import', 'tsx', script, path, '512', '1'],
  ]);
  const problem = JSON.parse(stdout) as Problem;
  expect(problem.code).toBe('MODEL_OUT_OF_MEMORY');
  expect(problem.params?.['detail']).toMatch(/insufficient memory \(attempted to allocate \d/);
});
