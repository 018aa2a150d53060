/**
 * The predicted memory against what llama.cpp says it allocated. Lives here because it asks the
 * library itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { miniature, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import type { LlamaShape } from '../convert/llama-file';
import type { ModelFootprint } from '../domain/contract/fit';
import type { Backend } from '../domain/contract/model-settings';
import { inspectGguf } from '../library/gguf-structure';
import { memoryNeed, type Placement } from '../library/memory-need';
import { modelFootprint } from '../library/model-footprint';
import { installedBackends } from './installed-backends';
import { hasDevice, openLlama } from './llama-binding';

const mebibyte = 2 ** 20;

/** Shapes in which another moment of the batch is the widest. */
const shapes: Readonly<Record<string, { shape: LlamaShape; vocabulary?: number }>> = {
  'a large vocabulary': {
    shape: shapeOf({ embedding: 512, blocks: 2, heads: 8, feedForward: 1408 }),
    vocabulary: 39_424,
  },
  'a wide feed-forward and few key heads': {
    shape: shapeOf({ embedding: 1024, blocks: 2, heads: 16, kvHeads: 4, feedForward: 8192 }),
  },
  'many heads': {
    shape: shapeOf({ embedding: 1024, blocks: 3, heads: 16, feedForward: 2816 }),
  },
  'an output that is the input': {
    shape: { ...shapeOf({ embedding: 512, blocks: 2, heads: 8, feedForward: 1408 }), tied: true },
    vocabulary: 39_424,
  },
  'weights of 16 bits': {
    shape: {
      ...shapeOf({ embedding: 512, blocks: 2, heads: 8, feedForward: 1408 }),
      weights: 'F16',
    },
  },
};

function shapeOf(
  own: Pick<LlamaShape, 'embedding' | 'blocks' | 'heads' | 'kvHeads' | 'feedForward'>,
) {
  return { ...miniature, name: 'test-memory', context: 4096, weights: 'Q4_0', ...own } as const;
}

const settings: readonly Omit<Placement, 'backend' | 'gpuLayers'>[] = [
  { contextSize: 256, sequences: 1, kvType: 'f16', flashAttention: true },
  { contextSize: 1000, sequences: 1, kvType: 'f16', flashAttention: true },
  { contextSize: 4096, sequences: 1, kvType: 'f16', flashAttention: true },
  { contextSize: 4096, sequences: 1, kvType: 'f16', flashAttention: false },
  { contextSize: 2048, sequences: 4, kvType: 'f16', flashAttention: true },
  { contextSize: 2048, sequences: 4, kvType: 'f16', flashAttention: false },
  { contextSize: 4096, sequences: 2, kvType: 'q8_0', flashAttention: true },
  { contextSize: 2048, sequences: 1, kvType: 'q4_0', flashAttention: true },
];

/** Where to: the CPU, and every card that this machine has, with all layers, some, and one. */
const places: readonly { backend: Backend; layers: (all: number) => number; name: string }[] = [
  { backend: 'cpu', layers: () => 0, name: 'the CPU' },
  ...(await backendsWithDevice()).flatMap((backend) => [
    { backend, layers: (all: number) => all, name: `${backend} with all layers` },
    { backend, layers: (all: number) => all - 1, name: `${backend} with all layers but one` },
    { backend, layers: () => 1, name: `${backend} with one layer` },
  ]),
];

async function backendsWithDevice(): Promise<Backend[]> {
  const found: Backend[] = [];
  for (const backend of installedBackends().filter((each) => each !== 'cpu')) {
    const binding = await openLlama(backend).catch(() => null);
    if (binding && (await hasDevice(binding))) found.push(backend);
  }
  return found;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(Object.entries(shapes))('a model with %s', (name, { shape, vocabulary }) => {
  let path: string;
  let footprint: ModelFootprint;
  beforeAll(async () => {
    path = join(folder, `${name.replaceAll(' ', '-')}.gguf`);
    const words = makeVocabulary('', vocabulary === undefined ? {} : { size: vocabulary });
    await writeRandomModel(path, shape, words, { seed: 5 });
    const { header, summary } = await inspectGguf(path);
    footprint = modelFootprint(header, summary);
  });

  describe.each(places)('on $name', ({ backend, layers }) => {
    it.each(settings)(
      'takes what was predicted: $contextSize tokens x $sequences, $kvType, flash attention $flashAttention',
      async (setting) => {
        const placement = { ...setting, backend, gpuLayers: layers(shape.blocks) };
        const predicted = memoryNeed(footprint, placement);
        const allocated = await allocate(path, placement);
        for (const memory of ['ram', 'vram'] as const) {
          const { weights, context } = allocated[memory];
          // Tensors are aligned in their buffer.
          expect(Math.abs(predicted[memory].weights - weights)).toBeLessThan(0.1 * mebibyte);
          // The cache is exact by its formula, so what differs is the compute buffer.
          const compute = context - predicted[memory].kv;
          expect(predicted[memory].compute, memory).toBeGreaterThanOrEqual(0.95 * compute);
          expect(predicted[memory].compute, memory).toBeLessThanOrEqual(
            Math.max(1.1 * compute, compute + 24 * mebibyte),
          );
        }
      },
    );
  });
});

interface Buffers {
  readonly weights: number;
  /** KV cache and compute buffers. */
  readonly context: number;
}

/** Loads the model and reads the engine's own account, bytes. */
async function allocate(
  path: string,
  placement: Placement,
): Promise<Record<'ram' | 'vram', Buffers>> {
  const { llama } = await openLlama(placement.backend);
  const type = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const;
  const model = await llama.loadModel({
    modelPath: path,
    useMmap: false,
    gpuLayers: placement.gpuLayers === 0 ? 0 : placement.gpuLayers + 1,
    ignoreMemorySafetyChecks: true,
  });
  const context = await model.createContext({
    contextSize: placement.contextSize,
    sequences: placement.sequences,
    threads: 1,
    flashAttention: placement.flashAttention,
    experimentalKvCacheKeyType: type[placement.kvType],
    experimentalKvCacheValueType: type[placement.kvType],
    ignoreMemorySafetyChecks: true,
  });
  const [weights, rest] = [model.memoryUsage, context.memoryUsage];
  await context.dispose();
  await model.dispose();
  return {
    ram: { weights: weights.ram, context: rest.ram },
    vram: { weights: weights.vram, context: rest.vram },
  };
}
