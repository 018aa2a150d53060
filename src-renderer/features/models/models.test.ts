import { describe, expect, it } from 'vitest';
import type { LoadedModel } from '@domain/contract/host-port';
import type { Bridge, InvokeReply, Settings } from '@domain/contract/ipc';
import { Notices } from '../../ui/notices.svelte';
import { SettingsState } from '../settings';
import { SystemState } from '../status';
import { ModelsState } from './models.svelte';

const builtIn: LoadedModel = {
  id: 'chimed-nano',
  name: 'ChiMed Nano',
  standing: 'release',
  sha256: 'a'.repeat(64),
  contextSize: 512,
  schemas: ['ccks2019'],
  strategy: 'marked-copy',
  about: {
    description: { 'zh-CN': '', en: '' },
    source: '',
    licence: 'Apache-2.0',
    parameters: 1,
  },
};

/** One start of the program; `stored` is what main keeps over starts. */
async function start(
  stored: { settings: Settings; failing?: boolean },
  model: LoadedModel | null = builtIn,
) {
  const reply = (): InvokeReply =>
    stored.failing
      ? { ok: false, problem: { code: 'INTERNAL' } }
      : { ok: true, value: stored.settings };
  const bridge: Bridge = {
    invoke: async (channel, ...params) => {
      if (channel === 'settings.set' && !stored.failing) {
        stored.settings = { ...stored.settings, ...(params[0] as Partial<Settings>) };
      }
      return reply();
    },
    subscribe: () => () => undefined,
  };
  const system = new SystemState();
  if (model) system.setHost({ phase: 'ready', model, device: { kind: 'cpu' } });
  const settings = new SettingsState(bridge, { apply: () => undefined });
  const notices = new Notices();
  const models = new ModelsState(system, settings, notices);
  const beforeSettings = models.notice;
  await settings.load().catch(() => undefined);
  return { models, notices, beforeSettings };
}
const fresh = () => ({ settings: { locale: 'zh-CN', theme: 'system', zoom: 1 } as Settings });

describe('the notice of the loaded model', () => {
  it('of the built-in model is gone once it was read, also at the next start', async () => {
    const stored = fresh();
    const first = await start(stored);
    expect(first.models.notice).toBe('builtIn');
    first.models.dismissNotice();
    expect(first.models.notice).toBeNull();
    await Promise.resolve();
    expect((await start(stored)).models.notice).toBeNull();
  });

  it('comes again for another file of the built-in model', async () => {
    const stored = fresh();
    (await start(stored)).models.dismissNotice();
    const other = await start(stored, { ...builtIn, sha256: 'b'.repeat(64) });
    expect(other.models.notice).toBe('builtIn');
  });

  it('does not flash up before it is known whether it was read', async () => {
    expect((await start(fresh())).beforeSettings).toBeNull();
  });

  it('is shown when the settings cannot be read: twice is better than never', async () => {
    expect((await start({ ...fresh(), failing: true })).models.notice).toBe('builtIn');
  });

  it('of a provisional or a test model cannot be dismissed', async () => {
    for (const standing of ['provisional', 'test'] as const) {
      const { models } = await start(fresh(), { ...builtIn, standing });
      models.dismissNotice();
      expect(models.notice).toBe(standing);
    }
  });

  it('says nothing of an imported model, whatever its id, nor while there is no model', async () => {
    const imported = await start(fresh(), { ...builtIn, standing: 'imported' });
    expect(imported.models.notice).toBeNull();
    expect((await start(fresh(), null)).models.notice).toBeNull();
  });

  it('that could not be kept as read goes from the screen, and the failure is told', async () => {
    const { models, notices } = await start({ ...fresh(), failing: true });
    models.dismissNotice();
    expect(models.notice).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(notices.errors).toHaveLength(1);
  });
});

describe('the dialog', () => {
  it('opens with what was asked for, and not without a model', async () => {
    const { models } = await start(fresh());
    models.show('chimedGpt');
    expect([models.dialogOpen, models.topic]).toEqual([true, 'chimedGpt']);
    const none = await start(fresh(), null);
    none.models.show('card');
    expect(none.models.dialogOpen).toBe(false);
  });
});
