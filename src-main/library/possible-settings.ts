/** Settings that no memory would make possible. */
import { AppError } from '../domain/contract/errors';
import type { ModelFootprint } from '../domain/contract/fit';
import type { Machine } from '../domain/contract/machine';
import type { Backend, ModelSettings, SettingName } from '../domain/contract/model-settings';
import { longestContext } from './placements';

/** @throws AppError `MODEL_SETTINGS_INVALID` with `setting`, and `most` where there is a largest value */
export function refuseImpossible(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
): void {
  const { backend, gpuLayers, contextSize, kvType, flashAttention } = settings;
  const refuse = (setting: SettingName, most?: number): never => {
    throw new AppError('MODEL_SETTINGS_INVALID', {
      params: { setting, ...(most === undefined ? {} : { most }) },
    });
  };
  const has = (kind: Backend): boolean => machine.devices.some((device) => device.kind === kind);
  if (backend !== 'auto' && backend !== 'cpu' && !has(backend)) refuse('backend');
  if (gpuLayers !== 'auto') {
    const most = model.layerBytes.length;
    if (gpuLayers > most) refuse('gpuLayers', most);
    if (gpuLayers > 0 && (backend === 'cpu' || machine.devices.length === 0))
      refuse('gpuLayers', 0);
  }
  const longest = longestContext(model);
  if (contextSize !== 'auto' && contextSize > longest) refuse('contextSize', longest);
  if (flashAttention === 'on' && !model.flashAttention) refuse('flashAttention');
  const isQuantized = kvType === 'q8_0' || kvType === 'q4_0';
  // llama.cpp: a quantized V cache needs flash attention, and rows of whole blocks.
  if (isQuantized && (flashAttention === 'off' || !model.flashAttention)) refuse('kvType');
  if (isQuantized && model.headLength % 32 !== 0) refuse('kvType');
}
