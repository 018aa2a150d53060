/**
 * `tsx scripts/bench/batch.ts [--notes 40] [--pairs 5] [--sequences 4] [--threads N] [--model FILE] [--cpu]`: notes a
 * minute of a batch with several records at once, against the same notes one by one on one sequence, with
 * the built-in model. Both must find the same facts. `--cpu` compares processor time instead, for a machine
 * that others use too; with one thread it is what a quiet machine's time would be.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { threadsFor } from '../../src-main/domain/rules/threads';
import type { LanguageModel } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { findDefaultModel } from '../../src-main/library/default-model';
import { verifyModel } from '../../src-main/library/verify';
import { projectRoot } from '../project';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { extractAll, notesOf } from './batch-notes';
import { describeRatio, measurePairs, timed } from './pairs';

/** Milliseconds of the processor that all threads of this process took: what a busy machine leaves alone. */
async function processorTime(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

runAsTheHost();
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
    () =>
      measured(async () =>
        found.add((await extractAll(notes, sequences, { model: many, card })).flat().length),
      ),
    () =>
      measured(async () =>
        found.add((await extractAll(notes, 1, { model: one, card })).flat().length),
      ),
    (ours, theirs) => theirs / ours,
    Number(values.pairs),
  );
  say(describeRatio(ratio));
  say(`${Math.round((notes.length / ratio.ours) * 60_000)} notes a minute`);
  if (found.size > 1) throw new PlainError('They did not find the same facts.');
  return 0;
});
process.exit();
