/** Which model the program starts with. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import { readModelCard } from './model-card';

export interface ModelPlaces {
  /** The program's `models` folder, which holds `default.gguf`. */
  readonly modelsDir: string;
  /**
   * Where test models are cached. Defaults to the cache of the project that `modelsDir` lies in,
   * which an installed program does not have.
   */
  readonly testModelsDir?: string;
}

/** Relative to the project's root; the same place that the script for test models writes to. */
export const testModelsFolder = join('node_modules', '.cache', 'chimed', 'test-models');

/**
 * Path of `default.gguf`; where it is missing, of the newest test model, whose card makes every
 * screen say that its output has no meaning.
 * @throws AppError `MODEL_MISSING`
 */
export async function findDefaultModel(places: ModelPlaces): Promise<string> {
  const own = join(places.modelsDir, 'default.gguf');
  if ((await modifiedAt(own)) !== null) return own;
  const folder = places.testModelsDir ?? join(places.modelsDir, '..', testModelsFolder);
  const test = await newestTestModel(folder);
  if (test === null) throw new AppError('MODEL_MISSING');
  return test;
}

async function newestTestModel(folder: string): Promise<string | null> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return null;
  }
  let newest: { path: string; at: number } | null = null;
  for (const name of names.filter((entry) => entry.endsWith('.gguf')).sort()) {
    const path = join(folder, name);
    const at = await modifiedAt(path);
    if (at === null || (newest && at < newest.at)) continue;
    // Broken files lie in the same cache, without a card.
    const card = await readModelCard(path).catch(() => null);
    if (card?.standing === 'test') newest = { path, at };
  }
  return newest?.path ?? null;
}

/** Milliseconds since the epoch, or null where there is no such file. */
async function modifiedAt(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.mtimeMs : null;
  } catch {
    return null;
  }
}
