/** What would make a model fit that does not, one change each. */
import type { Alternative, ModelFootprint } from '../domain/contract/fit';
import type { Machine } from '../domain/contract/machine';
import type { ModelSettings } from '../domain/contract/model-settings';
import { fits, shortContext } from './placements';

/** Bits a weight of whole models, with the wider types that llama.cpp keeps for some tensors. */
const quantizations: readonly (readonly [name: string, bits: number])[] = [
  ['Q8_0', 8.5],
  ['Q6_K', 6.57],
  ['Q5_K_M', 5.7],
  ['Q4_K_M', 4.87],
  ['Q4_0', 4.57],
];

const contexts: readonly number[] = [16_384, 8192, 4096, 2048, 1024, 512];

export function alternativesFor(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
): Alternative[] {
  const found: Alternative[] = [];
  const withSetting = (change: Partial<ModelSettings>): boolean =>
    fits(model, { ...settings, ...change }, machine);

  const { contextSize, sequences, gpuLayers } = settings;
  if (contextSize !== 'auto') {
    const value = contexts.find((size) => size < contextSize && withSetting({ contextSize: size }));
    if (value !== undefined) found.push({ change: 'contextSize', value });
  }
  if (sequences !== 'auto') {
    const fewer = Array.from({ length: sequences - 1 }, (_, i) => sequences - 1 - i);
    const value = fewer.find((count) => withSetting({ sequences: count }));
    if (value !== undefined) found.push({ change: 'sequences', value });
  }
  if (gpuLayers !== 'auto') {
    const fewer = Array.from({ length: gpuLayers }, (_, i) => gpuLayers - 1 - i);
    const value = fewer.find((count) => withSetting({ gpuLayers: count }));
    if (value !== undefined) found.push({ change: 'gpuLayers', value });
  }
  const isShort = model.flashAttention && settings.flashAttention !== 'off';
  if (isShort && model.headLength % 32 === 0 && settings.kvType !== 'q4_0') {
    const types = settings.kvType === 'q8_0' ? (['q4_0'] as const) : (['q8_0', 'q4_0'] as const);
    const value = types.find((kvType) => withSetting({ kvType }));
    if (value !== undefined) found.push({ change: 'kvType', value });
  }
  // A file is not worth converting again for a context that is too short to work with.
  const workable =
    contextSize === 'auto'
      ? { ...settings, contextSize: Math.min(shortContext, model.trainedContext) }
      : settings;
  const smaller = quantizations.find(([, bits]) => {
    const share = (model.parameters * bits) / 8 / bytesOf(model);
    return share < 0.97 && fits(scaled(model, share), workable, machine);
  });
  if (smaller) {
    const [value, bits] = smaller;
    found.push({
      change: 'quantization',
      value,
      bytes: Math.round((model.parameters * bits) / 8),
    });
  }
  return found;
}

function bytesOf(model: ModelFootprint): number {
  const layers = model.layerBytes.reduce((sum, bytes) => sum + bytes, 0);
  return model.inputBytes + model.outputBytes.onCpu + layers;
}

function scaled(model: ModelFootprint, share: number): ModelFootprint {
  const less = (bytes: number): number => Math.round(bytes * share);
  return {
    ...model,
    inputBytes: less(model.inputBytes),
    outputBytes: { onCpu: less(model.outputBytes.onCpu), onGpu: less(model.outputBytes.onGpu) },
    layerBytes: model.layerBytes.map(less),
    largestFeedForwardBytes: less(model.largestFeedForwardBytes),
    largestAttentionBytes: less(model.largestAttentionBytes),
  };
}
