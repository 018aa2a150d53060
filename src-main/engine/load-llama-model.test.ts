import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { miniature, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import type { Problem } from '../domain/contract/errors';
import { loadLlamaModel, type LoadOptions } from './load-llama-model';

let folder: string;
let sound: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-load-'));
  sound = join(folder, 'sound.gguf');
  // Heads of 32 elements, which is one block of a quantized KV cache.
  const shape = { ...miniature, heads: 2, context: 32_768 };
  await writeRandomModel(sound, shape, makeVocabulary(), { seed: 2 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const load = (path: string, options: Partial<LoadOptions> = {}) =>
  loadLlamaModel({ path, contextSize: 256, threads: 1, backend: 'cpu', ...options });

/** A file that gets past no structure check; here it is given to the library all the same. */
async function broken(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, change(await readFile(sound)));
  return path;
}

function renamed(from: string, to: string): (bytes: Buffer) => Buffer {
  return (bytes) => {
    bytes.write(to, bytes.indexOf(from));
    return bytes;
  };
}

describe('a load that fails says why, every time in the life of the process', () => {
  // Twice: an instance of the library that follows another one does not report.
  it.each([1, 2])(
    'time %i: truncated, unknown architecture, missing weights, missing file',
    async () => {
      const truncated = await broken('truncated.gguf', (bytes) =>
        bytes.subarray(0, Math.floor(bytes.length * 0.7)),
      );
      await expect(load(truncated)).rejects.toMatchObject({ code: 'MODEL_TRUNCATED' });
      const unknown = await broken('unknown.gguf', renamed('llama', 'glama'));
      await expect(load(unknown)).rejects.toMatchObject({
        code: 'MODEL_ARCHITECTURE',
        params: { detail: expect.stringContaining("'glama'") as string },
      });
      const missing = await broken(
        'missing.gguf',
        renamed('blk.1.attn_q.weight', 'blk.1.attn_z.weight'),
      );
      await expect(load(missing)).rejects.toMatchObject({
        code: 'MODEL_LOAD_FAILED',
        params: { detail: expect.stringContaining('blk.1.attn_q.weight') as string },
      });
      await expect(load(join(folder, 'nowhere.gguf'))).rejects.toMatchObject({
        code: 'MODEL_MISSING',
      });
    },
  );

  it('a graphics card that is not there is a matter of its driver', async () => {
    await expect(load(sound, { backend: 'cuda' })).rejects.toMatchObject({
      code: expect.stringMatching(/^GPU_/) as string,
    });
  });
});

describe('what a model is loaded with', () => {
  it('a quantized KV cache and attention without flash are used, and their memory is told', async () => {
    const memoryWith = async (options: Partial<LoadOptions>): Promise<number> => {
      const model = await load(sound, { contextSize: 32_768, sequences: 2, ...options });
      const { ramBytes, vramBytes } = model.memory();
      expect(model.device).toEqual({ kind: 'cpu' });
      expect(vramBytes).toBe(0);
      await model.dispose();
      return ramBytes;
    };
    const half = await memoryWith({});
    // 2 layers x 64 keys and values x 2 sequences x 32,768 tokens x 2 bytes = 32 MiB
    const cache = 32 * 2 ** 20;
    expect(half - (await memoryWith({ kvType: 'q8_0' }))).toBeCloseTo(cache * (1 - 17 / 32), -7);
    expect(half - (await memoryWith({ kvType: 'q4_0' }))).toBeCloseTo(cache * (1 - 9 / 32), -7);
    expect(await memoryWith({ flashAttention: false })).toBeGreaterThan(half + cache);
  });

  it('stops when it is cancelled, before and while it loads', async () => {
    await expect(load(sound, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'Cancelled',
    });
    const stop = new AbortController();
    await expect(
      load(sound, { signal: stop.signal, onProgress: () => stop.abort() }),
    ).rejects.toMatchObject({ name: 'Cancelled' });
  });
});

// Addresses that a process reserves count as memory elsewhere; only this limit counts what it writes to.
const canLimit = process.platform === 'linux' && existsSync('/usr/bin/prlimit');

it.runIf(canLimit)('too little RAM for the KV cache is said as that', async () => {
  const script = fileURLToPath(new URL('./limited-load.fixture.ts', import.meta.url));
  const limited = async (mebibytes: number): Promise<Problem> => {
    const { stdout } = await promisify(execFile)('/usr/bin/prlimit', [
      `--data=${mebibytes * 2 ** 20}`,
      ...[process.execPath, '--import', 'tsx', script, sound, '32768', '8'],
    ]);
    return JSON.parse(stdout) as Problem;
  };
  expect(await limited(250)).toMatchObject({
    code: 'MODEL_OUT_OF_MEMORY',
    params: { detail: expect.stringContaining('attempted to allocate 128.00 MB') as string },
  });
});
