/** Models of random weights, of several sizes and with room for long windows, each made for one measurement. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchShape, miniature, writeRandomModel } from '../../e2e/fixtures/random-model';
import { writeTestCard } from '../../e2e/fixtures/test-models';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { threadsFor } from '../../src-main/domain/rules/threads';
import type { LoadedForBench } from './decoding';

const context = 16_384;

/** Parameters: 0.7 M, 155 M, 1.33 G. */
const shapes = {
  miniature: { ...miniature, context },
  small: {
    ...{ name: 'test-small', embedding: 1024, blocks: 12, heads: 8, feedForward: 2816 },
    ...{ context, weights: 'Q4_0' as const },
  },
  large: { ...benchShape, context },
} as const;

export type RandomModel = keyof typeof shapes;

export const randomModels = Object.keys(shapes) as readonly RandomModel[];

export async function withRandomModel(
  which: RandomModel,
  work: (loaded: LoadedForBench) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-random-'));
  try {
    const path = join(folder, `${which}.gguf`);
    await writeRandomModel(path, shapes[which], makeVocabulary(), { seed: 20240501 });
    const card = await writeTestCard(path, 240);
    const threads = threadsFor(card.shape.parameters, availableParallelism());
    await work({ path, card, threads });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
