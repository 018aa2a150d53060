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
    state.show('r1');
    await settled();
    state.deidentify = false;
    await settled();
    await state.save();
    expect(orders).toEqual([{ format: 'xlsx', count: 3, deidentified: false, recordId: 'r1' }]);
    state.close();
    state.show('r1');
    await settled();
    await state.save();
    expect(orders[1]).toMatchObject({ deidentified: true });
    expect(runs).toMatchObject([{ deidentify: null }, { deidentify: { dates: 'mask' } }]);
  });

  it('follows the policy: only de-identified, or nothing at all', async () => {
    const only = make({}, 'deidentified').state;
    only.show(null);
    only.deidentify = false;
    expect(only.deidentify).toBe(true);
    const none = make({}, 'none').state;
    none.show(null);
    expect(none.open).toBe(false);
  });

  it('as FHIR is of confirmed records only, and counts again', async () => {
    const { state, previews } = make();
    state.show(null);
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
    state.show('r1', ['a', 'b']);
    expect(state.scopes).toEqual(['open', 'chosen', 'all']);
    await settled();
    state.format = 'csv';
    await state.save();
    expect(orders).toMatchObject([{ format: 'csv' }, { format: 'csv', dictionary: true }]);
    expect(runs).toMatchObject([
      { ticket: 'ticket-1', dictionaryTicket: 'ticket-2', selection: { recordIds: ['a', 'b'] } },
    ]);
  });

  it('takes the corrections of the open record, and of no other scope', async () => {
    const corrections = { recordId: 'r1', identifiers: [] };
    const { state, runs } = make({ corrections: () => corrections });
    state.show('r1');
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
    empty.show(null);
    await settled();
    expect(empty.canSave).toBe(false);
    const { state, runs } = make({ choose: async () => null });
    state.show(null);
    await settled();
    expect(await state.save()).toBeNull();
    expect(runs).toEqual([]);
    expect(state.phase).toBe('ready');
  });

  it('says why it failed, and that it was stopped', async () => {
    const failing = make({ run: () => Promise.reject(new AppError('DISK_FULL')) }).state;
    failing.show(null);
    await settled();
    await failing.save();
    expect(failing.problem).toEqual({ code: 'DISK_FULL' });
    const { state } = make({
      run: (_params, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Cancelled()))),
    });
    state.show(null);
    await settled();
    const saving = state.save();
    await settled();
    state.stop();
    expect(await saving).toBeNull();
    expect(state.stopped).toBe(true);
    expect(state.problem).toBeNull();
  });
});
