import { describe, expect, it } from 'vitest';
import { AppError } from '@domain/contract/errors';
import type { ExportPreview, ExportReport } from '@domain/contract/export';
import { policySchema, type Policy } from '@domain/contract/policy';
import { Cancelled } from '@domain/contract/rpc';
import { noCounts } from '@domain/rules/export/export-label';
import { ExportState, type ExportParts } from './exporting.svelte';

type Parameters = {
  readonly previews: object[];
  readonly orders: object[];
  readonly runs: object[];
};

const preview: ExportPreview = {
  counts: { ...noCounts(), records: 3, facts: 9, unconfirmedFacts: 9, unconfirmedRecords: 3 },
  ...{ withoutRun: 0, schemas: [], identifiers: {}, searchedRecords: 3 },
  sample: [],
};
const report: ExportReport = { bytes: 1, counts: noCounts(), replaced: {}, maskedFacts: 0 };

function make(
  parts: Partial<ExportParts> = {},
  allowed: Policy['export']['allowed'] = 'all',
): Parameters & { state: ExportState } {
  const [previews, orders, runs]: object[][] = [[], [], []];
  const state = new ExportState({
    policy: () => policySchema.parse({ format: 1, export: { allowed } }),
    locale: () => 'zh-CN',
    preview: async (params) => {
      previews?.push(params);
      return preview;
    },
    choose: async (order) => {
      orders?.push(order);
      return `ticket-${orders?.length ?? 0}`;
    },
    run: async (params) => {
      runs?.push(params);
      return report;
    },
    corrections: () => null,
    ...parts,
  });
  return { state, previews: previews ?? [], orders: orders ?? [], runs: runs ?? [] };
}
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('an export that is put together', () => {
  it('is de-identified unless a person says otherwise, each time anew', async () => {
    const { state, orders, runs } = make();
    state.show({ openId: 'r1' });
    await settled();
    state.deidentify = false;
    await settled();
    await state.save();
    expect(orders).toEqual([{ format: 'xlsx', count: 3, deidentified: false, recordId: 'r1' }]);
    state.close();
    state.show({ openId: 'r1' });
    await settled();
    await state.save();
    expect(orders[1]).toMatchObject({ deidentified: true });
    expect(runs).toMatchObject([{ deidentify: null }, { deidentify: { dates: 'mask' } }]);
  });

  it('follows the policy: only de-identified, or nothing at all', async () => {
    const only = make({}, 'deidentified').state;
    only.show();
    only.deidentify = false;
    expect(only.deidentify).toBe(true);
    const none = make({}, 'none').state;
    none.show();
    expect(none.open).toBe(false);
  });

  it('as FHIR is of confirmed records only, and counts again', async () => {
    const { state, previews } = make();
    state.show();
    await settled();
    state.format = 'csv';
    state.format = 'fhir';
    await settled();
    expect(previews).toMatchObject([
      { selection: { which: 'all' } },
      { selection: { which: 'confirmed' } },
    ]);
    state.format = 'json';
    expect(state.which).toBe('all');
  });

  it('of chosen records names these; a CSV file asks for a second place, for its dictionary', async () => {
    const { state, orders, runs } = make();
    state.show({ openId: 'r1', chosenIds: ['a', 'b'] });
    expect(state.scopes).toEqual(['open', 'chosen', 'all']);
    await settled();
    state.format = 'csv';
    await state.save();
    expect(orders).toMatchObject([{ format: 'csv' }, { format: 'csv', dictionary: true }]);
    expect(runs).toMatchObject([
      { ticket: 'ticket-1', dictionaryTicket: 'ticket-2', selection: { recordIds: ['a', 'b'] } },
    ]);
  });

  it('of a batch is of its schema, until a person looks at all records', async () => {
    const { state, previews } = make();
    const missing = { failed: 1, pending: 0, cancelled: 0, duplicate: 0, gone: 0 };
    const batch = { schema: 'ccks2019', total: 3, missing };
    state.show({ chosenIds: ['a', 'b'], batch });
    expect(state.batch).toEqual(batch);
    await settled();
    state.scope = 'all';
    await settled();
    state.scope = 'chosen';
    await settled();
    expect(previews.map((params) => 'selection' in params && params.selection)).toEqual([
      { which: 'all', recordIds: ['a', 'b'], schema: 'ccks2019' },
      { which: 'all' },
      { which: 'all', recordIds: ['a', 'b'], schema: 'ccks2019' },
    ]);
    state.close();
    state.show();
    expect(state.batch).toBeNull();
  });

  it('takes the corrections of the open record, and of no other scope', async () => {
    const corrections = { recordId: 'r1', identifiers: [] };
    const { state, runs } = make({ corrections: () => corrections });
    state.show({ openId: 'r1' });
    await settled();
    await state.save();
    state.scope = 'all';
    await settled();
    await state.save();
    expect(runs[0]).toMatchObject({ deidentify: { corrections } });
    expect(runs[1]).not.toHaveProperty('deidentify.corrections');
  });

  it('of no records cannot be saved; a closed dialog of the system writes nothing', async () => {
    const empty = make({ preview: async () => ({ ...preview, counts: noCounts() }) }).state;
    empty.show();
    await settled();
    expect(empty.canSave).toBe(false);
    const { state, runs } = make({ choose: async () => null });
    state.show();
    await settled();
    expect(await state.save()).toBeNull();
    expect(runs).toEqual([]);
    expect(state.phase).toBe('ready');
  });

  it('of the open record begins with the result on screen; of all, with none', async () => {
    const { state } = make();
    state.show({ openId: 'r1', openSchema: 'lab' });
    await settled();
    expect(state.schema).toBe('lab');
    state.scope = 'all';
    await settled();
    expect(state.schema).toBeNull();
    state.scope = 'open';
    await settled();
    expect(state.schema).toBe('lab');
  });

  it('says why it failed, and that it was stopped', async () => {
    const failing = make({ run: () => Promise.reject(new AppError('DISK_FULL')) }).state;
    failing.show();
    await settled();
    await failing.save();
    expect(failing.problem).toEqual({ code: 'DISK_FULL' });
    const { state } = make({
      run: (_params, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Cancelled()))),
    });
    state.show();
    await settled();
    const saving = state.save();
    await settled();
    state.stop();
    expect(await saving).toBeNull();
    expect(state.stopped).toBe(true);
    expect(state.problem).toBeNull();
  });
});
