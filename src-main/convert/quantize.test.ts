/** The engine's own quantizer, run as the program runs it: in a child process. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { miniature, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { loadLlamaModel } from '../engine/load-llama-model';
import { libllamaPath } from '../engine/native-library';
import { checkGgufStructure } from '../library/gguf-structure';
import { quantize, QuantizerLog, type QuantizeJob } from './quantize';
import { quantizeParameters } from './quantize-parameters';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let source: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-quantize-'));
  source = join(folder, 'source.gguf');
  // Rows of 256: shorter ones silently become other types than the K-quants that were asked for.
  const shape = { ...miniature, embedding: 256, feedForward: 512, blocks: 1 };
  await writeRandomModel(source, shape, makeVocabulary(), { seed: 3 });
});
afterEach(() => rm(folder, { recursive: true }));

function start(job: QuantizeJob): ChildProcess {
  child = fork(join(import.meta.dirname, 'quantize-child.ts'), [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--import', 'tsx'],
  });
  return child;
}

it('the engine reads our parameters where we write them: its defaults are what llama.h says', () => {
  const library = koffi.load(libllamaPath(), { deep: true });
  const defaults = library.func('llama_model_quantize_default_params', quantizeParameters(), []);
  const read = defaults() as Record<string, unknown>;
  expect(Number(read['max_buf_size'])).toBe(8 * 2 ** 30);
  expect(read).toMatchObject({ nthread: 0, quantize_output_tensor: true, imatrix: null });
  expect(read).toMatchObject({ pure: false, dry_run: false, prune_layers: null });
});

it('a 16-bit model becomes one of 4-bit blocks that loads and answers', async () => {
  const target = join(folder, 'small.gguf');
  const seen: number[] = [];
  await quantize(start, libllamaPath(), source, target, 'q4_k_m', {
    threads: 1,
    onProgress: (done, total) => seen.push(done / total),
  });
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  const [before, after] = [await checkGgufStructure(source), await checkGgufStructure(target)];
  expect(after).toMatchObject({ quantization: 'Q4_K_M', parameters: before.parameters });
  expect(after.fileSize).toBeLessThan(before.fileSize / 2.5);
  expect(await readdir(folder)).toEqual(['small.gguf', 'source.gguf']);
  const model = await loadLlamaModel({
    path: target,
    contextSize: 128,
    backend: 'cpu',
    threads: 1,
  });
  const { signal } = new AbortController();
  const sequence = await model.openSequence(signal);
  const [answer] = await sequence.evaluate(model.tokenize('患者胸痛', false).slice(0, 1), [
    { candidates: [model.eos], top: 1 },
  ]);
  expect(Number.isFinite(answer?.top[0]?.[1])).toBe(true);
  await model.dispose();
});

it('a stop ends the child and leaves nothing', async () => {
  const stop = new AbortController();
  const target = join(folder, 'stopped.gguf');
  const working = quantize(start, libllamaPath(), source, target, 'q6_k', {
    threads: 1,
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('enough')),
  });
  await expect(working).rejects.toThrow('enough');
  expect(child?.signalCode).toBe('SIGKILL');
  expect(await readdir(folder)).toEqual(['source.gguf']);
});

it('a source that is cut is refused by name, without a path, and leaves nothing', async () => {
  await truncate(source, 100_000);
  const working = quantize(start, libllamaPath(), source, join(folder, 'x.gguf'), 'q8_0', {
    threads: 1,
  });
  const error: unknown = await working.catch((problem: unknown) => problem);
  expect(error).toMatchObject({ code: 'QUANTIZE_FAILED' });
  expect(JSON.stringify((error as { params: unknown }).params)).not.toContain(folder);
  expect(await readdir(folder)).toEqual(['source.gguf']);
});

it('progress is read from a log that comes in pieces', () => {
  const seen: string[] = [];
  const log = new QuantizerLog((done, total) => seen.push(`${done}/${total}`));
  for (const piece of [
    'load\n[   1/  3',
    '] a - [1, 2]',
    ' size\n[   3/  3] b',
    "\nfailed: '/home/wang/x'\n",
  ]) {
    log.read(piece);
  }
  expect(new Set(seen)).toEqual(new Set(['0/3', '2/3']));
  expect(log.lastLine).toBe('failed: …');
});
