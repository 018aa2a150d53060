/**
 * `tsx scripts/bench/against-llama-server.ts --reference FOLDER [--notes 40] [--pairs 5] [--threads N]`: a batch
 * with four records at once by the built-in model and marked copy, against a `llama-server` of the same
 * llama.cpp (`scripts/reference/build-llama-cpp.ts`) with four slots that generates the JSON of the same
 * facts. Wanted: 5 times as many notes a minute.
 *
 * The server gets sentence by sentence, with nothing but the sentence as its prompt, and a grammar that
 * allows the right JSON alone: less to read than any real prompt, and nothing to decide.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Fact } from '../../src-main/domain/contract/fact';
import { threadsFor } from '../../src-main/domain/rules/threads';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { findDefaultModel } from '../../src-main/library/default-model';
import { verifyModel } from '../../src-main/library/verify';
import { projectRoot } from '../project';
import { LlamaServer } from '../reference/llama-server';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { extractAll, notesOf } from './batch-notes';
import { describeRatio, measurePairs, timed } from './pairs';

const atOnce = 4;

interface Recital {
  readonly prompt: string;
  readonly json: string;
}

/** What a fact says, without its place, which no model can count. */
function sayingOf({ type, text, attributes }: Fact): object {
  return { type, text, ...attributes };
}

/** One request a sentence, with the facts that begin in it as a program would ask for them. */
function recitalsOf(note: string, facts: readonly Fact[]): Recital[] {
  let end = 0;
  return note.split(/(?<=。)/).map((prompt) => {
    const start = end;
    end += prompt.length;
    const within = facts.filter(
      (fact) => fact.start !== null && fact.start >= start && fact.start < end,
    );
    return { prompt, json: JSON.stringify(within.map(sayingOf)) };
  });
}

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      reference: { type: 'string' },
      notes: { type: 'string', default: '40' },
      pairs: { type: 'string', default: '5' },
      threads: { type: 'string' },
      'server-threads': { type: 'string' },
    },
  });
  if (values.reference === undefined) throw new PlainError('Name the folder: --reference FOLDER');
  const path = await findDefaultModel({ modelsDir: join(projectRoot, 'models') });
  const { card } = await verifyModel(path);
  const { parameters } = card.shape;
  const threads = Number(values.threads ?? threadsFor(parameters, availableParallelism()));
  const { context } = card;
  const model = await loadLlamaModel({
    ...{ path, contextSize: context, sequences: atOnce, parameters, threads },
  });
  const server = await LlamaServer.start(values.reference, {
    ...{
      modelPath: path,
      threads: Number(values['server-threads'] ?? availableParallelism()),
      parallel: atOnce,
      context,
    },
  });
  try {
    const notes = await notesOf(Number(values.notes));
    const facts = await extractAll(notes, atOnce, { model, card });
    const recitals = notes.flatMap((note, at) => recitalsOf(note, facts[at] ?? []));
    const chars = recitals.reduce((sum, { json }) => sum + json.length, 0);
    say(`${notes.length} notes, ${facts.flat().length} facts, ${chars} characters of JSON`);
    const recite = async (): Promise<void> => {
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let each = recitals[next++]; each; each = recitals[next++])
          await server.recite(each.prompt, each.json);
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
    };
    const ratio = await measurePairs(
      `notes a minute, marked copy against the JSON of llama-server, ${atOnce} at once`,
      { sense: '>=', value: 5 },
      () => timed(() => extractAll(notes, atOnce, { model, card })),
      () => timed(recite),
      (ours, theirs) => theirs / ours,
      Number(values.pairs),
    );
    say(describeRatio(ratio));
    return 0;
  } finally {
    await server.stop();
  }
});
process.exit();
