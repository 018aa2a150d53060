/** Evaluations in the worker, on a real model that recites and a real vault. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scriptedAnswer, testModel } from '../../../e2e/fixtures/test-models';
import { AppError, type Problem } from '../../domain/contract/errors';
import {
  evaluationResultSchema,
  type Configuration,
  type EvaluationOrder,
  type EvaluationProgress,
  type EvaluationResult,
} from '../../domain/contract/evaluation';
import type { ExtractionRequest, ExtractionResult } from '../../domain/contract/extraction';
import type { Fact } from '../../domain/contract/fact';
import type { ModelCard } from '../../domain/contract/model-card';
import type { StoredReview } from '../../domain/contract/review';
import { Cancelled } from '../../domain/contract/rpc';
import type { LoadedLanguageModel } from '../../engine/language-model';
import { loadLlamaModel } from '../../engine/load-llama-model';
import { readModelCard } from '../../library/model-card';
import { extract } from '../../tasks/extraction/extract';
import { Vault } from '../../vault/vault';
import { storeReview } from '../review-rows.fixture';
import { RecordStore } from '../store';
import { EvaluationService } from './evaluation-service';

/** What the model says of every text, each word of it once. */
const answer = scriptedAnswer.split('\n').flatMap((line) => {
  const [type = '', values = ''] = line.split('：');
  return values.split('；').map((words) => ({ type, words }));
});
const text = `🩺病房患者某，${answer.map(({ words }) => words).join('，')}。`;
const labelsDir = join(import.meta.dirname, '..', '..', '..', 'resources', 'labels');

let folder = '';
let loaded: LoadedLanguageModel;
let card: ModelCard;
beforeAll(async () => {
  const path = await testModel('scripted');
  card = (await readModelCard(path)) as ModelCard;
  loaded = await loadLlamaModel({ path, contextSize: card.context, backend: 'cpu', threads: 1 });
});
afterAll(() => loaded?.dispose());

let vault: Vault;
let store: RecordStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-evaluation-'));
  await mkdir(join(folder, 'data'));
  const key = new Uint8Array(32).fill(7);
  vault = await Vault.open(join(folder, 'data'), { keyId: '0011223344556677', key });
  store = new RecordStore({ vault });
});
afterEach(async () => {
  await vault.close();
  await rm(folder, { recursive: true, force: true });
});

/** The host: the real extraction on the real model, unless a test changes what it says. */
class Host {
  problem: Problem | null = null;
  readonly asked: ExtractionRequest[] = [];
  change: (result: ExtractionResult, nth: number) => ExtractionResult = (result) => result;

  standing(): { sequences: number } | { problem: Problem } {
    return this.problem ? { problem: this.problem } : { sequences: 1 };
  }
  async extract(request: ExtractionRequest, signal: AbortSignal): Promise<ExtractionResult> {
    this.asked.push(request);
    return this.change(await extract(request, { model: loaded, card, signal }), this.asked.length);
  }
}

function desk(host = new Host(), paths: Readonly<Record<string, string>> = {}) {
  const service = new EvaluationService({
    labelsDir,
    extractor: host,
    pathOf: (ticket) => {
      const path = paths[ticket];
      if (path === undefined) throw new AppError('SAVE_EXPIRED');
      return path;
    },
    vault: () => Promise.resolve(vault),
  });
  return { host, handlers: service.handlers };
}

const setTicket = '00000000-0000-4000-8000-000000000001';
const labelsTicket = '00000000-0000-4000-8000-000000000002';
const configuration = (more: Partial<Configuration> = {}): Configuration => ({
  model: { name: card.name, sha256: card.sha256 },
  ...more,
});
const order = (more: Partial<EvaluationOrder> = {}): EvaluationOrder => ({
  gold: { kind: 'file', ticket: setTicket, labels: null },
  schema: 'ccks2019',
  configurations: [configuration()],
  ...more,
});
const context = <E>(events: E[] = [], signal = new AbortController().signal) => ({
  signal,
  emit: (event: E) => void events.push(event),
});

/** Code points, as sets count. */
function entity(type: string, words: string) {
  const start = [...text.slice(0, text.indexOf(words))].length;
  return { type, start, end: start + [...words].length, text: words };
}
async function setOf(...lines: unknown[]): Promise<string> {
  const path = join(folder, 'set.jsonl');
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  return path;
}
const allOf = () => answer.map(({ type, words }) => entity(type, words));

describe('an annotated set', () => {
  it('is looked at first: how many records, what is wrong with them, what their labels mean', async () => {
    const path = await setOf(
      { text, entities: [entity('药物', '呋塞米')] },
      { text, entities: [{ type: '检查', start: 0, end: 100_000 }] },
    );
    const { handlers } = desk(new Host(), { [setTicket]: path });
    const about = await handlers['evaluation.examine'](
      { ticket: setTicket, labels: null },
      context<never>(),
    );
    expect(about).toEqual({
      ...{ name: 'set.jsonl', records: 2, defects: 1, labels: 'ccks2019' },
      types: ['药物', '影像检查'],
    });
  });

  it('two configurations stand side by side, each with the figures of its own run', async () => {
    const path = await setOf(
      { text, entities: allOf() },
      { text, entities: allOf().filter(({ type }) => type !== '手术') },
    );
    const { host, handlers } = desk(new Host(), { [setTicket]: path });
    const events: EvaluationProgress[] = [];
    const result = await handlers['evaluation.run'](
      order({
        configurations: [configuration(), configuration({ approach: { windowChars: 40 } })],
      }),
      context(events),
    );
    expect(evaluationResultSchema.parse(result)).toEqual(result);
    const [one, other] = result.evaluations;
    // 16 mentions in each of two records; one of those that are found is not annotated.
    expect(one?.report.strict.micro).toEqual({ precision: 31 / 32, recall: 1, f1: 62 / 63 });
    expect(one?.report).toMatchObject({ records: 2, ungrounded: 0, offsetErrors: 0 });
    expect([one?.approach?.strategy, one?.approach?.settings['windowChars']]).toEqual([
      'typed-list',
      1200,
    ]);
    expect(other?.approach?.settings['windowChars']).toBe(40);
    // Each window has the instruction before it.
    expect(other?.report.tokens.prompt).toBeGreaterThan(one?.report.tokens.prompt ?? Infinity);
    expect(events).toEqual(
      [0, 1].flatMap((at) => [0, 1, 2].map((done) => ({ configuration: at, done, total: 2 }))),
    );
    expect(host.asked.every(({ model }) => model === card.sha256)).toBe(true);
  });

  it('of a long one the first records can be enough', async () => {
    const path = await setOf(
      ...[
        { text, entities: allOf() },
        { text, entities: [] },
        { text, entities: [] },
      ],
    );
    const { host, handlers } = desk(new Host(), { [setTicket]: path });
    const events: EvaluationProgress[] = [];
    const { evaluations } = await handlers['evaluation.run'](order({ limit: 2 }), context(events));
    expect([evaluations[0]?.report.records, host.asked.length]).toEqual([2, 2]);
    expect(events.at(-1)).toEqual({ configuration: 0, done: 2, total: 2 });
  });

  it('the result holds no words of a record, nor of a schema’s examples', async () => {
    const path = await setOf({ text, entities: allOf() });
    const { handlers } = desk(new Host(), { [setTicket]: path });
    const result = await handlers['evaluation.run'](order(), context());
    const json = JSON.stringify(result);
    for (const { words } of answer) expect(json).not.toContain(words);
    expect(result.evaluations[0]?.approach?.settings).not.toHaveProperty('instruction');
  });

  it('that cannot be used has a code that says why, before the model is asked', async () => {
    const labels = join(folder, 'labels.json');
    const cases: readonly (readonly [unknown, Partial<EvaluationOrder>, string])[] = [
      [{ text: '张某', entities: '无' }, {}, 'DATASET_LINE_INVALID'],
      [{ text, entities: [entity('med', '呋塞米')] }, {}, 'DATASET_LABELS_UNKNOWN'],
      // Nothing of an admission record's fields is ever annotated.
      [{ text, entities: allOf() }, { schema: 'admission' }, 'EVALUATION_NOTHING_TO_SCORE'],
      [{ text, entities: allOf() }, { schema: 'gone' }, 'SCHEMA_UNKNOWN'],
      [
        { text, entities: allOf() },
        { gold: { kind: 'file', ticket: labelsTicket, labels: null } },
        'SAVE_EXPIRED',
      ],
      [
        { text, entities: allOf() },
        { gold: { kind: 'file', ticket: setTicket, labels: labelsTicket } },
        'SAVE_EXPIRED',
      ],
    ];
    for (const [line, change, code] of cases) {
      const { host, handlers } = desk(new Host(), { [setTicket]: await setOf(line) });
      await expect(handlers['evaluation.run'](order(change), context())).rejects.toMatchObject({
        code,
      });
      expect(host.asked).toEqual([]);
    }
    await writeFile(labels, '{"version":1,"source":"x","labels":{"med":"没有"}}');
    const paths = { [setTicket]: await setOf({ text, entities: [] }), [labelsTicket]: labels };
    await expect(
      desk(new Host(), paths).handlers['evaluation.run'](
        order({ gold: { kind: 'file', ticket: setTicket, labels: labelsTicket } }),
        context(),
      ),
    ).rejects.toMatchObject({ code: 'LABEL_FILE_INVALID' });
  });

  it('a mapping of one’s own makes other labels known', async () => {
    const labels = join(folder, 'mine.json');
    await writeFile(labels, '{"version":1,"source":"x","labels":{"med":"药物"}}');
    const path = await setOf({ text, entities: [entity('med', '呋塞米')] });
    const { handlers } = desk(new Host(), { [setTicket]: path, [labelsTicket]: labels });
    const { evaluations } = await handlers['evaluation.run'](
      order({ gold: { kind: 'file', ticket: setTicket, labels: labelsTicket } }),
      context(),
    );
    expect(evaluations[0]?.report).toMatchObject({
      labels: 'mine',
      strict: { types: { 药物: { precision: 1 / 2, recall: 1, support: 1 } } },
    });
    expect(evaluations[0]?.report.unscored).toHaveLength(5);
  });
});

describe('an evaluation that does not come to its end has no result', () => {
  const run = async (host: Host, signal?: AbortSignal): Promise<EvaluationResult> => {
    const path = await setOf({ text, entities: allOf() }, { text, entities: allOf() });
    const { handlers } = desk(host, { [setTicket]: path });
    return handlers['evaluation.run'](order(), context([], signal));
  };

  it('a model that is not there is said before the first record', async () => {
    const host = new Host();
    host.problem = { code: 'MODEL_NOT_READY' };
    await expect(run(host)).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
    expect(host.asked).toEqual([]);
  });

  it('settings that change between two records end it', async () => {
    const host = new Host();
    host.change = (result, nth) => ({
      ...result,
      run: { ...result.run, settings: { ...result.run.settings, context: nth } },
    });
    await expect(run(host)).rejects.toMatchObject({ code: 'EVALUATION_RUN_CHANGED' });
  });

  it('cancelled, also with its last record, it ends as such', async () => {
    for (const last of [1, 2]) {
      const abort = new AbortController();
      const host = new Host();
      host.change = (result, nth) => {
        if (nth === last) abort.abort();
        return result;
      };
      await expect(run(host, abort.signal)).rejects.toBeInstanceOf(Cancelled);
    }
  });
});

describe('the doctor’s own confirmed records', () => {
  const sha256 = createHash('sha256').update(text).digest('hex');
  function fact(type: string, words: string): Fact {
    const start = text.indexOf(words);
    const end = start + words.length;
    return {
      ...{ id: words, kind: 'mention', type, text: words, start, end, attributes: {} },
      ...{ evidence: [{ text: words, start, end }], confidence: 0.5 },
    };
  }
  const confirmation = {
    ...{ by: 'user-1', name: '王医师', title: '主治医师', at: 2 },
    ...{ contentSha256: 'c'.repeat(64), signature: 'd'.repeat(128) },
  };
  /** A record with a run and a review of it, whose last fact was rejected. */
  async function reviewed(
    facts: readonly Fact[],
    more: Partial<StoredReview> = {},
  ): Promise<string> {
    const source = { kind: 'paste' as const, notices: [] };
    const { recordId } = await store.create({ title: '某', text, source });
    const runId = `run-${recordId}`;
    await store.saveRun({
      ...{ id: runId, recordId, textSha256: sha256, startedAt: 1, finishedAt: 1 },
      status: 'completed',
      run: {
        ...{ schema: more.schema ?? 'ccks2019', model: { name: 'm', sha256: 'a' } },
        ...{ strategy: 's', settings: {} },
      },
      facts: [],
    });
    await storeReview(vault, {
      ...{ id: `review-${recordId}`, recordId, textSha256: sha256, role: 'primary', runId },
      ...{ schema: 'ccks2019', version: 1, changes: [], updatedAt: 1, confirmation },
      items: facts.map((one, at) => ({
        ...{ id: String(at), fact: one, origin: 'model' },
        decision: at === facts.length - 1 ? 'rejected' : 'accepted',
      })),
      ...more,
    });
    return recordId;
  }
  const own = () => order({ gold: { kind: 'records' } });

  it('what was confirmed is right, what was rejected is not, and what is unsigned is no measure', async () => {
    await reviewed([
      ...answer.filter(({ type }) => type !== '手术').map(({ type, words }) => fact(type, words)),
      fact('手术', '腹腔镜下胆囊切除术'),
    ]);
    await reviewed([fact('药物', '病房'), fact('药物', '患者')], { confirmation: null });
    await reviewed([fact('药物', '病房'), fact('药物', '患者')], { schema: 'medication' });
    const inBin = await reviewed([fact('药物', '病房'), fact('药物', '患者')]);
    await store.delete(inBin);
    const { handlers } = desk();
    expect(await handlers['evaluation.signed']({}, context<never>())).toEqual({
      schemas: expect.arrayContaining([
        { id: 'ccks2019', records: 1 },
        { id: 'medication', records: 1 },
      ]) as unknown,
    });
    const before = vault.journal.lastSeq;
    const { gold, evaluations } = await handlers['evaluation.run'](own(), context());
    const report = evaluations[0]?.report;
    expect([gold, report?.records, report?.unscored]).toEqual(['records', 1, []]);
    expect(report?.strict.micro).toEqual({ precision: 15 / 16, recall: 1, f1: 30 / 31 });
    expect(report?.strict.types['手术']).toMatchObject({ precision: 0, support: 0 });
    // Nothing of it is kept: no run, no review, no row at all.
    expect(vault.journal.lastSeq).toBe(before);
  });

  it('of many the oldest can be enough', async () => {
    await reviewed([fact('药物', '呋塞米'), fact('药物', '患者')]);
    await reviewed([fact('药物', '病房'), fact('药物', '患者')]);
    const { evaluations } = await desk().handlers['evaluation.run'](
      { ...own(), limit: 1 },
      context(),
    );
    expect(evaluations[0]?.report).toMatchObject({
      records: 1,
      strict: { types: { 药物: { recall: 1, support: 1 } } },
    });
  });

  it('without any there is nothing to score', async () => {
    await reviewed([fact('药物', '病房'), fact('药物', '患者')], { confirmation: null });
    const { handlers } = desk();
    expect(await handlers['evaluation.signed']({}, context<never>())).toEqual({ schemas: [] });
    await expect(handlers['evaluation.run'](own(), context())).rejects.toMatchObject({
      code: 'EVALUATION_NOTHING_TO_SCORE',
    });
  });

  it('a type that the schema no longer has is a defect of the data, not an error', async () => {
    await reviewed([fact('药物', '呋塞米'), fact('旧类型', '病房'), fact('药物', '患者')]);
    const { evaluations } = await desk().handlers['evaluation.run'](own(), context());
    expect(evaluations[0]?.report).toMatchObject({
      defects: 1,
      strict: { types: { 药物: { recall: 1, support: 1 } } },
    });
  });
});
