/**
 * `tsx scripts/bench/batch.ts [--notes 40] [--pairs 5] [--sequences 4] [--threads N] [--model FILE] [--cpu]`: notes a
 * minute of a batch with several records at once, against the same notes one by one on one sequence, with
 * the built-in model. Both must find the same facts. `--cpu` compares processor time instead, for a machine
 * that others use too; with one thread it is what a quiet machine's time would be.
 */
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import { threadsFor } from '../../src-main/domain/rules/threads';
import type { LanguageModel } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { findDefaultModel } from '../../src-main/library/default-model';
import { verifyModel } from '../../src-main/library/verify';
import { extract } from '../../src-main/tasks/extraction/extract';
import { projectRoot } from '../project';
import { PlainError, runScript, say } from '../terminal';
import { describeRatio, measurePairs, timed } from './pairs';

const schema = 'ccks2019';

/** Sentences of the samples as short notes, each with a number of its own. */
async function notesOf(count: number): Promise<string[]> {
  const folder = join(projectRoot, 'resources/samples');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const sentences = texts.flatMap((text) => text.split(/(?<=。)/)).filter((each) => each.trim());
  return Array.from({ length: count }, (_, i) => {
    const from = (i * 3) % sentences.length;
    return `第${i + 1}例。${sentences.slice(from, from + 4).join('')}`;
  });
}

/** @returns facts found, to see that both did the same */
async function run(
  notes: readonly string[],
  lanes: number,
  { model, card }: { model: LanguageModel; card: ModelCard },
): Promise<number> {
  const { signal } = new AbortController();
  let next = 0;
  let facts = 0;
  const lane = async (): Promise<void> => {
    for (let text = notes[next++]; text !== undefined; text = notes[next++]) {
      const result = await extract({ text, schema, priority: 'batch' }, { model, card, signal });
      facts += result.facts.length;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return facts;
}

/** Milliseconds of the processor that all threads of this process took: what a busy machine leaves alone. */
async function processorTime(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      notes: { type: 'string', default: '40' },
      pairs: { type: 'string', default: '5' },
      sequences: { type: 'string', default: '4' },
      threads: { type: 'string' },
      model: { type: 'string' },
      cpu: { type: 'boolean', default: false },
    },
  });
  const sequences = Number(values.sequences);
  const path = values.model ?? (await findDefaultModel({ modelsDir: join(projectRoot, 'models') }));
  const { card } = await verifyModel(path);
  const { parameters } = card.shape;
  const threads = Number(values.threads ?? threadsFor(parameters, availableParallelism()));
  const load = (count: number): Promise<LanguageModel> =>
    loadLlamaModel({ path, contextSize: card.context, sequences: count, parameters, threads });
  const [one, many] = [await load(1), await load(sequences)];
  const notes = await notesOf(Number(values.notes));
  const chars = notes.reduce((sum, { length }) => sum + length, 0);
  say(
    `${notes.length} notes of ${Math.round(chars / notes.length)} characters, ${threads} threads`,
  );
  const found = new Set<number>();
  const measured = values.cpu ? processorTime : timed;
  const ratio = await measurePairs(
    `notes a minute, ${sequences} sequences against one by one`,
    { sense: '>=', value: 1.8 },
    () => measured(async () => found.add(await run(notes, sequences, { model: many, card }))),
    () => measured(async () => found.add(await run(notes, 1, { model: one, card }))),
    (ours, theirs) => theirs / ours,
    Number(values.pairs),
  );
  say(describeRatio(ratio));
  say(`${Math.round((notes.length / ratio.ours) * 60_000)} notes a minute`);
  if (found.size > 1) throw new PlainError('They did not find the same facts.');
  return 0;
});
process.exit();
