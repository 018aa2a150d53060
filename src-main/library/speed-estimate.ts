/** How fast a model will be here: measured if it has run before, else a rough guess that says so. */
import type { Fit, MeasuredSpeed, ModelFootprint, ExpectedSpeed } from '../domain/contract/fit';
import type { Machine } from '../domain/contract/machine';
import type { GpuKind } from '../domain/contract/model-settings';

/** Tokens of a note of 600 characters with its instruction, and of the facts written out. */
const note = { prompt: 900, output: 250 } as const;

/** Where the machine's own was not measured: two channels of DDR4. */
const usualCopyBandwidth = 20e9;

/**
 * Two threads read about 1.5 times what one copies (13B on 2 cores: 7.1 GB a token, 4.3-4.5 tokens a
 * second, one thread copies 21 GB/s); a desktop's two channels have no more for a third.
 */
const readShareOfCopy = 0.75;
const threadsThatFillMemory = 2;

/**
 * Operations a second and core for each bit of the vector unit, for 4-bit weights: 13B on 2 cores of
 * 512 bits reads 16-17 tokens a second.
 */
const operationsPerBit = 0.4e9;

/** Middling cards of each kind: bytes a second from their memory, operations a second in a batch. */
const cards: Readonly<Record<GpuKind, { bandwidth: number; operations: number }>> = {
  cuda: { bandwidth: 250e9, operations: 15e12 },
  metal: { bandwidth: 90e9, operations: 3e12 },
  vulkan: { bandwidth: 120e9, operations: 3e12 },
};

/**
 * @param fit of this model on this machine
 * @param measured an earlier run's speed; what it says is believed
 */
export function estimateSpeed(
  fit: Fit,
  model: ModelFootprint,
  machine: Machine,
  measured?: MeasuredSpeed,
): ExpectedSpeed {
  const { prefill, decode } = measured ?? guess(fit, model, machine);
  return {
    prefill,
    decode,
    secondsPerNote: note.prompt / prefill + note.output / decode,
    estimated: measured === undefined,
  };
}

/** Writing waits for the weights, which are read once a token; reading a prompt waits for arithmetic. */
function guess({ settings, layers }: Fit, model: ModelFootprint, machine: Machine): MeasuredSpeed {
  const onCard = settings.backend === 'cpu' ? 0 : settings.gpuLayers / layers;
  const card = settings.backend === 'cpu' ? null : cards[settings.backend];
  const ramBandwidth =
    (machine.copyBandwidth ?? usualCopyBandwidth) *
    readShareOfCopy *
    Math.min(settings.threads, threadsThatFillMemory);
  const coreOperations = operationsPerBit * machine.vectorBits * settings.threads;
  const operations = 2 * model.parameters;
  const perToken = (total: number, slow: number, fast: number | undefined): number =>
    (total * (1 - onCard)) / slow + (fast === undefined ? 0 : (total * onCard) / fast);
  return {
    prefill: 1 / perToken(operations, coreOperations, card?.operations),
    decode: 1 / perToken(model.readBytes, ramBandwidth, card?.bandwidth),
  };
}
