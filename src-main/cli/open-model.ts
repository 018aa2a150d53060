/** The model that a command works with. */
import type { ModelCard } from '../domain/contract/model-card';
import type { LanguageModel } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';
import { findDefaultModel } from '../library/default-model';
import { verifyModel } from '../library/verify';

export interface ModelChoice {
  /** A GGUF file. Defaults to the one that the program starts with. */
  readonly model?: string;
  /** Defaults to what suits the model. */
  readonly threads?: number;
  /** Records at once, each on a sequence of its own. Defaults to 1. */
  readonly jobs?: number;
}

/**
 * Checks the file, then loads it.
 * @throws AppError of `findDefaultModel`, `verifyModel`, `loadLlamaModel`
 * @throws Cancelled
 */
export async function openModel(
  choice: ModelChoice,
  modelsDir: string,
  signal: AbortSignal,
): Promise<{ readonly model: LanguageModel; readonly card: ModelCard }> {
  const path = choice.model ?? (await findDefaultModel({ modelsDir }));
  const { card } = await verifyModel(path, { signal });
  const model = await loadLlamaModel({
    path,
    contextSize: card.context,
    sequences: choice.jobs ?? 1,
    parameters: card.shape.parameters,
    signal,
    ...(choice.threads === undefined ? {} : { threads: choice.threads }),
  });
  return { model, card };
}
