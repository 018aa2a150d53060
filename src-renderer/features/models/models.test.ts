import { describe, expect, it } from 'vitest';
import type { Settings } from '@domain/contract/ipc';
import type { Library, LibraryModel } from '@domain/contract/library';
import type { ModelCard } from '@domain/contract/model-card';
import { cardOf, hostWith, modelOf, openModels, type FakeMain } from './models.fixture';

const sha = (digit: string): string => digit.repeat(64);
const fresh = (): FakeMain => ({
  settings: { locale: 'zh-CN', theme: 'system', zoom: 1 } as Settings,
});
const builtInCard = cardOf(sha('a'), {
  id: 'chimed-nano',
  name: 'ChiMed Nano',
  standing: 'release',
});
const builtIn = modelOf(builtInCard);

describe('the notice of the model that is used', () => {
  const withStanding = (change: Partial<ModelCard>): LibraryModel =>
    modelOf({ ...builtInCard, ...change });

  it('of the built-in model is gone once it was read, also at the next start', async () => {
    const main = fresh();
    const first = await openModels(main);
    await first.settings.load();
    expect(first.models.noticeOf(builtIn)).toBe('builtIn');
    first.models.dismissNotice(builtIn);
    expect(first.models.noticeOf(builtIn)).toBeNull();
    await Promise.resolve();
    const second = await openModels(main);
    await second.settings.load();
    expect(second.models.noticeOf(builtIn)).toBeNull();
    // Another file of the built-in model is another model.
    expect(second.models.noticeOf(withStanding({ sha256: sha('b') }))).toBe('builtIn');
  });

  it('does not flash up before it is known whether it was read', async () => {
    const { models } = await openModels(fresh());
    expect(models.noticeOf(builtIn)).toBeNull();
  });

  it('is shown when the settings cannot be read: twice is better than never', async () => {
    const { models, settings } = await openModels({ ...fresh(), failing: true });
    await settings.load().catch(() => undefined);
    expect(models.noticeOf(builtIn)).toBe('builtIn');
  });

  it('of a provisional or a test model cannot be dismissed', async () => {
    const { models, settings } = await openModels(fresh());
    await settings.load();
    for (const standing of ['provisional', 'test'] as const) {
      const model = withStanding({ standing });
      models.dismissNotice(model);
      expect(models.noticeOf(model)).toBe(standing);
    }
  });

  it('says nothing of an imported model, whatever its id, nor while there is no model', async () => {
    const { models, settings } = await openModels(fresh());
    await settings.load();
    expect(models.noticeOf(withStanding({ standing: 'imported' }))).toBeNull();
    expect(models.noticeOf(null)).toBeNull();
  });

  it('that could not be kept as read goes from the screen, and the failure is told', async () => {
    const { models, settings, notices } = await openModels({ ...fresh(), failing: true });
    await settings.load().catch(() => undefined);
    models.dismissNotice(builtIn);
    expect(models.noticeOf(builtIn)).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(notices.errors).toHaveLength(1);
  });
});

describe('models and jobs on the page', () => {
  const large = modelOf(
    cardOf(sha('c'), {
      name: '大模型',
      capabilities: {
        schemas: ['ccks2019', 'ccks2019-symptom'],
        attributes: [],
        tasks: ['extraction', 'qa', 'dialogue'],
      },
    }),
    'copied',
  );
  const library: Library = { models: [builtIn, large], assignments: {}, active: large.id };

  it('a job whose model is not in memory has a model, but none that can be asked', async () => {
    const { models, system } = await openModels({ ...fresh(), library }, hostWith(builtIn));
    expect(models.modelFor('qa')?.id).toBe(large.id);
    expect(models.loadedFor('qa')).toBeNull();
    expect(models.loadedFor('extraction:ccks2019')?.sha256).toBe(builtIn.id);
    system.setHost(hostWith(builtIn, large));
    expect(models.loadedFor('qa')?.sha256).toBe(large.id);
  });

  it('only the imported model in use has a state in memory', async () => {
    const other = modelOf(cardOf(sha('d')), 'referenced');
    const { models } = await openModels(
      { ...fresh(), library: { ...library, models: [builtIn, large, other] } },
      hostWith(builtIn, large),
    );
    expect(models.stateOf(large)?.phase).toBe('ready');
    expect(models.stateOf(other)).toBeNull();
    expect(models.stateOf(builtIn)?.phase).toBe('ready');
  });

  it('a list that was pushed while the first one was asked for is not overwritten', async () => {
    const main: FakeMain = { ...fresh(), library };
    const { models } = await openModels(main);
    const newer: Library = { ...library, active: null };
    models.setLibrary(newer);
    await models.load();
    expect(models.library).toBe(newer);
  });

  it('what was imported is selected, and a failed import is told with the name of the file', async () => {
    const { models, notices } = await openModels({ ...fresh(), library });
    models.setImporting({ phase: 'done', modelId: large.id, already: false });
    expect(models.selected?.id).toBe(large.id);
    models.setImporting({
      phase: 'failed',
      fileName: 'x.gguf',
      problem: { code: 'MODEL_TRUNCATED' },
    });
    expect(notices.errors[0]).toMatchObject({
      problem: { code: 'MODEL_TRUNCATED' },
      context: 'x.gguf',
    });
  });
});
