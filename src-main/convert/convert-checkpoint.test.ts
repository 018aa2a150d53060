/** A checkpoint as PyTorch and Transformers write it becomes a GGUF that says the same. */
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import type { LanguageModel } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';
import { checkGgufStructure } from '../library/gguf-structure';
import { openCheckpoint } from './checkpoint';
import { convertCheckpoint, type Provenance } from './convert-checkpoint';

const fixtures = join(import.meta.dirname, '..', '..', 'e2e', 'fixtures', 'checkpoint');
const { cases } = z
  .object({
    cases: z.array(z.object({ text: z.string(), ids: z.array(z.int()), greedy: z.array(z.int()) })),
  })
  .parse(JSON.parse(await readFile(join(fixtures, 'expected.json'), 'utf8')));
const provenance: Provenance = {
  tool: 'chimed test',
  date: '2026-01-01T00:00:00.000Z',
  hashes: Promise.resolve(Array.from({ length: 6 }, () => '1'.repeat(64))),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-convert-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function convert(from: string, weights: 'F16' | 'BF16'): Promise<string> {
  const out = join(folder, `${from}-${weights}.gguf`);
  await convertCheckpoint(await openCheckpoint(join(fixtures, from)), out, weights, provenance);
  return out;
}

describe('the converted model', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    const path = await convert('bin', 'F16');
    model = await loadLlamaModel({ path, contextSize: 128, backend: 'cpu', threads: 1 });
  });
  afterAll(() => model?.dispose());

  it('has the checkpoint’s shape', async () => {
    expect(await checkGgufStructure(join(folder, 'bin-F16.gguf'))).toMatchObject({
      architecture: 'llama',
      blocks: 2,
      embedding: 32,
      heads: 4,
      kvHeads: 2,
      feedForward: 64,
      vocabulary: 1024,
      context: 128,
      quantization: 'F16',
    });
  });

  it('tokenises as SentencePiece does: rare characters, bytes, spaces and line ends', () => {
    for (const { text, ids } of cases) {
      expect([text, [...model.tokenize(text, false)]]).toEqual([text, ids]);
    }
  });

  it('its most likely tokens are those of PyTorch', async () => {
    const { signal } = new AbortController();
    const sequence = await model.openSequence(signal);
    for (const { text, ids, greedy } of cases) {
      const said: number[] = [];
      await sequence.prefill([1, ...ids.slice(0, -1)], signal);
      for (let last = ids.at(-1) as number; said.length < greedy.length;) {
        const [answer] = await sequence.evaluate([last], [{ candidates: [model.eos], top: 1 }]);
        last = answer?.top[0]?.[0] as number;
        said.push(last);
      }
      expect([text, said]).toEqual([text, greedy]);
    }
    sequence.release();
  });

  it('never takes the words <human> and <bot> for the tokens of that name', () => {
    expect(model.controlToken('<human>')).toBe(1000);
    expect(model.controlToken('<bot>')).toBe(1001);
    expect(model.tokenize('<human>:你好<bot>', false)).not.toContain(1000);
    expect(model.tokenize('<human>:你好<bot>', false)).not.toContain(1001);
  });
});

it('both layouts of weights become the same file, byte by byte', async () => {
  const written = await Promise.all(
    ['bin', 'safetensors'].map(async (from) => {
      const out = join(folder, `${from}.gguf`);
      // The folder's name is the model's, and its files are named in it.
      const opened = await openCheckpoint(join(fixtures, from));
      const files = opened.files.map(() => 'config.json');
      const checkpoint = { ...opened, name: 'mini', files };
      await convertCheckpoint(checkpoint, out, 'BF16', provenance);
      return readFile(out);
    }),
  );
  expect(written[0]?.equals(written[1] as Buffer)).toBe(true);
});

describe('a checkpoint that cannot be converted is named as what it is, and leaves nothing', () => {
  let copy: string;
  beforeEach(async () => {
    copy = join(folder, 'copy');
    await cp(join(fixtures, 'bin'), copy, { recursive: true });
  });
  afterEach(() => rm(copy, { recursive: true }));

  const shards = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'] as const;
  const path = (name: string): string => join(copy, name);
  async function edit(
    name: string,
    change: (json: Record<string, unknown>) => void,
  ): Promise<void> {
    const json = JSON.parse(await readFile(path(name), 'utf8')) as Record<string, unknown>;
    change(json);
    await writeFile(path(name), JSON.stringify(json));
  }
  async function problem(): Promise<[string, AppError['params']]> {
    const out = join(folder, 'out.gguf');
    try {
      await convertCheckpoint(await openCheckpoint(copy), out, 'F16', provenance);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect((await readdir(folder)).filter((name) => name.startsWith('out.'))).toEqual([]);
      return [error.code, error.params];
    }
    throw new Error('it was converted');
  }

  it.each(['config.json', 'tokenizer.model', shards[1]])('%s is missing', async (name) => {
    await rm(path(name));
    expect(await problem()).toEqual(['CHECKPOINT_INCOMPLETE', { file: name }]);
  });

  it('there are no weights, or no folder', async () => {
    for (const name of [...shards, 'pytorch_model.bin.index.json']) await rm(path(name));
    expect((await problem())[0]).toBe('CHECKPOINT_INCOMPLETE');
    await expect(openCheckpoint(path('nowhere'))).rejects.toMatchObject({
      code: 'CHECKPOINT_MISSING',
    });
  });

  it('a shard was not copied to the end', async () => {
    await truncate(path(shards[0]), 40_000);
    expect(await problem()).toEqual(['CHECKPOINT_INVALID', { what: 'zip', file: shards[0] }]);
  });

  it('the index leads out of the folder, or names a shard that lacks the tensor', async () => {
    const index = 'pytorch_model.bin.index.json';
    const map = (name: string, shard: string): Promise<void> =>
      edit(index, (json) => ((json['weight_map'] as Record<string, string>)[name] = shard));
    await map('lm_head.weight', shards[0]);
    expect(await problem()).toEqual([
      'CHECKPOINT_INVALID',
      { what: 'index-tensor', file: shards[0] },
    ]);
    for (const shard of ['../copy/x.bin', '/etc/passwd', '..', 'a\\b', '.hidden']) {
      await map('lm_head.weight', shard);
      expect(await problem()).toEqual(['CHECKPOINT_INVALID', { what: 'index-name', file: index }]);
    }
  });

  it('the tokenizer is longer or far shorter than the embedding', async () => {
    await edit('config.json', (config) => (config['vocab_size'] = 900));
    expect((await problem())[1]?.['what']).toBe('tokenizer-longer');
    await edit('config.json', (config) => (config['vocab_size'] = 4000));
    expect((await problem())[1]?.['what']).toBe('tokenizer-shorter');
  });

  it('the configuration says other shapes than the weights have', async () => {
    await edit('config.json', (config) => (config['intermediate_size'] = 128));
    expect((await problem())[1]).toMatchObject({ what: 'tensor-shape' });
    await edit('config.json', (config) => {
      config['intermediate_size'] = 64;
      config['num_hidden_layers'] = 3;
    });
    expect((await problem())[1]).toMatchObject({ what: 'tensor-missing' });
    await edit('config.json', (config) => (config['num_hidden_layers'] = 1));
    expect((await problem())[1]).toMatchObject({ what: 'tensor-unknown' });
  });

  const refused: [string, Record<string, unknown>, string, string][] = [
    [
      'another architecture',
      { architectures: ['BloomForCausalLM'] },
      'CHECKPOINT_UNSUPPORTED',
      'architecture',
    ],
    ['another activation', { hidden_act: 'gelu' }, 'CHECKPOINT_UNSUPPORTED', 'hidden_act'],
    ['biases', { attention_bias: true }, 'CHECKPOINT_UNSUPPORTED', 'attention_bias'],
    [
      'a scaling the engine lacks',
      { rope_scaling: { type: 'dynamic', factor: 2 } },
      'CHECKPOINT_UNSUPPORTED',
      'rope_scaling',
    ],
    ['no heads', { num_attention_heads: 0 }, 'CHECKPOINT_INVALID', 'config'],
    ['heads that do not divide', { num_attention_heads: 5 }, 'CHECKPOINT_INVALID', 'config'],
    ['a width of words', { hidden_size: 'wide' }, 'CHECKPOINT_INVALID', 'config'],
    ['a width beyond memory', { hidden_size: 2 ** 40 }, 'CHECKPOINT_INVALID', 'config'],
  ];
  it.each(refused)('%s', async (_, change, code, what) => {
    await edit('config.json', (config) => Object.assign(config, change));
    const [found, params] = await problem();
    expect([found, params?.['what']]).toEqual([code, what]);
  });

  it('the tokenizer is none, is cut, or has an added token where a piece is', async () => {
    const tokenizer = await readFile(path('tokenizer.model'));
    for (const bytes of [Buffer.from('{}'), tokenizer.subarray(0, 5000), Buffer.alloc(300, 0xff)]) {
      await writeFile(path('tokenizer.model'), bytes);
      const [code, params] = await problem();
      expect([code, params?.['file']]).toEqual([
        expect.stringMatching(/^CHECKPOINT_(INVALID|UNSUPPORTED)$/),
        'tokenizer.model',
      ]);
    }
    await writeFile(path('tokenizer.model'), tokenizer);
    await edit('added_tokens.json', (added) => (added['<bot>'] = 500));
    expect((await problem())[1]?.['what']).toBe('tokenizer-added');
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const out = join(folder, 'out.gguf');
    await expect(
      convertCheckpoint(await openCheckpoint(copy), out, 'F16', provenance, {
        signal: stop.signal,
        onProgress: () => stop.abort(new Error('enough')),
      }),
    ).rejects.toThrow('enough');
    expect((await readdir(folder)).filter((name) => name.startsWith('out.'))).toEqual([]);
  });
});
