/**
 * The places that a model can have in a machine's memory.
 *
 * What is `auto` is chosen in this order, because a model that lies wholly on a card writes many times
 * faster than one that lies there in part, and one window of a record needs about 1,500 tokens:
 * 1. all layers on a card, with the usual context or at least `shortContext`;
 * 2. at least a quarter of the layers on a card;
 * 3. the CPU, with the longest context down to `shortestContext`.
 */
import type {
  MemoryLimit,
  MemoryNeed,
  ModelFootprint,
  Overrun,
  Verdict,
} from '../domain/contract/fit';
import type { Machine, MachineDevice } from '../domain/contract/machine';
import {
  maxContextSize,
  type ModelSettings,
  type ResolvedSettings,
} from '../domain/contract/model-settings';
import { threadsFor } from '../domain/rules/threads';
import { memoryNeed } from './memory-need';

/** What extraction, questions and drafts are planned for; a longer one is a person's choice. */
const usualContext = 4096;
/** Below this a model on a card is of less use than a slower one. */
export const shortContext = 2048;
const shortestContext = 512;

/** Sequences of a small model's context: they share batches, which a large one on a CPU gains little from. */
const smallModelSequences = 4;
const smallModelParameters = 200_000_000;

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

/** RAM left to the system, the windows of this program and other programs: a tenth, at most 2 GiB. */
export function ramReserve(machine: Machine): number {
  return Math.min(2 * gibibyte, Math.round(machine.ramTotal / 10));
}

/**
 * Memory of a card left to the screen and to the driver's own buffers, which the engine's account
 * leaves out (a CUDA context is about 400 MiB): 6 %, at least 512 MiB a card.
 */
export function vramReserve(device: MachineDevice): number {
  return Math.max(512 * mebibyte * device.cards, Math.round(device.vramTotal * 0.06));
}

export interface Attempt {
  readonly settings: ResolvedSettings;
  readonly need: MemoryNeed;
  readonly device: MachineDevice | null;
  readonly overrun: Omit<Overrun, 'setting'> | null;
}

/** Whether there is a place. @throws nothing: impossible settings are refused before */
export function fits(model: ModelFootprint, settings: ModelSettings, machine: Machine): boolean {
  return attempts(model, settings, machine).some((attempt) => attempt.overrun === null);
}

/** All ways to place the model that the settings leave open, best first. */
export function attempts(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
): Attempt[] {
  const all = model.layerBytes.length;
  const contexts = contextChoices(model, settings);
  const wanted = settings.backend;
  const devices = machine.devices.filter(({ kind }) => wanted === 'auto' || wanted === kind);
  const place = (device: MachineDevice | null, gpuLayers: number, contextSize: number): Attempt =>
    placed(model, settings, machine, device, gpuLayers, contextSize);

  const layers = settings.gpuLayers;
  const whole = contexts.filter((size) => size >= shortContext || size === contexts[0]);
  const few = wanted === 'auto' && layers === 'auto' ? Math.ceil(all / 4) : 1;
  const onCards = devices.flatMap((device) => {
    if (layers !== 'auto') {
      return layers === 0 ? [] : contexts.map((size) => place(device, layers, size));
    }
    const complete = whole.map((size) => place(device, all, size));
    const partial = contexts.flatMap((size) => {
      const most = mostLayers(all, few, (count) => place(device, count, size).overrun === null);
      return most === null ? [] : [place(device, most, size)];
    });
    // What does not fit even with the fewest layers is still told in numbers.
    const last = wanted === 'auto' ? [] : [place(device, few, contexts.at(-1) as number)];
    return [...complete, ...partial, ...last];
  });
  const isCpuOpen = layers === 0 || (layers === 'auto' && (wanted === 'auto' || wanted === 'cpu'));
  const onCpu = isCpuOpen ? contexts.map((size) => place(null, 0, size)) : [];
  return [...onCards, ...onCpu];
}

/** The largest count from `least` to `all` that is accepted; more layers never need less of a card. */
function mostLayers(
  all: number,
  least: number,
  isAccepted: (count: number) => boolean,
): number | null {
  for (let count = all; count >= least; count--) if (isAccepted(count)) return count;
  return null;
}

function placed(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
  device: MachineDevice | null,
  gpuLayers: number,
  contextSize: number,
): Attempt {
  const resolved: ResolvedSettings = {
    backend: device && gpuLayers > 0 ? device.kind : 'cpu',
    gpuLayers: Math.min(gpuLayers, model.layerBytes.length),
    contextSize,
    sequences:
      settings.sequences !== 'auto'
        ? settings.sequences
        : model.parameters < smallModelParameters
          ? smallModelSequences
          : 1,
    threads:
      settings.threads === 'auto'
        ? threadsFor(model.parameters, machine.cores)
        : Math.min(settings.threads, machine.cores),
    kvType: settings.kvType === 'auto' ? 'f16' : settings.kvType,
    flashAttention: settings.flashAttention !== 'off' && model.flashAttention,
  };
  return weighed(model, resolved, machine, device);
}

function weighed(
  model: ModelFootprint,
  settings: ResolvedSettings,
  machine: Machine,
  device: MachineDevice | null,
): Attempt {
  const need = memoryNeed(model, settings);
  return { settings, need, device, overrun: overrunOf(need, machine, device) };
}

function overrunOf(
  need: MemoryNeed,
  machine: Machine,
  device: MachineDevice | null,
): Omit<Overrun, 'setting'> | null {
  const ram = ramLimit(machine).usable;
  if (device) {
    const vram = vramLimit(device).usable;
    if (need.vram.total > vram) return { memory: 'vram', needed: need.vram.total, free: vram };
  }
  // What a built-in card takes is taken from the RAM.
  const needed = need.ram.total + (device?.unified ? need.vram.total : 0);
  return needed > ram ? { memory: 'ram', needed, free: ram } : null;
}

/** On a card the batches of several sequences cost little; the most that fit, up to four. */
export function withSequences(
  model: ModelFootprint,
  settings: ModelSettings,
  machine: Machine,
  attempt: Attempt,
): Attempt {
  if (settings.sequences !== 'auto' || placeOf(model, attempt.settings) !== 'gpu') return attempt;
  for (const sequences of [4, 2]) {
    const wider = weighed(model, { ...attempt.settings, sequences }, machine, attempt.device);
    if (wider.overrun === null) return wider;
  }
  return attempt;
}

export function placeOf(model: ModelFootprint, { gpuLayers, backend }: ResolvedSettings): Verdict {
  if (backend === 'cpu' || gpuLayers === 0) return 'cpu';
  return gpuLayers === model.layerBytes.length ? 'gpu' : 'partly-gpu';
}

/** The most tokens a sequence that the model was trained for and this program makes. */
export function longestContext(model: ModelFootprint): number {
  return Math.min(model.trainedContext, maxContextSize);
}

/** Longest first. */
function contextChoices(model: ModelFootprint, settings: ModelSettings): number[] {
  if (settings.contextSize !== 'auto') return [settings.contextSize];
  const longest = Math.min(longestContext(model), usualContext);
  const shorter = [2048, 1024, shortestContext].filter((size) => size < longest);
  return [longest, ...shorter];
}

export function ramLimit(machine: Machine): MemoryLimit {
  const reserve = ramReserve(machine);
  const available = machine.ramAvailable;
  return { available, reserve, usable: Math.max(0, available - reserve) };
}

export function vramLimit(device: MachineDevice): MemoryLimit {
  const reserve = vramReserve(device);
  return { available: device.vramFree, reserve, usable: Math.max(0, device.vramFree - reserve) };
}
