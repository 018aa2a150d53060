import { describe, expect, it } from 'vitest';
import { full13b, full13bVocabulary } from '../../e2e/fixtures/random-model';
import { llamaTensors, type LlamaShape } from '../convert/llama-file';
import { fitSchema, fitTableSchema, type ModelFootprint } from '../domain/contract/fit';
import type { Machine, MachineDevice } from '../domain/contract/machine';
import { modelSettingsSchema, type ModelSettings } from '../domain/contract/model-settings';
import type { GgufTensorInfo } from './gguf-header';
import { tensorType } from './gguf-types';
import { checkSettings, fitModel, fitTable } from './memory-fit';
import { modelFootprint } from './model-footprint';
import { ramReserve, vramReserve } from './placements';
import { estimateSpeed } from './speed-estimate';

const gibibyte = 2 ** 30;

/** The footprint of a file of this shape, out of the list of tensors that such a file has. */
function footprintOf(shape: LlamaShape, vocabulary: number): ModelFootprint {
  const types = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 8, BF16: 30 } as const;
  const tensors = llamaTensors(shape, vocabulary).map(({ name, dims, type }): GgufTensorInfo => {
    const info = tensorType(types[type]);
    if (!info) throw new Error(type);
    const elements = dims.reduce((product, length) => product * length, 1);
    return {
      name,
      dims,
      type: info,
      elements,
      offset: 0,
      bytes: (elements / info.block) * info.bytes,
    };
  });
  const header = {
    fileSize: 0,
    alignment: 32,
    dataStart: 0,
    scalars: new Map(),
    arrays: new Map(),
    tensors,
  };
  return modelFootprint(header, {
    architecture: 'llama',
    name: shape.name,
    parameters: tensors.reduce((sum, { elements }) => sum + elements, 0),
    blocks: shape.blocks,
    embedding: shape.embedding,
    heads: shape.heads,
    kvHeads: shape.kvHeads ?? shape.heads,
    feedForward: shape.feedForward,
    vocabulary,
    context: shape.context,
    quantization: shape.weights,
    fileSize: 0,
  });
}

const chimed = footprintOf(full13b, full13bVocabulary);
const sixteenBits = footprintOf({ ...full13b, weights: 'F16' }, full13bVocabulary);
const small = footprintOf(
  { ...full13b, embedding: 512, blocks: 4, heads: 8, feedForward: 1408, context: 512 },
  8000,
);

const settings = (own: Partial<ModelSettings> = {}): ModelSettings => ({
  ...modelSettingsSchema.parse({}),
  ...own,
});

const card = (gibibytes: number, own: Partial<MachineDevice> = {}): MachineDevice => ({
  kind: 'cuda',
  name: 'a card',
  cards: 1,
  vramTotal: gibibytes * gibibyte,
  vramFree: gibibytes * gibibyte,
  unified: false,
  ...own,
});

function machine(ram: number, ...devices: MachineDevice[]): Machine {
  return {
    cores: 6,
    vectorBits: 256,
    ramTotal: ram * gibibyte,
    ramAvailable: (ram - 1) * gibibyte,
    devices,
  };
}

describe("ChiMed-GPT's 13B in Q4_0", () => {
  it('takes 7.4 GB of weights and 3.1 GiB of cache for 4,096 tokens', () => {
    const { need, settings: chosen } = fitModel(chimed, settings(), machine(32));
    expect(need.ram.weights / 1e9).toBeCloseTo(7.37, 1);
    expect(need.ram.kv).toBe(2 * 40 * 5120 * 2 * 4096);
    expect(chosen).toMatchObject({ contextSize: 4096, sequences: 1, kvType: 'f16', threads: 6 });
  });

  it.each([
    ['24 GB card', machine(32, card(24)), 'gpu', 40],
    ['12 GB card', machine(32, card(12)), 'gpu', 40],
    ['8 GB card', machine(32, card(8)), 'partly-gpu', undefined],
    ['2 GB card', machine(32, card(2)), 'cpu', 0],
    ['no card', machine(16), 'cpu', 0],
    ['no card and 8 GB of RAM', machine(8), 'does-not-fit', 0],
    ['a card and 8 GB of RAM', machine(8, card(12)), 'gpu', 40],
  ] as const)('on a machine with %s', (_name, on, verdict, layers) => {
    const fit = fitModel(chimed, settings(), on);
    expect(fitSchema.parse(fit)).toEqual(fit);
    expect(fit.verdict).toBe(verdict);
    if (layers !== undefined) expect(fit.settings.gpuLayers).toBe(layers);
    else expect(fit.settings.gpuLayers).toBeGreaterThan(9);
    expect(fit.chosen).toHaveLength(7);
    if (verdict === 'does-not-fit') return;
    expect(fit.need.ram.total).toBeLessThanOrEqual(fit.ram.usable);
    if (fit.vram) expect(fit.need.vram.total).toBeLessThanOrEqual(fit.vram.usable);
  });

  it('lies wholly on a 10 GB card with a shorter context rather than in part with a long one', () => {
    const fit = fitModel(chimed, settings(), machine(32, card(10)));
    expect(fit).toMatchObject({ verdict: 'gpu', settings: { contextSize: 2048, backend: 'cuda' } });
  });

  it('opens more sequences on a card that has room for them, and one on a CPU', () => {
    expect(fitModel(chimed, settings(), machine(32, card(48))).settings.sequences).toBe(4);
    expect(fitModel(chimed, settings(), machine(64)).settings.sequences).toBe(1);
  });

  it('no more layers are put on a card than fit, and no fewer', () => {
    const on = machine(32, card(8));
    const { gpuLayers } = fitModel(chimed, settings(), on).settings;
    const one = settings({ gpuLayers, contextSize: 4096 });
    expect(fitModel(chimed, one, on).overrun).toBeNull();
    const more = { ...one, gpuLayers: gpuLayers + 1 };
    expect(fitModel(chimed, more, on).overrun).toMatchObject({ memory: 'vram' });
  });
});

describe('what is kept free', () => {
  it('a tenth of the RAM, at most 2 GiB; of each card 512 MiB or 6 %', () => {
    expect(ramReserve(machine(8))).toBe(Math.round(0.8 * gibibyte));
    expect(ramReserve(machine(64))).toBe(2 * gibibyte);
    expect(vramReserve(card(4))).toBe(gibibyte / 2);
    expect(vramReserve(card(80))).toBe(Math.round(4.8 * gibibyte));
  });

  it('what a built-in card takes is missing from the RAM', () => {
    const shared = card(16, { kind: 'metal', unified: true });
    expect(fitModel(chimed, settings(), machine(32, shared)).verdict).toBe('gpu');
    const fit = fitModel(chimed, settings({ backend: 'metal' }), machine(8, shared));
    expect(fit).toMatchObject({ verdict: 'does-not-fit', overrun: { memory: 'ram' } });
  });
});

describe('a choice that does not fit', () => {
  it.each([
    ['sequences', settings({ sequences: 8, contextSize: 4096 }), machine(16)],
    ['contextSize', settings({ contextSize: 4096 }), machine(12)],
    ['gpuLayers', settings({ gpuLayers: 40 }), machine(32, card(6))],
    ['model', settings(), machine(6)],
  ] as const)(
    'is refused with the setting to blame, %s, and both numbers',
    (setting, chosen, on) => {
      const fit = fitModel(chimed, chosen, on);
      expect(fit.verdict).toBe('does-not-fit');
      expect(() => checkSettings(chimed, chosen, on)).toThrow(
        expect.objectContaining({
          code: 'MODEL_DOES_NOT_FIT',
          params: {
            setting,
            memory: setting === 'gpuLayers' ? 'vram' : 'ram',
            needed: Math.ceil((fit.overrun?.needed ?? 0) / 2 ** 20),
            free: Math.floor((fit.overrun?.free ?? 0) / 2 ** 20),
          },
        }) as Error,
      );
      expect(fit.overrun?.needed).toBeGreaterThan(fit.overrun?.free as number);
    },
  );

  it('comes with what would fit, and that does fit', () => {
    const on = machine(16);
    const asked = settings({ sequences: 8, contextSize: 4096 });
    const { alternatives } = fitModel(chimed, asked, on);
    expect(alternatives.map(({ change }) => change)).toContain('sequences');
    for (const alternative of alternatives) {
      if (alternative.change === 'quantization') continue;
      const changed = { ...asked, [alternative.change]: alternative.value };
      expect(fitModel(chimed, changed, on).verdict, alternative.change).toBe('cpu');
    }
  });

  it('a 16-bit file is told which quantization would fit, and its size', () => {
    const fit = fitModel(sixteenBits, settings(), machine(16));
    expect(fit.verdict).toBe('does-not-fit');
    const smaller = fit.alternatives.find(({ change }) => change === 'quantization');
    expect(smaller).toMatchObject({ value: 'Q6_K' });
    expect(fitModel(sixteenBits, settings(), machine(12)).alternatives).toContainEqual(
      expect.objectContaining({
        change: 'quantization',
        value: 'Q4_K_M',
        bytes: expect.closeTo(7.97e9, -8),
      }),
    );
  });
});

describe('a setting that no memory makes possible', () => {
  it.each([
    [
      'a context longer than the trained one',
      { contextSize: 8192 },
      { setting: 'contextSize', most: 4096 },
    ],
    ['more layers than there are', { gpuLayers: 41 }, { setting: 'gpuLayers', most: 40 }],
    [
      'layers on a card that is not used',
      { gpuLayers: 4, backend: 'cpu' },
      { setting: 'gpuLayers', most: 0 },
    ],
    ['a card that is not there', { backend: 'vulkan' }, { setting: 'backend' }],
    [
      'a quantized cache without flash attention',
      { kvType: 'q8_0', flashAttention: 'off' },
      { setting: 'kvType' },
    ],
  ] as const)('%s', (_name, own, params) => {
    expect(() => fitModel(chimed, settings(own), machine(64, card(24)))).toThrow(
      expect.objectContaining({ code: 'MODEL_SETTINGS_INVALID', params }) as Error,
    );
  });
});

it('a small model opens four sequences of its own context and half the threads', () => {
  const fit = fitModel(small, settings(), machine(8));
  expect(fit.settings).toMatchObject({ contextSize: 512, sequences: 4, threads: 3 });
});

it('a quantized cache takes the bytes of its blocks', () => {
  const kv = (kvType: 'f16' | 'q8_0' | 'q4_0'): number =>
    fitModel(chimed, settings({ kvType }), machine(32)).need.ram.kv;
  expect(kv('q8_0') / kv('f16')).toBeCloseTo(34 / 64, 6);
  expect(kv('q4_0') / kv('f16')).toBeCloseTo(18 / 64, 6);
});

it('the table shows every context and number of sequences, and grows with both', () => {
  const table = fitTable(chimed, settings(), machine(16));
  expect(fitTableSchema.parse(table)).toEqual(table);
  expect(table.map(({ contextSize, sequences }) => [sequences, contextSize])).toEqual(
    [1, 2, 4].flatMap((sequences) => [1024, 2048, 4096].map((size) => [sequences, size])),
  );
  const verdicts = new Set(table.map(({ verdict }) => verdict));
  expect(verdicts).toEqual(new Set(['cpu', 'does-not-fit']));
  expect(table[1]?.ramBytes).toBeGreaterThan(table[0]?.ramBytes as number);
  expect(table[3]?.ramBytes).toBeGreaterThan(table[0]?.ramBytes as number);
});

describe('the expected speed', () => {
  it('of the 13B on two cores with AVX-512 is what was measured there, within half as much', () => {
    const on = { ...machine(24), cores: 2, vectorBits: 512 as const, copyBandwidth: 21e9 };
    const speed = estimateSpeed(fitModel(chimed, settings(), on), chimed, on);
    expect(speed.estimated).toBe(true);
    expect(speed.decode / 4.4).toBeGreaterThan(0.67);
    expect(speed.decode / 4.4).toBeLessThan(1.5);
    expect(speed.prefill / 16.5).toBeGreaterThan(0.67);
    expect(speed.prefill / 16.5).toBeLessThan(1.5);
    expect(speed.secondsPerNote).toBeCloseTo(900 / speed.prefill + 250 / speed.decode, 6);
  });

  it('is the measured one where there is one', () => {
    const fit = fitModel(chimed, settings(), machine(32));
    expect(estimateSpeed(fit, chimed, machine(32), { prefill: 90, decode: 5 })).toEqual({
      prefill: 90,
      decode: 5,
      secondsPerNote: 60,
      estimated: false,
    });
  });

  it('rises with the layers on a card', () => {
    const on = machine(32, card(24));
    const decode = (gpuLayers: number): number =>
      estimateSpeed(fitModel(chimed, settings({ gpuLayers }), on), chimed, on).decode;
    expect(decode(20)).toBeGreaterThan(decode(0));
    expect(decode(40)).toBeGreaterThan(2 * decode(20));
  });
});
