import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../e2e/fixtures/seeded-random';
import { brainBits, brainValue } from './brain';
import { elementBytes, type ElementType } from './checkpoint-tensor';
import { halfBits, halfValue } from './half';
import { tensorData } from './tensor-data';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-tensor-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function converted(
  values: Uint16Array | Float32Array,
  from: ElementType,
  to: ElementType,
  shape: readonly number[] = [values.length],
  heads?: number,
): Promise<Uint8Array> {
  const path = join(folder, 'tensor');
  const before = 6;
  await writeFile(path, Buffer.concat([Buffer.alloc(before), Buffer.from(values.buffer)]));
  const file = await open(path, 'r');
  try {
    const bytes = values.length * elementBytes[from];
    const pieces: Uint8Array[] = [];
    const tensor = { name: 't', type: from, shape, offset: before, bytes };
    for await (const piece of tensorData(file, tensor, to, { heads })) pieces.push(piece);
    return Uint8Array.from(Buffer.concat(pieces));
  } finally {
    await file.close();
  }
}
const words = (bytes: Uint8Array): number[] => [...new Uint16Array(bytes.buffer)];
const every = Array.from({ length: 0x10000 }, (_, bits) => bits);

describe('every 16-bit number becomes the nearest of the other kind', () => {
  it('bfloat16 to half, as far as halves reach', async () => {
    const given = every.filter((bits) => Math.abs(brainValue(bits)) < 65536);
    expect(given.length).toBeGreaterThan(36_000);
    expect(words(await converted(Uint16Array.from(given), 'BF16', 'F16'))).toEqual(
      given.map((bits) => halfBits(brainValue(bits))),
    );
  });

  it('bfloat16 to half, whatever number stands beside it', async () => {
    const random = new SeededRandom(11);
    // Of each kind: zero, too small, rounded, normal, the largest; an odd count leaves one alone.
    const kinds = [0, 0x0001, 0x3000, 0x387f, 0x3880, 0x3f80, 0x477f];
    const given = Array.from(
      { length: 4001 },
      () => (kinds[random.bits() % kinds.length] as number) | (random.bits() & 0x8000),
    );
    expect(words(await converted(Uint16Array.from(given), 'BF16', 'F16'))).toEqual(
      given.map((bits) => halfBits(brainValue(bits))),
    );
  });

  it('half to bfloat16, and both to float and to themselves', async () => {
    const halves = every.filter((bits) => Number.isFinite(halfValue(bits)));
    const brains = every.filter((bits) => Number.isFinite(brainValue(bits)));
    const [half, brain] = [Uint16Array.from(halves), Uint16Array.from(brains)];
    expect(words(await converted(half, 'F16', 'BF16'))).toEqual(
      halves.map((bits) => brainBits(halfValue(bits))),
    );
    expect(words(await converted(half, 'F16', 'F16'))).toEqual(halves);
    expect(words(await converted(brain, 'BF16', 'BF16'))).toEqual(brains);
    for (const [given, type, value] of [
      [half, 'F16', halfValue],
      [brain, 'BF16', brainValue],
    ] as const) {
      const floats = new Float32Array((await converted(given, type, 'F32')).buffer);
      expect([...floats]).toEqual([...given].map(value));
    }
  });
});

it('bfloat16 rounds to the nearest, ties to even, by hand', () => {
  expect([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -2.5, 3.4e38].map(brainBits)).toEqual([
    0x3f80, 0x3f80, 0x3f82, 0xc020, 0x7f80,
  ]);
  expect(brainValue(brainBits(NaN))).toBeNaN();
});

describe('numbers that a file must not hold', () => {
  const bad: [ElementType, ElementType, number, string][] = [
    ['BF16', 'F16', 0x7f80, 'CHECKPOINT_INVALID'],
    ['BF16', 'F16', 0xffc0, 'CHECKPOINT_INVALID'],
    ['BF16', 'F16', 0x4780, 'CHECKPOINT_UNSUPPORTED'],
    ['BF16', 'BF16', 0xff80, 'CHECKPOINT_INVALID'],
    ['F16', 'F16', 0x7e00, 'CHECKPOINT_INVALID'],
    ['F16', 'F32', 0xfc00, 'CHECKPOINT_INVALID'],
  ];
  it.each(bad)('%s to %s: %i', async (from, to, bits, code) => {
    for (const place of [0, 1, 2]) {
      const given = new Uint16Array(3);
      given[place] = bits;
      await expect(converted(given, from, to)).rejects.toMatchObject({ code });
    }
  });

  it('floats: infinities, NaN, and what is beyond a half', async () => {
    for (const [value, code] of [
      [NaN, 'CHECKPOINT_INVALID'],
      [-Infinity, 'CHECKPOINT_INVALID'],
      [65520, 'CHECKPOINT_UNSUPPORTED'],
    ] as const) {
      await expect(converted(Float32Array.of(1, value), 'F32', 'F16')).rejects.toMatchObject({
        code,
      });
    }
    expect(words(await converted(Float32Array.of(65519, -0), 'F32', 'F16'))).toEqual([
      0x7bff, 0x8000,
    ]);
  });
});

it('rows that turn with the one half a head away become neighbours, head by head', async () => {
  // Two heads of four rows of one number each.
  const rows = Uint16Array.of(0, 1, 2, 3, 10, 11, 12, 13);
  const turned = words(await converted(rows, 'BF16', 'BF16', [8, 1], 2));
  expect(turned).toEqual([0, 2, 1, 3, 10, 12, 11, 13]);
});
