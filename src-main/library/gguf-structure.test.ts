import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGguf, type GgufMetadata, type GgufTensor } from '../convert/gguf-writer';
import type { GgufValue } from '../convert/gguf-header';
import { AppError } from '../domain/contract/errors';
import { checkGgufStructure } from './gguf-structure';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-structure-'));
  path = join(folder, 'model.gguf');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bytePieces = Array.from(
  { length: 256 },
  (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const pieces = ['<unk>', '<s>', '</s>', ...bytePieces, '患'];
const d = 64;

const metadata: Record<string, GgufValue> = {
  'general.architecture': { string: 'llama' },
  'general.name': { string: 'tiny' },
  'general.file_type': { u32: 1 },
  'llama.context_length': { u32: 128 },
  'llama.embedding_length': { u32: d },
  'llama.block_count': { u32: 1 },
  'llama.feed_forward_length': { u32: 96 },
  'llama.attention.head_count': { u32: 4 },
  'llama.attention.head_count_kv': { u32: 2 },
  'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
  'llama.rope.dimension_count': { u32: 16 },
  'tokenizer.ggml.model': { string: 'llama' },
  'tokenizer.ggml.tokens': { strings: pieces },
  'tokenizer.ggml.scores': { f32s: pieces.map(() => 0) },
  'tokenizer.ggml.token_type': { i32s: pieces.map(() => 1) },
  'tokenizer.ggml.bos_token_id': { u32: 1 },
  'tokenizer.ggml.eos_token_id': { u32: 2 },
};
const matrix = (name: string, ...dims: number[]): GgufTensor => ({
  name: `${name}.weight`,
  dims,
  type: 'F16',
});
const norm = (name: string): GgufTensor => ({ name: `${name}.weight`, dims: [d], type: 'F32' });
const tensors: GgufTensor[] = [
  matrix('token_embd', d, pieces.length),
  norm('blk.0.attn_norm'),
  matrix('blk.0.attn_q', d, d),
  matrix('blk.0.attn_k', d, 32),
  matrix('blk.0.attn_v', d, 32),
  matrix('blk.0.attn_output', d, d),
  norm('blk.0.ffn_norm'),
  matrix('blk.0.ffn_gate', d, 96),
  matrix('blk.0.ffn_up', d, 96),
  matrix('blk.0.ffn_down', 96, d),
  norm('output_norm'),
];

interface Change {
  set?: Record<string, GgufValue>;
  drop?: string[];
  tensors?: GgufTensor[];
}

function write(change: Change = {}): Promise<void> {
  const entries = Object.entries({ ...metadata, ...change.set }).filter(
    ([key]) => !change.drop?.includes(key),
  );
  const size = { F32: 4, F16: 2, BF16: 2, Q4_0: 0, Q8_0: 0 };
  return writeGguf(
    path,
    entries as unknown as GgufMetadata,
    change.tensors ?? tensors,
    (tensor) => new Uint8Array(tensor.dims.reduce((a, b) => a * b, 1) * size[tensor.type]),
  );
}

async function problem(): Promise<[string, string | number | undefined]> {
  try {
    await checkGgufStructure(path);
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.params?.['what']];
    throw error;
  }
  return ['no problem', undefined];
}

it('a sound file is summed up', async () => {
  await write();
  expect(await checkGgufStructure(path)).toEqual({
    architecture: 'llama',
    name: 'tiny',
    parameters: 260 * 64 + 3 * 64 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96,
    blocks: 1,
    embedding: 64,
    heads: 4,
    kvHeads: 2,
    feedForward: 96,
    vocabulary: 260,
    context: 128,
    quantization: 'F16',
    fileSize: (await readFile(path)).length,
  });
});

it('without a file type, the type of most bytes names the quantization', async () => {
  await write({ drop: ['general.file_type'] });
  expect((await checkGgufStructure(path)).quantization).toBe('F16');
});

describe('what is no model file', () => {
  it('missing, a folder, empty, or something else', async () => {
    await expect(checkGgufStructure(join(folder, 'none.gguf'))).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    });
    await expect(checkGgufStructure(folder)).rejects.toMatchObject({ code: 'MODEL_NOT_GGUF' });
    await writeFile(path, '');
    expect(await problem()).toEqual(['MODEL_EMPTY', undefined]);
    await writeFile(path, 'GG');
    expect(await problem()).toEqual(['MODEL_NOT_GGUF', undefined]);
    await writeFile(path, 'This is a letter.');
    expect(await problem()).toEqual(['MODEL_NOT_GGUF', undefined]);
  });
});

it('a file cut anywhere is truncated, never anything else and never accepted', async () => {
  await write();
  const whole = await readFile(path);
  // The last tensor needs no padding, so every byte counts.
  const cuts = [4, 5, 8, 20, 24, 30, 100, 1000, 5000, 9000, whole.length >> 1, whole.length - 1];
  for (const cut of cuts) {
    await writeFile(path, whole.subarray(0, cut));
    expect([cut, (await problem())[0]]).toEqual([cut, 'MODEL_TRUNCATED']);
  }
});

describe('what would abort the engine is refused', () => {
  const u32 = (key: string, value: number): Change => ({ set: { [key]: { u32: value } } });
  const cases: [string, Change, string][] = [
    ['no heads', u32('llama.attention.head_count', 0), 'head_count'],
    ['heads that do not divide the embedding', u32('llama.attention.head_count', 6), 'head_count'],
    ['no KV heads', u32('llama.attention.head_count_kv', 0), 'head_count_kv'],
    [
      'KV heads that do not divide the heads',
      u32('llama.attention.head_count_kv', 3),
      'head_count_kv',
    ],
    ['no blocks', u32('llama.block_count', 0), 'block_count'],
    ['more blocks than the engine has room for', u32('llama.block_count', 513), 'block_count'],
    ['a block that is not there', u32('llama.block_count', 2), 'blk.1.attn_norm.weight'],
    ['no context', u32('llama.context_length', 0), 'context_length'],
    ['a missing key', { drop: ['llama.embedding_length'] }, 'embedding_length'],
    ['experts in use without experts', u32('llama.expert_used_count', 2), 'expert_count'],
    [
      'an unknown scaling',
      { set: { 'llama.rope.scaling.type': { string: 'x' } } },
      'rope.scaling.type',
    ],
    ['rotation of another length', u32('llama.rope.dimension_count', 8), 'rope.dimension_count'],
    [
      'an epsilon of zero',
      { set: { 'llama.attention.layer_norm_rms_epsilon': { f32: 0 } } },
      'layer_norm_rms_epsilon',
    ],
    ['no architecture', { drop: ['general.architecture'] }, 'architecture'],
    [
      'a token that occurs twice',
      { set: { 'tokenizer.ggml.tokens': { strings: [...pieces.slice(1), '<s>'] } } },
      'tokens-repeated',
    ],
    ['no tokens', { drop: ['tokenizer.ggml.tokens'] }, 'tokens'],
    [
      'fewer scores than tokens',
      { set: { 'tokenizer.ggml.scores': { f32s: [0] } } },
      'tokenizer-scores',
    ],
    [
      'fewer types than tokens',
      { set: { 'tokenizer.ggml.token_type': { i32s: [1] } } },
      'tokenizer-token_type',
    ],
    ['an end token beyond the vocabulary', u32('tokenizer.ggml.eos_token_id', 260), 'eos_token_id'],
    [
      'a beginning token beyond the vocabulary',
      u32('tokenizer.ggml.bos_token_id', 0xffffffff),
      'bos_token_id',
    ],
    ['a vocabulary of another size', u32('llama.vocab_size', 100), 'vocab_size'],
    [
      'a byte without a token',
      {
        set: {
          'tokenizer.ggml.tokens': { strings: pieces.map((p) => (p === '<0x0A>' ? 'x' : p)) },
        },
      },
      'byte-tokens',
    ],
    ['an odd alignment', u32('general.alignment', 33), 'alignment'],
    [
      'tensors at other places than the alignment says',
      u32('general.alignment', 8192),
      'tensor-offset',
    ],
  ];
  it.each(cases)('%s', async (_, change, what) => {
    await write(change);
    expect(await problem()).toEqual(['MODEL_STRUCTURE', what]);
  });

  it('every missing, misshapen or mistyped weight of a llama', async () => {
    for (const [i, tensor] of tensors.entries()) {
      const [row = 0, ...rest] = tensor.dims;
      const other = { ...tensor, dims: [row + 32, ...rest] };
      const mistyped = { ...tensor, type: 'F16' as const };
      const without = tensors.filter((_, k) => k !== i);
      const changes = [without, tensors.with(i, other)];
      if (tensor.type === 'F32') changes.push(tensors.with(i, mistyped));
      for (const changed of changes) {
        await write({ tensors: changed });
        expect(await problem()).toEqual(['MODEL_STRUCTURE', tensor.name]);
      }
    }
  });

  it('an architecture that the engine may know but nobody here has tried', async () => {
    await write({ set: { 'general.architecture': { string: 'clip' } } });
    expect(await problem()).toEqual(['MODEL_ARCHITECTURE', undefined]);
  });

  it('another architecture is checked for its extents only', async () => {
    const renamed = Object.entries(metadata).filter(([key]) => key.startsWith('llama.'));
    await write({
      set: {
        'general.architecture': { string: 'qwen2' },
        ...Object.fromEntries(
          renamed.map(([key, value]) => [key.replace('llama.', 'qwen2.'), value]),
        ),
      },
      tensors: tensors.slice(0, 3),
    });
    expect((await checkGgufStructure(path)).architecture).toBe('qwen2');
  });
});

describe('a header that lies about sizes is refused before anything is allocated', () => {
  const u32 = (n: number): Buffer => Buffer.from(Uint32Array.of(n).buffer);
  const u64 = (n: bigint): Buffer => Buffer.from(BigUint64Array.of(n).buffer);
  const text = (s: string): Buffer => Buffer.concat([u64(BigInt(s.length)), Buffer.from(s)]);
  const head = (tensorCount: bigint, entries: bigint, version = 3): Buffer =>
    Buffer.concat([Buffer.from('GGUF'), u32(version), u64(tensorCount), u64(entries)]);
  const huge = 2n ** 63n;
  const tail = Buffer.alloc(4096);
  const tensor = (dims: bigint[], type: number): Buffer =>
    Buffer.concat([text('t'), u32(dims.length), ...dims.map(u64), u32(type), u64(0n)]);
  const cases: [string, Buffer[], string][] = [
    ['an old version', [head(0n, 0n, 1)], 'version'],
    ['a big-endian file', [head(0n, 0n, 0x03000000)], 'version'],
    ['2^63 tensors', [head(huge, 0n)], 'tensor-count'],
    ['a million tensors', [head(1_000_000n, 0n)], 'tensor-count'],
    ['2^63 entries', [head(0n, huge)], 'metadata-count'],
    ['a key of 2^62 bytes', [head(0n, 1n), u64(2n ** 62n)], 'key-length'],
    ['a string of 2^40 bytes', [head(0n, 1n), text('k'), u32(8), u64(2n ** 40n)], 'string-length'],
    [
      'an array of 2^40 items',
      [head(0n, 1n), text('k'), u32(9), u32(4), u64(2n ** 40n)],
      'array-count',
    ],
    ['2^40 strings', [head(0n, 1n), text('k'), u32(9), u32(8), u64(2n ** 40n)], 'array-count'],
    ['an array of arrays', [head(0n, 1n), text('k'), u32(9), u32(9), u64(1n)], 'array-type'],
    ['an unknown type of value', [head(0n, 1n), text('k'), u32(99)], 'value-type'],
    [
      'a key twice',
      [head(0n, 2n), text('k'), u32(0), Buffer.of(1), text('k'), u32(0), Buffer.of(1)],
      'key',
    ],
    ['no tensor', [head(0n, 0n)], 'tensor-count'],
    [
      'a tensor of 5 dimensions',
      [head(1n, 0n), tensor([1n, 1n, 1n, 1n, 1n], 0)],
      'tensor-dimensions',
    ],
    ['a tensor of no elements', [head(1n, 0n), tensor([0n], 0)], 'tensor-dimensions'],
    [
      'elements beyond counting',
      [head(1n, 0n), tensor([2n ** 40n, 2n ** 40n], 0)],
      'tensor-dimensions',
    ],
    ['an unknown tensor type', [head(1n, 0n), tensor([32n], 77)], 'tensor-type'],
    ['integer weights', [head(1n, 0n), tensor([32n], 26)], 'tensor-type'],
    ['a row that is no whole number of blocks', [head(1n, 0n), tensor([33n], 2)], 'tensor-row'],
    [
      'overlapping tensors',
      [
        head(2n, 0n),
        tensor([32n], 0),
        Buffer.concat([text('u'), u32(1), u64(32n), u32(0), u64(0n)]),
      ],
      'tensor-offset',
    ],
    ['a tensor twice', [head(2n, 0n), tensor([8n], 0), tensor([8n], 0)], 'tensor-name'],
  ];
  it.each(cases)('%s', async (_, parts, what) => {
    await writeFile(path, Buffer.concat([...parts, tail]));
    expect(await problem()).toEqual(['MODEL_STRUCTURE', what]);
  });

  it('a tensor whose end lies beyond the file is truncation', async () => {
    await writeFile(path, Buffer.concat([head(1n, 0n), tensor([100_000n], 0), tail]));
    expect((await problem())[0]).toBe('MODEL_TRUNCATED');
  });
});

it.skipIf(process.platform === 'win32')('a pipe is no model, and is not waited for', async () => {
  const pipe = join(folder, 'pipe.gguf');
  execFileSync('mkfifo', [pipe]);
  await expect(checkGgufStructure(pipe)).rejects.toMatchObject({ code: 'MODEL_NOT_GGUF' });
});
