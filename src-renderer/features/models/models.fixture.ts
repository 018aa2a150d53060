/** A library and a host for tests of the page's states, without a window. */
import type { HostState, LoadedModel } from '@domain/contract/host-port';
import type { Bridge, InvokeReply, Settings } from '@domain/contract/ipc';
import type { Library, LibraryModel } from '@domain/contract/library';
import type { ModelCard } from '@domain/contract/model-card';
import { Notices } from '../../ui/notices.svelte';
import { SettingsState } from '../settings';
import { SystemState } from '../status';
import { ModelsState } from './models.svelte';

export function cardOf(sha256: string, change: Partial<ModelCard> = {}): ModelCard {
  return {
    card: 1,
    id: 'm',
    name: 'm',
    standing: 'imported',
    description: { 'zh-CN': '', en: '' },
    source: '',
    licence: '',
    sha256,
    fileSize: 1,
    shape: {
      architecture: 'llama',
      parameters: 1,
      blocks: 1,
      embedding: 1,
      heads: 1,
      kvHeads: 1,
      feedForward: 1,
      vocabulary: 1,
      quantization: 'F16',
    },
    context: 512,
    promptFormat: {
      id: 'chimed-readme',
      bos: true,
      parts: [
        { text: '[human]:' },
        { slot: 'instruction' },
        { text: '\n' },
        { slot: 'input' },
        { text: '\n[bot]:' },
      ],
    },
    strategies: [
      { kind: 'typed-list', instruction: '{types}', normalisation: 'none', windowChars: 100 },
    ],
    capabilities: { schemas: ['ccks2019'], attributes: [], tasks: ['extraction'] },
    ...change,
  };
}

export function modelOf(card: ModelCard, place: LibraryModel['place'] = 'built-in'): LibraryModel {
  return { id: card.sha256, card, place, path: 'model.gguf', presence: 'present' };
}

export function loadedOf(card: ModelCard): LoadedModel {
  const { id, name, standing, sha256, context, description, source, licence } = card;
  return {
    id,
    name,
    standing,
    sha256,
    contextSize: context,
    schemas: card.capabilities.schemas,
    strategy: 'typed-list',
    about: { description, source, licence, parameters: card.shape.parameters },
  };
}

/** A host with these models in memory. */
export function hostWith(...models: readonly LibraryModel[]): HostState {
  return {
    process: { phase: 'ready' },
    models: models.map(({ card, place }) => ({
      phase: 'ready',
      slot: place === 'built-in' ? 'built-in' : 'imported',
      model: loadedOf(card),
      device: { kind: 'cpu' },
    })),
  };
}

export interface FakeMain {
  settings: Settings;
  library?: Library;
  /** Every question is answered with this. */
  failing?: boolean;
  /** What was asked, in order. */
  readonly asked?: [channel: string, params: unknown][];
}

/** A page's states over a main process that keeps settings and a library. */
export async function openModels(main: FakeMain, state?: HostState) {
  const bridge: Bridge = {
    invoke: async (channel, ...params): Promise<InvokeReply> => {
      main.asked?.push([channel, params[0]]);
      if (main.failing) return { ok: false, problem: { code: 'INTERNAL' } };
      if (channel === 'settings.set') {
        main.settings = { ...main.settings, ...(params[0] as Partial<Settings>) };
      }
      if (channel.startsWith('settings.')) return { ok: true, value: main.settings };
      if (channel === 'library.import.state' || channel === 'conversion.state') {
        return { ok: true, value: { phase: 'idle' } };
      }
      if (channel === 'library.catalog' || channel === 'library.formats')
        return { ok: true, value: [] };
      const empty: Library = { models: [], assignments: {}, active: null };
      return {
        ok: true,
        value: channel === 'library.get' ? (main.library ?? empty) : undefined,
      };
    },
    subscribe: () => () => undefined,
    pathOf: () => '',
  };
  const system = new SystemState();
  if (state) system.setHost(state);
  const host = { ready: () => new Promise<never>(() => undefined) };
  const settings = new SettingsState(bridge, { apply: () => undefined });
  const notices = new Notices();
  const models = new ModelsState(bridge, host, system, settings, notices);
  await models.load().catch(() => undefined);
  return { models, notices, settings, system };
}
