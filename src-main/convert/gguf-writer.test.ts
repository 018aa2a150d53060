import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tensorBytes, writeGguf, type GgufMetadata, type GgufTensor } from './gguf-writer';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-gguf-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tensors: GgufTensor[] = [
  { name: 'a', dims: [3], type: 'F32' },
  { name: 'b', dims: [32, 2], type: 'Q4_0' },
  { name: 'c', dims: [5, 1], type: 'F16' },
  { name: 'd', dims: [32], type: 'Q8_0' },
];
const fill = (tensor: GgufTensor): Uint8Array =>
  new Uint8Array(tensorBytes(tensor)).fill(tensor.name.charCodeAt(0));

it('writes every byte where the format says', async () => {
  const path = join(folder, 'x.gguf');
  const metadata: GgufMetadata = [
    ['s', { string: '药' }],
    ['u', { u32: 0xffffffff }],
    ['i', { i32: -2 }],
    ['f', { f32: 0.5 }],
    ['b', { bool: true }],
    ['l', { u64: 2 ** 40 }],
    ['ss', { strings: ['', 'ab'] }],
    ['fs', { f32s: [-1] }],
    ['is', { i32s: [-1, 6] }],
  ];
  await writeGguf(path, metadata, tensors, fill);
  const bytes = await readFile(path);
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const u32 = (n: number): string => Buffer.from(Uint32Array.of(n).buffer).toString('hex');
  const u64 = (n: number): string =>
    Buffer.from(BigUint64Array.of(BigInt(n)).buffer).toString('hex');
  const text = (s: string): string => u64(Buffer.byteLength(s)) + hex(s);
  const header =
    hex('GGUF') +
    u32(3) +
    u64(4) +
    u64(9) +
    text('s') +
    u32(8) +
    text('药') +
    text('u') +
    u32(4) +
    'ffffffff' +
    text('i') +
    u32(5) +
    'feffffff' +
    text('f') +
    u32(6) +
    '0000003f' +
    text('b') +
    u32(7) +
    '01' +
    text('l') +
    u32(10) +
    u64(2 ** 40) +
    text('ss') +
    u32(9) +
    u32(8) +
    u64(2) +
    text('') +
    text('ab') +
    text('fs') +
    u32(9) +
    u32(6) +
    u64(1) +
    '000080bf' +
    text('is') +
    u32(9) +
    u32(5) +
    u64(2) +
    'ffffffff' +
    '06000000' +
    text('a') +
    u32(1) +
    u64(3) +
    u32(0) +
    u64(0) +
    text('b') +
    u32(2) +
    u64(32) +
    u64(2) +
    u32(2) +
    u64(32) +
    text('c') +
    u32(2) +
    u64(5) +
    u64(1) +
    u32(1) +
    u64(96) +
    text('d') +
    u32(1) +
    u64(32) +
    u32(8) +
    u64(128);
  expect(bytes.subarray(0, header.length / 2).toString('hex')).toBe(header);
  const start = Math.ceil(header.length / 2 / 32) * 32;
  const data = Buffer.alloc(192);
  data.fill('a', 0, 12).fill('b', 32, 68).fill('c', 96, 106).fill('d', 128, 162);
  expect(bytes.subarray(start).equals(data)).toBe(true);
});

it('takes a tensor in pieces of any size', async () => {
  const whole = join(folder, 'whole.gguf');
  const pieces = join(folder, 'pieces.gguf');
  const seen: number[] = [];
  await writeGguf(whole, [], tensors, fill);
  await writeGguf(
    pieces,
    [],
    tensors,
    async function* (tensor) {
      const bytes = fill(tensor);
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
    },
    { onProgress: (done, total) => seen.push(done / total) },
  );
  expect((await readFile(pieces)).equals(await readFile(whole))).toBe(true);
  expect(seen.at(-1)).toBe(1);
});

it.each([
  ['too few', -1],
  ['too many', 1],
])('%s bytes for a tensor are refused and leave nothing behind', async (_, more) => {
  const path = join(folder, 'x.gguf');
  const wrong = (tensor: GgufTensor): Uint8Array => new Uint8Array(tensorBytes(tensor) + more);
  await expect(writeGguf(path, [], tensors, wrong)).rejects.toThrow(RangeError);
  expect(await readdir(folder)).toEqual([]);
});

it('an interrupted write leaves nothing, and a finished file of that name as it was', async () => {
  const path = join(folder, 'x.gguf');
  await writeGguf(path, [], tensors, fill);
  const before = await readFile(path);
  const controller = new AbortController();
  const interrupted = writeGguf(
    path,
    [],
    tensors,
    (tensor) => {
      if (tensor.name === 'c') controller.abort();
      return fill(tensor);
    },
    { signal: controller.signal },
  );
  await expect(interrupted).rejects.toThrow('abort');
  expect(await readdir(folder)).toEqual(['x.gguf']);
  expect((await readFile(path)).equals(before)).toBe(true);
});

it('a folder that is not there is told with a code', async () => {
  await expect(writeGguf(join(folder, 'no', 'x.gguf'), [], tensors, fill)).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
  });
});

it('dimensions that the format cannot hold are refused', async () => {
  const bad: GgufTensor[] = [
    { name: 'x', dims: [33], type: 'Q4_0' },
    { name: 'x', dims: [], type: 'F32' },
    { name: 'x', dims: [0, 4], type: 'F32' },
  ];
  for (const tensor of bad) {
    await expect(writeGguf(join(folder, 'x.gguf'), [], [tensor], fill)).rejects.toThrow(RangeError);
  }
  const twice = [tensors[0] as GgufTensor, tensors[0] as GgufTensor];
  await expect(writeGguf(join(folder, 'x.gguf'), [], twice, fill)).rejects.toThrow(RangeError);
});
