import { expect, it } from 'vitest';
import type { LibraryModel } from '@domain/contract/library';
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
  review: null,
};

async function openOn(loaded: LibraryModel | null, inMemory = true) {
  const store = { repository: { text: async () => '文' }, call: async () => ({ seq: 1 }) };
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
  return { extraction, asked: () => asked };
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

it('a later run that becomes known takes the place of a stored one, and an earlier one does not', async () => {
  const runOf = (id: string, startedAt: number) => ({
    ...{ id, recordId: 'a', textSha256: 't', startedAt, finishedAt: startedAt, facts: [] },
    status: 'completed' as const,
    run: { schema: 'ccks2019', model: { name: 'm', sha256 }, strategy: 's', settings: {} },
  });
  const runs = new Map([runOf('first', 1), runOf('second', 2)].map((run) => [run.id, run]));
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
  const lastRun = (id: string, startedAt: number): RecordItem => ({
    ...item,
    lastRun: { id, recordId: 'a', startedAt, status: 'completed', factCount: 0 },
  });
  const shown = async (of: RecordItem) => {
    await extraction.open(of);
    return extraction.session?.id;
  };
  expect(await shown(lastRun('first', 1))).toBe('first');
  expect(await shown(lastRun('second', 2))).toBe('second');
  expect(await shown(lastRun('first', 1))).toBe('second');
  expect(await shown({ ...item })).toBe('second');
});
