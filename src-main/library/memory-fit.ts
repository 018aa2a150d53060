/**
 * Whether and how a model fits this machine, before anything is loaded.
 */
import { AppError } from '../domain/contract/errors';
import type { Fit, FitTable, ModelFootprint, Overrun } from '../domain/contract/fit';
import type { Machine } from '../domain/contract/machine';
import { modelSettingsSchema, type ModelSettings } from '../domain/contract/model-settings';
import { alternativesFor } from './fit-alternatives';
import {
  attempts,
  fits,
  longestContext,
  placeOf,
  ramLimit,
  vramLimit,
  withSequences,
} from './placements';
import { refuseImpossible } from './possible-settings';

const mebibyte = 2 ** 20;

/**
 * The fit of a model with these settings. Never refuses for want of memory: that is its verdict.
 * @throws AppError `MODEL_SETTINGS_INVALID` (`setting`, and `most` where there is a largest value)
 *   for a setting that no memory would make possible
 */
export function fitModel(model: ModelFootprint, settings: ModelSettings, machine: Machine): Fit {
  refuseImpossible(model, settings, machine);
  const tries = attempts(model, settings, machine);
  const fitting = tries.find((attempt) => attempt.overrun === null);
  // Where nothing fits, the last one asks for the least.
  const chosen = fitting ? withSequences(model, settings, machine, fitting) : tries.at(-1);
  if (!chosen) throw new AppError('INTERNAL');
  const overrun = chosen.overrun && { ...chosen.overrun, setting: blame(model, settings, machine) };
  return {
    settings: chosen.settings,
    chosen: modelSettingsSchema.keyof().options.filter((name) => settings[name] === 'auto'),
    verdict: overrun ? 'does-not-fit' : placeOf(model, chosen.settings),
    layers: model.layerBytes.length,
    need: chosen.need,
    ram: ramLimit(machine),
    vram: chosen.device && vramLimit(chosen.device),
    overrun,
    alternatives: overrun ? alternativesFor(model, settings, machine) : [],
  };
}

/**
 * The fit, where there is one.
 * @throws AppError `MODEL_DOES_NOT_FIT` with `setting`, `memory`, and `needed` and `free` in MiB
 * @throws AppError `MODEL_SETTINGS_INVALID`
 */
export function checkSettings(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
): Fit {
  const fit = fitModel(model, settings, machine);
  if (!fit.overrun) return fit;
  const { setting, memory, needed, free } = fit.overrun;
  throw new AppError('MODEL_DOES_NOT_FIT', {
    params: {
      setting,
      memory,
      needed: Math.ceil(needed / mebibyte),
      free: Math.floor(free / mebibyte),
    },
  });
}

/** The same settings with 1, 2 and 4 sequences of the usual contexts and of the trained one. */
export function fitTable(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
): FitTable {
  const longest = longestContext(model);
  const contexts = [...new Set([1024, 2048, 4096, longest])].filter((size) => size <= longest);
  return [1, 2, 4].flatMap((sequences) =>
    contexts.map((contextSize) => {
      const fit = fitModel(model, { ...settings, contextSize, sequences }, machine);
      return {
        contextSize,
        sequences,
        verdict: fit.verdict,
        gpuLayers: fit.settings.gpuLayers,
        ramBytes: fit.need.ram.total,
        vramBytes: fit.need.vram.total,
      };
    }),
  );
}

/** The setting without which it would fit. */
function blame(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
): Overrun['setting'] {
  const freed = (name: 'gpuLayers' | 'contextSize' | 'sequences'): boolean =>
    settings[name] !== 'auto' && fits(model, { ...settings, [name]: 'auto' }, machine);
  for (const name of ['gpuLayers', 'sequences', 'contextSize'] as const) {
    if (freed(name)) return name;
  }
  return 'model';
}
