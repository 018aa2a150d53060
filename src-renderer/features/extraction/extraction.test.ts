import { expect, it } from 'vitest';
import type { LoadedModel } from '@domain/contract/host-port';
import type { Store } from '../../data/store';
import type { RecordItem } from '../records';
import { SystemState } from '../status';
import { ExtractionState } from './extraction.svelte';

const model: LoadedModel = {
  id: 'm',
  name: 'm',
  standing: 'imported',
  sha256: 'x',
  contextSize: 512,
  schemas: ['ccks2019'],
  strategy: 'marked-copy',
  about: { description: { 'zh-CN': '', en: '' }, source: '', licence: '', parameters: 1 },
};
const item: RecordItem = {
  id: 'a',
  head: {
    title: '甲',
    createdAt: 1,
    updatedAt: 1,
    deletedAt: null,
    textSha256: 't',
    chars: 1,
    source: { kind: 'paste', notices: [] },
  },
  lastRun: null,
};

async function openOn(loaded: LoadedModel | null) {
  const store = { repository: { text: async () => '文' }, call: async () => ({ seq: 1 }) };
  let asked = 0;
  const host = {
    ready: () => {
      asked++;
      return new Promise<never>(() => undefined);
    },
  };
  const system = new SystemState();
  if (loaded) system.setHost({ phase: 'ready', model: loaded, device: { kind: 'cpu' } });
  const extraction = new ExtractionState(store as unknown as Store, host, system);
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
  expect(extraction.session?.identity.model).toEqual({ name: 'm', sha256: 'x' });
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
