/**
 * `tsx scripts/bench/typed-list-server.ts --reference FOLDER [--notes 12] [--pairs 5] [--threads N]`: typed lists of
 * four records at once against a `llama-server` of the same llama.cpp with four slots that generates the JSON of
 * the same facts. Wanted: 1.5 times as many notes a minute.
 *
 * The model has 155 M random weights, so both are forced to the same facts, those of the built-in model: the server
 * by a grammar that allows the right JSON alone; ours by exchanging the logits of every evaluation, all of which
 * take place. Both read the same prompt, and both keep its common beginning.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeRandomModel } from '../../e2e/fixtures/random-model';
import { writeTestCard } from '../../e2e/fixtures/test-models';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { annotationSchema } from '../../src-main/domain/contract/annotation-schema';
import type { Fact } from '../../src-main/domain/contract/fact';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import { threadsFor } from '../../src-main/domain/rules/threads';
import type { LanguageModel } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { findDefaultModel } from '../../src-main/library/default-model';
import { verifyModel } from '../../src-main/library/verify';
import { writtenExample } from '../../src-main/domain/rules/typed-list/answer-form';
import { extract, previewPrompt } from '../../src-main/tasks/extraction/extract';
import { projectRoot } from '../project';
import { LlamaServer } from '../reference/llama-server';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { extractAll, notesOf } from './batch-notes';
import { describeRatio, measurePairs, timed } from './pairs';
import { recite } from './reciting-model';

const atOnce = 4;
const schema = 'ccks2019';
const shape = {
  ...{ name: 'test-list', embedding: 1024, blocks: 12, heads: 8, feedForward: 2816 },
  ...{ context: 2048, weights: 'Q4_0' as const },
};

interface Recital {
  readonly note: string;
  readonly facts: readonly Fact[];
  /** The typed list, and the JSON, of these facts. */
  readonly list: string;
  readonly json: string;
}

async function recitals(count: number): Promise<Recital[]> {
  const path = await findDefaultModel({ modelsDir: join(projectRoot, 'models') });
  const { card } = await verifyModel(path);
  const model = await loadLlamaModel({ path, contextSize: card.context, threads: 1 });
  const notes = await notesOf(count);
  const found = await extractAll(notes, 1, { model, card });
  await model.dispose();
  return notes.map((note, at) => {
    const facts = found[at] ?? [];
    const said = facts.flatMap(({ type, text }) => (text === null ? [] : [{ type, text }]));
    const list = writtenExample(annotationSchema(schema), { text: note, facts: said });
    return { note, facts, list, json: JSON.stringify(said) };
  });
}

/** As the JSON says it, without places. */
const key = (facts: readonly Fact[]): string =>
  facts
    .map(({ type, text }) => `${type} ${text}`)
    .sort()
    .join('\n');

/** Works on all with four at once. */
async function together<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await work(one);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function measure(
  reference: string,
  path: string,
  { notes, pairs, threads: asked }: { notes: number; pairs: number; threads?: number },
): Promise<void> {
  await writeRandomModel(path, shape, makeVocabulary(), { seed: 5 });
  const card: ModelCard = await writeTestCard(path, 400);
  const { parameters } = card.shape;
  const threads = asked ?? threadsFor(parameters, availableParallelism());
  const all = await recitals(notes);
  const context = 1536;
  const model: LanguageModel = await loadLlamaModel({
    ...{ path, contextSize: context, sequences: atOnce, parameters, threads, backend: 'cpu' },
  });
  const server = await LlamaServer.start(reference, {
    ...{ modelPath: path, threads: availableParallelism(), parallel: atOnce, context },
  });
  try {
    const { signal } = new AbortController();
    const promptOf = (text: string): number[] =>
      previewPrompt({ text, schema }, { model, card }).tokens.map(({ id }) => id);
    let differing = 0;
    const ours = async ({ note, facts, list }: Recital): Promise<void> => {
      const reciting = recite(model, [...model.tokenize(list, true), model.eos]);
      const request = { text: note, schema, priority: 'batch' as const };
      const result = await extract(request, { model: reciting, card, signal });
      if (key(result.facts) !== key(facts)) differing++;
    };
    const lists = all.reduce((sum, { list }) => sum + model.tokenize(list, true).length, 0);
    const json = all.reduce((sum, each) => sum + model.tokenize(each.json, true).length, 0);
    say(`${notes} notes: lists of ${lists} tokens against JSON of ${json}, ${threads} threads`);
    const ratio = await measurePairs(
      `notes a minute, typed lists against the JSON of llama-server, ${atOnce} at once`,
      { sense: '>=', value: 1.5 },
      () => timed(() => together(all, ours)),
      () => timed(() => together(all, (each) => server.recite(promptOf(each.note), each.json))),
      (mine, theirs) => theirs / mine,
      pairs,
    );
    say(describeRatio(ratio));
    if (differing > 0) throw new PlainError(`${differing} times not the same facts were found.`);
  } finally {
    await server.stop();
    await model.dispose();
  }
}

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      reference: { type: 'string' },
      notes: { type: 'string', default: '12' },
      pairs: { type: 'string', default: '5' },
      threads: { type: 'string' },
    },
  });
  if (values.reference === undefined) throw new PlainError('Name the folder: --reference FOLDER');
  const folder = await mkdtemp(join(tmpdir(), 'chimed-lists-'));
  try {
    await measure(values.reference, join(folder, 'list.gguf'), {
      ...{ notes: Number(values.notes), pairs: Number(values.pairs) },
      ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
    });
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
process.exit();
