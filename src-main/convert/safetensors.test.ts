import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StoredTensor } from './checkpoint-tensor';
import { readSafetensors } from './safetensors';
import { tensorData } from './tensor-data';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

function encode(header: unknown, data: Uint8Array, length?: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length ?? json.length));
  return Buffer.concat([size, json, data]);
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

it('reads F32, F16 and BF16 as the same numbers', async () => {
  const numbers = [1, -2.5, 0, 65504, 2 ** -24];
  const data = Buffer.alloc(20 + 10 + 10);
  numbers.forEach((n, i) => data.writeFloatLE(n, i * 4));
  // Their bits by hand: sign, exponent, mantissa.
  [0x3c00, 0xc100, 0x0000, 0x7bff, 0x0001].forEach((bits, i) =>
    data.writeUInt16LE(bits, 20 + i * 2),
  );
  [0x3f80, 0xc020, 0x0000, 0x4780, 0x3380].forEach((bits, i) =>
    data.writeUInt16LE(bits, 30 + i * 2),
  );
  const path = await file(
    'good.safetensors',
    encode(
      {
        __metadata__: { format: 'pt' },
        a: { dtype: 'F32', shape: [5], data_offsets: [0, 20] },
        b: { dtype: 'F16', shape: [5], data_offsets: [20, 30] },
        c: { dtype: 'BF16', shape: [5, 1], data_offsets: [30, 40] },
      },
      data,
    ),
  );
  const tensors = await readSafetensors(path);
  const opened = await open(path, 'r');
  const read = async (name: string): Promise<number[]> => {
    const numbers: number[] = [];
    for await (const piece of tensorData(opened, tensors.get(name) as StoredTensor, 'F32')) {
      numbers.push(...new Float32Array(piece.buffer));
    }
    return numbers;
  };
  expect(await read('a')).toEqual(numbers.map(Math.fround));
  expect(await read('b')).toEqual(numbers);
  expect(await read('c')).toEqual([1, -2.5, 0, 65536, 2 ** -24]);
  await opened.close();
});

const entry = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] };
it.each([
  ['empty', new Uint8Array(), 'CHECKPOINT_INCOMPLETE'],
  [
    'a header beyond the end',
    encode({ a: entry }, new Uint8Array(16), 5000),
    'CHECKPOINT_INCOMPLETE',
  ],
  ['a header of exabytes', encode({ a: entry }, new Uint8Array(16), 2 ** 50), 'CHECKPOINT_INVALID'],
  ['not JSON', encode('{"a":', new Uint8Array(16)), 'CHECKPOINT_INVALID'],
  ['a list', encode([entry], new Uint8Array(16)), 'CHECKPOINT_INVALID'],
  ['a missing end', encode({ a: entry }, new Uint8Array(15)), 'CHECKPOINT_INCOMPLETE'],
  [
    'an extent that does not fit the shape',
    encode({ a: { ...entry, data_offsets: [0, 12] } }, new Uint8Array(16)),
    'CHECKPOINT_INVALID',
  ],
  [
    'a shape beyond counting',
    encode({ a: { ...entry, shape: [2 ** 40, 2 ** 40] } }, new Uint8Array(16)),
    'CHECKPOINT_INVALID',
  ],
  [
    'an unknown type',
    encode({ a: { ...entry, dtype: 'I8' } }, new Uint8Array(16)),
    'CHECKPOINT_INVALID',
  ],
  [
    'a negative extent',
    encode({ a: { ...entry, data_offsets: [16, 0] } }, new Uint8Array(16)),
    'CHECKPOINT_INVALID',
  ],
])('a bad file is refused before a tensor is read: %s', async (name, bytes, code) => {
  const path = await file(`${name}.safetensors`, bytes);
  await expect(readSafetensors(path)).rejects.toMatchObject({ code });
});
