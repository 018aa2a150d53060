import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../e2e/fixtures/seeded-random';
import { AppError } from '../domain/contract/errors';
import type { StoredTensor } from './checkpoint-tensor';
import { readTorchArchive } from './torch-archive';
import { op, pickleOf, zipOf, type PickledTensor, type ZipEntry } from './torch-archive.fixture';
import { readTorchPickle } from './torch-pickle';
import { tensorData } from './tensor-data';

const released = join(import.meta.dirname, '..', '..', 'e2e', 'fixtures', 'checkpoint', 'bin');
const shard = join(released, 'pytorch_model-00001-of-00002.bin');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-torch-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tensor: PickledTensor = { name: 'a', elements: 6, shape: [2, 3], strides: [3, 1] };
const numbers = Uint16Array.of(0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0);
const data = new Uint8Array(numbers.buffer);

async function archive(entries: readonly ZipEntry[]): Promise<string> {
  const path = join(folder, 'shard.bin');
  await writeFile(path, zipOf(entries));
  return path;
}
const good = (pickle: Uint8Array, more: readonly ZipEntry[] = []): ZipEntry[] => [
  { name: 'archive/data.pkl', data: pickle },
  { name: 'archive/data/0', data },
  ...more,
];
async function codeOf(reading: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof reading === 'function' ? reading() : reading);
    return 'read';
  } catch (error) {
    if (error instanceof AppError) return `${error.code} ${error.params?.['what'] ?? ''}`.trim();
    throw error;
  }
}

describe('a shard of torch.save', () => {
  it('is read as PyTorch wrote it: names, shapes, the numbers in their places', async () => {
    const tensors = await readTorchArchive(shard);
    const rows = tensors.get('model.embed_tokens.weight') as StoredTensor;
    expect(rows).toMatchObject({ type: 'BF16', shape: [1024, 32], bytes: 1024 * 32 * 2 });
    const second = await open(shard, 'r');
    const floats: number[] = [];
    for await (const piece of tensorData(second, rows, 'F32'))
      floats.push(...new Float32Array(piece.buffer));
    await second.close();
    // torch.manual_seed(7); torch.randn(1024, 32).bfloat16()
    expect(floats.slice(0, 3)).toEqual([-0.8203125, 0.396484375, 0.8984375]);
    expect(floats).toHaveLength(1024 * 32);
  });

  it('may share a storage, begin within it, and have lengths of one', async () => {
    const pickle = pickleOf([
      tensor,
      { ...tensor, name: 'b', offset: 3, shape: [1, 3], strides: [77, 1] },
    ]);
    const tensors = await readTorchArchive(await archive(good(pickle)));
    const [a, b] = [tensors.get('a'), tensors.get('b')] as [StoredTensor, StoredTensor];
    expect(b.offset - a.offset).toBe(6);
    const bytes = await readFile(join(folder, 'shard.bin'));
    expect([
      ...new Uint16Array(Uint8Array.from(bytes.subarray(b.offset, b.offset + 6)).buffer),
    ]).toEqual([0x4080, 0x40a0, 0x40c0]);
  });
});

describe('a pickle that asks for a program', () => {
  const attacks: [string, Buffer][] = [
    [
      'os.system',
      Buffer.concat([op.global('os', 'system'), op.mark, op.text('touch x'), op.tuple]),
    ],
    ['builtins.eval', Buffer.concat([op.text('builtins'), op.text('eval'), op.stackGlobal])],
    ['a nested name', op.global('collections', 'OrderedDict.fromkeys')],
    ['a name that only looks right', op.global('torch._utils', '_rebuild_tensor_v2 ')],
    ['the older builder', op.global('torch._utils', '_rebuild_tensor')],
  ];
  it.each(attacks)('%s is refused at the name, and the name is said', async (_, bytes) => {
    const pickle = Buffer.concat([op.proto, bytes, op.reduce, op.stop]);
    const error: unknown = await readTorchArchive(await archive(good(pickle))).catch((e) => e);
    expect(error).toMatchObject({ code: 'CHECKPOINT_UNSAFE' });
    expect((error as AppError).params?.['name']).toMatch(/^[\w.?]+$/);
  });

  it('opcodes that build objects do not exist here', async () => {
    // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, GET, STRING: none occurs in a checkpoint.
    for (const opcode of [0x69, 0x6f, 0x81, 0x92, 0x82, 0x50, 0x67, 0x53]) {
      const pickle = Buffer.concat([op.proto, Buffer.from([opcode]), op.stop]);
      expect(await codeOf(() => readTorchPickle(pickle))).toBe(
        `CHECKPOINT_INVALID pickle-opcode-${opcode.toString(16)}`,
      );
    }
  });
});

describe('a damaged shard ends in a plain error', () => {
  it('numbers of another type are named', async () => {
    const pickle = pickleOf([{ ...tensor, storage: 'DoubleStorage' }]);
    expect(await codeOf(readTorchArchive(await archive(good(pickle))))).toBe(
      'CHECKPOINT_UNSUPPORTED DoubleStorage',
    );
  });

  const wrong: [string, PickledTensor, string][] = [
    ['strides of a transposed view', { ...tensor, strides: [1, 2] }, 'tensor-strides'],
    ['strides that overlap', { ...tensor, strides: [0, 1] }, 'tensor-strides'],
    ['an extent beyond the storage', { ...tensor, offset: 1 }, 'tensor-extent'],
    ['a storage longer than its file', { ...tensor, elements: 7 }, 'tensor-storage-size'],
    ['a storage that is not there', { ...tensor, key: '9' }, 'tensor-storage'],
    ['a key that leads elsewhere', { ...tensor, key: '../../x' }, 'tensor-storage'],
    ['a negative length', { ...tensor, shape: [-2, 3] }, 'pickle-shape'],
  ];
  it.each(wrong)('%s', async (_, described, what) => {
    const path = await archive(good(pickleOf([described])));
    expect(await codeOf(readTorchArchive(path))).toBe(`CHECKPOINT_INVALID ${what}`);
  });

  it('an archive that is not one, or not of this kind', async () => {
    const pickle = pickleOf([tensor]);
    const entry = { name: 'archive/data.pkl', data: pickle };
    const cases: [readonly ZipEntry[], string][] = [
      [[{ name: 'other.txt', data }], 'zip-pickle'],
      [[entry, { name: 'b/data.pkl', data: pickle }], 'zip-pickle'],
      [[entry, entry], 'zip-entry-twice'],
      // A bomb would have to be compressed, and nothing compressed is opened.
      [[{ ...entry, method: 8 }], 'zip-compressed'],
      [[{ ...entry, claimed: 2 ** 31 }], 'zip'],
      [good(pickle, [{ name: 'archive/byteorder', data: Buffer.from('big') }]), 'zip-byteorder'],
    ];
    for (const [entries, what] of cases) {
      expect(await codeOf(readTorchArchive(await archive(entries)))).toBe(
        `CHECKPOINT_INVALID ${what}`,
      );
    }
    const path = join(folder, 'text.bin');
    await writeFile(path, 'version https://git-lfs.github.com/spec/v1\n');
    expect(await codeOf(readTorchArchive(path))).toBe('CHECKPOINT_INVALID zip');
  });

  it('cut anywhere, or with any byte changed, a pickle never does worse than an error', async () => {
    const pickle = pickleOf([tensor, { ...tensor, name: 'b' }]);
    for (let end = 0; end < pickle.length; end++) {
      expect(await codeOf(() => readTorchPickle(pickle.subarray(0, end)))).toMatch(/^CHECKPOINT_/);
    }
    const random = new SeededRandom(5);
    for (let round = 0; round < 3000; round++) {
      const changed = Buffer.from(pickle);
      for (let n = 0; n < 1 + (round % 3); n++) {
        changed[random.bits() % changed.length] = random.bits() & 255;
      }
      expect(await codeOf(() => readTorchPickle(changed))).toMatch(/^(CHECKPOINT_|read$)/);
    }
  });
});
