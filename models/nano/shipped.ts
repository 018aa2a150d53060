/** The file that ships, checked and loaded as the program does it, on the CPU. */
import { join } from 'node:path';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import type { LanguageModel } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { verifyModel } from '../../src-main/library/verify';

export const shippedPath = join(import.meta.dirname, '..', 'default.gguf');

/** @param sequences texts that can be read at once */
export async function loadShipped(
  sequences = 1,
): Promise<{ model: LanguageModel; card: ModelCard }> {
  const { card } = await verifyModel(shippedPath);
  const model = await loadLlamaModel({
    path: shippedPath,
    contextSize: card.context,
    backend: 'cpu',
    threads: 1,
    sequences,
    parameters: card.shape.parameters,
  });
  return { model, card };
}
