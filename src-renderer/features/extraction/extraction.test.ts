import { expect, it, vi } from 'vitest';
import { AppError } from '@domain/contract/errors';
import type { LibraryModel } from '@domain/contract/library';
import type { RunSummary } from '../../data/repository';
import type { Store } from '../../data/store';
import { cardOf, hostWith, modelOf, openModels } from '../models/models.fixture';
import type { RecordItem } from '../records';
import { SchemaCatalogue } from '../schemas/catalogue.svelte';
import { ExtractionState } from './extraction.svelte';

const sha256 = 'e'.repeat(64);
const model = modelOf(cardOf(sha256));
const item: RecordItem = {
  id: 'a',
  head: {
    title: '甲',
    createdAt: 1,
    updatedAt: 1,
    deletedAt: null,
    textId: 't',
    textSha256: 't',
    chars: 1,
    source: { kind: 'paste', notices: [] },
  },
  lastRun: null,
  results: [],
};

async function openOn(loaded: LibraryModel | null, inMemory = true) {
  const text = vi.fn(async () => '文');
  const store = { repository: { text }, call: async () => ({ seq: 1 }) };
  let asked = 0;
  const host = {
    ready: () => {
      asked++;
      return new Promise<never>(() => undefined);
    },
  };
  const { models } = await openModels(
    {
      settings: { locale: 'zh-CN', theme: 'system', zoom: 1 },
      library: { models: loaded ? [loaded] : [], assignments: {}, active: null },
    },
    loaded && inMemory ? hostWith(loaded) : undefined,
  );
  const extraction = new ExtractionState(
    store as unknown as Store,
    host,
    models,
    new SchemaCatalogue(),
  );
  await extraction.open(item);
  return { extraction, asked: () => asked, text };
}

it('a schema that the model does not name cannot be run, and the model is never asked', async () => {
  const { extraction, asked } = await openOn(model);
  extraction.schemaId = 'ccks2019-symptom';
  expect(extraction.serves('ccks2019-symptom')).toBe(false);
  expect(extraction.canRun).toBe(false);
  extraction.run();
  expect(extraction.session).toBeNull();
  expect(asked()).toBe(0);

  extraction.schemaId = 'ccks2019';
  expect(extraction.canRun).toBe(true);
  extraction.run();
  expect(extraction.session?.status).toBe('running');
  expect(extraction.session?.identity.model).toEqual({ name: 'm', sha256 });
  extraction.stop();
});

it('the legend is of the schema that the facts on screen were asked by', async () => {
  const { extraction } = await openOn(model);
  extraction.schemaId = 'ccks2019';
  expect(extraction.shownSchema?.id).toBe('ccks2019');
  extraction.run();
  extraction.schemaId = 'ccks2019-symptom';
  expect(extraction.shownSchema?.id).toBe('ccks2019');
  extraction.close();
  expect(extraction.shownSchema?.id).toBe('ccks2019-symptom');
});

it('while no model is known no schema is called unserved, and nothing can be run', async () => {
  const { extraction } = await openOn(null);
  expect(extraction.serves('ccks2019')).toBeNull();
  expect(extraction.canRun).toBe(false);
});

it('a model that can do it but is not in memory is not asked', async () => {
  const { extraction, asked } = await openOn(model, false);
  extraction.schemaId = 'ccks2019';
  expect(extraction.serves('ccks2019')).toBe(true);
  expect(extraction.canRun).toBe(false);
  extraction.run();
  expect(asked()).toBe(0);
});

/** A page on a record with stored runs, named by their schema and time. */
async function openOnStored() {
  const runOf = (schema: string, startedAt: number) => ({
    ...{ id: `${schema} ${startedAt}`, recordId: 'a', textSha256: 't', startedAt, facts: [] },
    ...{ status: 'completed' as const, finishedAt: startedAt },
    run: { schema, model: { name: 'm', sha256 }, strategy: 's', settings: {} },
  });
  const all = [runOf('ccks2019', 1), runOf('ccks2019', 2), runOf('lab', 3), runOf('ccks2019', 4)];
  const runs = new Map(all.map((run) => [run.id, run]));
  const store = {
    repository: { text: async () => '文', run: async (id: string) => runs.get(id) },
    call: async () => ({ seq: 1 }),
  };
  const { models } = await openModels({
    settings: { locale: 'zh-CN', theme: 'system', zoom: 1 },
    library: { models: [], assignments: {}, active: null },
  });
  const host = { ready: () => new Promise<never>(() => undefined) };
  const catalogue = new SchemaCatalogue();
  const extraction = new ExtractionState(store as unknown as Store, host, models, catalogue);
  const known = (...ids: readonly string[]): RecordItem => {
    const summaries = ids.map((id): RunSummary => {
      const [schema = '', at] = id.split(' ');
      const startedAt = Number(at);
      return { id, recordId: 'a', schema, startedAt, status: 'completed', factCount: 0 };
    });
    const results = summaries.map((run) => ({ schema: run.schema, run, review: null }));
    return { ...item, lastRun: summaries.at(-1) ?? null, results };
  };
  const shown = async (of: RecordItem) => {
    await extraction.open(of);
    return extraction.session?.id ?? null;
  };
  return { extraction, known, shown };
}

it('a later run that becomes known takes the place of a stored one, and an earlier one does not', async () => {
  const { known, shown } = await openOnStored();
  expect(await shown(known('ccks2019 1'))).toBe('ccks2019 1');
  expect(await shown(known('ccks2019 2'))).toBe('ccks2019 2');
  expect(await shown(known('ccks2019 1'))).toBe('ccks2019 2');
  expect(await shown({ ...item })).toBe('ccks2019 2');
});

it('a later run under another schema takes nothing away; the result of either can be chosen', async () => {
  const { extraction, known, shown } = await openOnStored();
  expect(await shown(known('ccks2019 2'))).toBe('ccks2019 2');
  const both = known('ccks2019 2', 'lab 3');
  expect(await shown(both)).toBe('ccks2019 2');
  await extraction.choose(both, 'lab');
  expect(extraction.session?.id).toBe('lab 3');
  const { session } = extraction;
  await extraction.open(both);
  expect(extraction.session).toBe(session);
  // Nor does one under the other schema now.
  expect(await shown(known('lab 3', 'ccks2019 4'))).toBe('lab 3');
  // Of the schema on screen the later one is shown, though another one has a still later one.
  extraction.close();
  await shown(known('ccks2019 1'));
  expect(await shown(known('ccks2019 2', 'lab 3'))).toBe('ccks2019 2');
  // Marked by hand, a result has no run.
  await extraction.choose(both, 'own');
  expect(extraction.session).toBeNull();
  expect(extraction.shownSchemaId).toBe('own');
  // Another record, or this one opened anew, shows its newest run.
  expect(await shown({ ...item, id: 'b' })).toBeNull();
  expect(extraction.chosenSchemaId).toBeNull();
  expect(await shown(both)).toBe('lab 3');
});

it('a later run that found nothing hides no result, and no run takes away the review that is worked in', async () => {
  const { extraction, known, shown } = await openOnStored();
  const good = known('ccks2019 2');
  const [summary] = good.results;
  const stopped = { ...known('ccks2019 4'), results: summary ? [summary] : [] };
  expect(await shown(stopped)).toBe('ccks2019 2');
  extraction.close();
  // Marked by hand under the one schema while a batch reads the record under another.
  expect(await shown({ ...item })).toBeNull();
  await extraction.open(known('lab 3'), 'ccks2019');
  expect(extraction.session).toBeNull();
  await extraction.open(known('ccks2019 4', 'lab 3'), 'ccks2019');
  expect(extraction.session?.id).toBe('ccks2019 4');
});

it('what was chosen of a record that is not open yet is what it is opened with', async () => {
  const { extraction, known, shown } = await openOnStored();
  const both = known('ccks2019 2', 'lab 3');
  expect(await shown({ ...item, id: 'b' })).toBeNull();
  await extraction.choose(both, 'ccks2019');
  // Of the one that is still on screen nothing was chosen.
  expect([extraction.session, extraction.chosenSchemaId]).toEqual([null, null]);
  expect(await shown(both)).toBe('ccks2019 2');
});

it('a record that could not be read ahead is read when it is opened', async () => {
  const { extraction, text } = await openOn(null);
  const next: RecordItem = { ...item, id: 'b', head: { ...item.head, textId: 'u' } };
  text.mockRejectedValueOnce(new AppError('WORKER_DIED'));
  extraction.prefetch({ item: next, schema: 'ccks2019' });
  await new Promise((resolve) => setTimeout(resolve));
  await extraction.choose(next, 'ccks2019');
  await extraction.open(next);
  expect([extraction.record?.text, extraction.openProblem]).toEqual(['文', null]);
});
