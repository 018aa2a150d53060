/** Notes of the samples, and their extraction with several of them at once. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fact } from '../../src-main/domain/contract/fact';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import type { LanguageModel } from '../../src-main/engine/language-model';
import { extract } from '../../src-main/tasks/extraction/extract';
import { projectRoot } from '../project';

const schema = 'ccks2019';

/** Sentences of the samples as short notes, each with a number of its own. */
export async function notesOf(count: number): Promise<string[]> {
  const folder = join(projectRoot, 'resources/samples');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const sentences = texts.flatMap((text) => text.split(/(?<=。)/)).filter((each) => each.trim());
  return Array.from({ length: count }, (_, i) => {
    const from = (i * 3) % sentences.length;
    return `第${i + 1}例。${sentences.slice(from, from + 4).join('')}`;
  });
}

/** @returns the facts of each note, in the order of the notes */
export async function extractAll(
  notes: readonly string[],
  lanes: number,
  { model, card }: { readonly model: LanguageModel; readonly card: ModelCard },
): Promise<Fact[][]> {
  const { signal } = new AbortController();
  const found = notes.map((): Fact[] => []);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < notes.length; at = next++) {
      const text = notes[at] ?? '';
      const result = await extract({ text, schema, priority: 'batch' }, { model, card, signal });
      found[at] = result.facts;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return found;
}
