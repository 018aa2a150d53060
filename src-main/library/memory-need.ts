/**
 * The memory that llama.cpp allocates for a model, before it does.
 *
 * Weights and KV cache are exact. The compute buffer is that of the widest moment of a batch: ggml's
 * allocator gives the space of one step to the next, so of the moments (attention, feed-forward,
 * logits) only the largest counts. Derived from `llm_build_llama` and `ggml_gallocr` and compared
 * with the engine's own log lines in engine/allocated-memory.slow.test.ts.
 */
import type { MemoryNeed, MemorySplit, ModelFootprint } from '../domain/contract/fit';
import type { Backend, KvType } from '../domain/contract/model-settings';

export interface Placement {
  readonly backend: Backend;
  /** Repeating layers on the GPU, the last ones of the model; the output goes with the first. */
  readonly gpuLayers: number;
  readonly contextSize: number;
  readonly sequences: number;
  readonly kvType: KvType;
  readonly flashAttention: boolean;
}

/** Bytes an element, with the scales of ggml's blocks of 32. */
const kvBytes: Readonly<Record<KvType, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
const float = 4;

/** node-llama-cpp's batch, which llama.cpp evaluates in one piece. */
const batchTokens = 512;

/** Rows of logits held for reading: a run of source tokens that is evaluated at once asks for so many. */
const outputRows = 32;

/** llama.cpp rounds a sequence's cells up to this. */
const cellAlignment = 256;

/** @returns bytes by place and purpose */
export function memoryNeed(model: ModelFootprint, placement: Placement): MemoryNeed {
  const layers = model.layerBytes.length;
  const onGpu = placement.backend === 'cpu' ? 0 : Math.min(placement.gpuLayers, layers);
  const weights = weightBytes(model, onGpu);
  const kvLayer = kvLayerBytes(model, placement);
  const compute = computeBytes(model, placement, onGpu, kvLayer);
  return {
    ram: split(weights.ram, kvLayer * (layers - onGpu), compute.ram),
    vram: split(weights.vram, kvLayer * onGpu, compute.vram),
  };
}

function split(weights: number, kv: number, compute: number): MemorySplit {
  const [w, k, c] = [Math.ceil(weights), Math.ceil(kv), Math.ceil(compute)];
  return { weights: w, kv: k, compute: c, total: w + k + c };
}

function weightBytes(model: ModelFootprint, onGpu: number): { ram: number; vram: number } {
  const sum = (bytes: readonly number[]): number => bytes.reduce((total, one) => total + one, 0);
  const first = model.layerBytes.length - onGpu;
  const ram = model.inputBytes + sum(model.layerBytes.slice(0, first));
  if (onGpu === 0) return { ram: ram + model.outputBytes.onCpu, vram: 0 };
  return { ram, vram: sum(model.layerBytes.slice(first)) + model.outputBytes.onGpu };
}

/** Cells of one sequence. */
function cells(contextSize: number): number {
  return Math.ceil(contextSize / cellAlignment) * cellAlignment;
}

function kvLayerBytes(model: ModelFootprint, placement: Placement): number {
  const elements = model.keyLength + model.valueLength;
  return elements * cells(placement.contextSize) * placement.sequences * kvBytes[placement.kvType];
}

/**
 * `hidden` is the batch's token vectors, `wide` its feed-forward vectors, `mask` who attends to whom,
 * `scores` the attention scores that only attention without flash attention writes out.
 */
function computeBytes(
  model: ModelFootprint,
  placement: Placement,
  onGpu: number,
  kvLayer: number,
): { ram: number; vram: number } {
  const { contextSize, sequences, flashAttention } = placement;
  const context = cells(contextSize);
  const tokens = Math.min(batchTokens, context * sequences);
  const hidden = tokens * Math.max(model.embedding, model.queryLength) * float;
  const wide = tokens * model.feedForward * float;
  const keys = tokens * Math.max(model.keyLength, model.valueLength) * float;
  const mask = context * tokens * (flashAttention ? 2 : float);
  const scores = flashAttention ? 0 : context * tokens * model.heads * float;
  // Without flash attention the values are stored transposed, with an index for every element.
  const valueIndices = flashAttention ? 0 : tokens * model.valueLength * 8;
  const rotated = placement.kvType === 'f16' ? 0 : hidden;
  const logits = tokens * model.vocabulary * float + 2 * hidden + rotated;
  const outputs = Math.min(tokens, outputRows * sequences) * model.vocabulary * float;

  if (onGpu === 0) {
    const attention = scores + mask + valueIndices + 5 * hidden + (flashAttention ? 2 * keys : 0);
    return { ram: Math.max(logits, mask + 4 * hidden + 3 * wide, attention) + outputs, vram: 0 };
  }
  if (onGpu === model.layerBytes.length) {
    const attention = scores + mask + valueIndices + 3 * hidden + (flashAttention ? 2 * keys : 0);
    return {
      ram: 2 * hidden + mask + valueIndices + outputs,
      vram: Math.max(logits, mask + 2 * hidden + 3 * wide, attention),
    };
  }
  // Large batches of the layers in RAM are computed on the GPU too: their weights and the layer's
  // keys and values are copied there, and a quantized half of them once more.
  const copied = placement.kvType === 'f16' ? kvLayer : 1.5 * kvLayer;
  const feedForward = mask + 2 * hidden + 3 * wide + 2 * model.largestFeedForwardBytes;
  const attention = scores + mask + valueIndices + copied + 5 * hidden;
  return {
    ram: 3 * hidden + mask + valueIndices + outputs,
    vram:
      Math.max(logits + model.largestFeedForwardBytes, feedForward, attention) +
      model.largestAttentionBytes,
  };
}
