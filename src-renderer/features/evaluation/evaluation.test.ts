import { describe, expect, it } from 'vitest';
import { annotationSchema } from '@domain/contract/annotation-schema';
import { AppError } from '@domain/contract/errors';
import {
  evaluationResultSchema,
  type EvaluationOrder,
  type EvaluationResult,
  type ExaminedGold,
  type NerReport,
} from '@domain/contract/evaluation';
import { Cancelled } from '@domain/contract/rpc';
import { EvaluationState, type EvaluationParts } from './evaluation.svelte';

const model = { name: 'm', sha256: 'a'.repeat(64) };
const scores = { micro: { precision: 1, recall: 1, f1: 1 }, types: {} };
const report: NerReport = {
  ...{ version: 1, schema: 'ccks2019', labels: 'ccks2019', unscored: [], records: 4 },
  ...{ incomplete: 0, defects: 0, strict: scores, relaxed: scores, latency: null },
  confusion: { types: [], matrix: [], missed: [], spurious: [] },
  calibration: { bins: [], brier: null, ece: null, facts: 0 },
  tokens: { prompt: 0, reused: 0, decoded: 0 },
  ...{ ungrounded: 0, offsetErrors: 0, seconds: 0, recordsPerMinute: 0, model },
};
const result: EvaluationResult = {
  ...{ version: 1, gold: 'file' },
  evaluations: [{ approach: null, report }],
};
const examinedAs = (name: string): ExaminedGold => ({
  ...{ name, records: 4, defects: 0, labels: 'ccks2019', types: ['药物'] },
});
const schema = annotationSchema('ccks2019');

function make(parts: Partial<EvaluationParts> = {}) {
  const orders: EvaluationOrder[] = [];
  const saved: { order: object; text: string }[] = [];
  const tickets = ['t1', 't2', 't3'];
  const state = new EvaluationState({
    choose: () => Promise.resolve(tickets.shift() ?? null),
    examine: (ticket) => Promise.resolve(examinedAs(ticket)),
    signed: () => Promise.resolve({ schemas: [{ id: 'ccks2019', records: 2 }] }),
    run: (order) => {
      orders.push(order);
      return Promise.resolve(result);
    },
    save: (order, text) => {
      saved.push({ order, text });
      return Promise.resolve(true);
    },
    ...parts,
  });
  return { state, orders, saved };
}
const run = (state: EvaluationState): Promise<void> => state.run(schema, false, [{ model }]);

describe('what is measured on', () => {
  it('a slow look at a file never covers that at a later one', async () => {
    const looks = new Map<string, (examined: ExaminedGold) => void>();
    const { state } = make({
      examine: (ticket) => new Promise((resolve) => looks.set(ticket, resolve)),
    });
    const first = state.choose('set');
    await Promise.resolve();
    const second = state.choose('set');
    await Promise.resolve();
    looks.get('t2')?.(examinedAs('second'));
    await second;
    looks.get('t1')?.(examinedAs('first'));
    await first;
    expect([state.examined?.name, state.examining]).toEqual(['second', false]);
  });

  it('a file that cannot be used measures nothing, and it is said why', async () => {
    const { state } = make({ examine: () => Promise.reject(new AppError('FILE_EMPTY')) });
    await state.choose('set');
    expect([state.problem?.code, state.records]).toEqual(['FILE_EMPTY', 0]);
  });

  it('a mapping of one’s own goes with the file, until it is given up', async () => {
    const { state, orders } = make();
    await run(state);
    expect(orders).toEqual([]);
    await state.choose('set');
    await state.choose('labels');
    await run(state);
    await state.forgetLabels();
    await run(state);
    expect(orders.map(({ gold }) => gold)).toEqual([
      { kind: 'file', ticket: 't1', labels: 't2' },
      { kind: 'file', ticket: 't1', labels: null },
    ]);
  });

  it('a limit goes with the order, and it is known that there was more', async () => {
    const { state, orders } = make({ examine: async () => ({ ...examinedAs('x'), records: 9 }) });
    await state.choose('set');
    await run(state);
    state.limit = 4;
    await run(state);
    expect(orders.map(({ limit }) => limit)).toEqual([undefined, 4]);
    expect(state.shown?.limited).toBe(true);
  });

  it('confirmed records are those of the chosen schema', async () => {
    const { state, orders } = make();
    state.kind = 'records';
    await state.countSigned();
    expect(state.records).toBe(0);
    state.schemaId = 'ccks2019';
    expect(state.records).toBe(2);
    await run(state);
    expect([orders[0]?.gold, state.shown?.fileName]).toEqual([{ kind: 'records' }, null]);
  });
});

describe('what came out', () => {
  it('stays until there is something newer: a failure and a stop take nothing away', async () => {
    const ends: (() => Promise<EvaluationResult>)[] = [
      () => Promise.resolve(result),
      () => Promise.reject(new AppError('HOST_DIED')),
    ];
    const { state } = make({
      run: (_order, { signal }) =>
        ends.shift()?.() ??
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Cancelled()));
        }),
    });
    await state.choose('set');
    await run(state);
    const shown = state.shown;
    expect([shown?.fileName, shown?.limited]).toEqual(['t1', false]);
    await run(state);
    expect([state.problem?.code, state.stopped, state.shown]).toEqual(['HOST_DIED', false, shown]);
    const stopped = run(state);
    await Promise.resolve();
    expect([state.running, state.problem]).toEqual([true, null]);
    state.stop();
    await stopped;
    expect([state.running, state.stopped, state.problem, state.shown]).toEqual([
      ...[false, true, null, shown],
    ]);
  });

  it('is saved as figures that hold nothing of a record', async () => {
    const { state, saved } = make();
    expect(await state.save()).toBe(false);
    await state.choose('set');
    await run(state);
    expect(await state.save()).toBe(true);
    expect(saved.map(({ order }) => order)).toEqual([
      { format: 'json', count: 1, deidentified: true, evaluation: true },
    ]);
    expect(evaluationResultSchema.parse(JSON.parse(saved[0]?.text ?? ''))).toEqual(result);
  });
});

describe('configurations', () => {
  it('are two at most; the second begins with the model of the first', () => {
    const { state } = make();
    const [first] = state.drafts;
    if (!first) throw new Error('no configuration');
    first.modelId = 'x';
    state.compare();
    state.compare();
    expect([state.drafts.length, state.drafts[1]?.modelId]).toEqual([2, 'x']);
    state.remove(first);
    const [left] = state.drafts;
    if (left) state.remove(left);
    expect(state.drafts).toEqual([left]);
  });
});
