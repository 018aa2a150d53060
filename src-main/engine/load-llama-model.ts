/** Loads a GGUF through node-llama-cpp with settings that the fit has resolved. */
import { availableParallelism } from 'node:os';
import type { Llama, LlamaContext } from 'node-llama-cpp';
import { AppError } from '../domain/contract/errors';
import type { Device } from '../domain/contract/host-port';
import {
  gpuKindSchema,
  maxContextSize,
  type Backend,
  type KvType,
} from '../domain/contract/model-settings';
import { Cancelled } from '../domain/contract/rpc';
import { isVerySmall, threadsFor } from '../domain/rules/threads';
import { installedBackends } from './installed-backends';
import type { LoadedLanguageModel } from './language-model';
import { hasDevice, openLlama, type LlamaBinding } from './llama-binding';
import { LlamaLanguageModel } from './llama-model';
import { loadFailure } from './load-failure';

export interface LoadOptions {
  readonly path: string;
  /** Tokens a sequence; cut to what the model was trained for and to `maxContextSize`. */
  readonly contextSize: number;
  /** Parallel sequences. Defaults to 1. */
  readonly sequences?: number | undefined;
  /** Defaults to the first of CUDA, Metal and Vulkan that finds a card, else the CPU. */
  readonly backend?: Backend | 'auto' | undefined;
  /** Repeating layers on the GPU; the output goes with the first. Defaults to what the library fits. */
  readonly gpuLayers?: number | undefined;
  /** Type of the KV cache. Defaults to f16. */
  readonly kvType?: KvType | undefined;
  /** Defaults to where the engine has it for this model and device; a quantized KV cache needs it. */
  readonly flashAttention?: boolean | undefined;
  /** Defaults to all cores, fewer for very small models. */
  readonly threads?: number | undefined;
  /** Number of parameters, to choose threads by. */
  readonly parameters?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** 0..1 */
  onProgress?(progress: number): void;
}

const kvTypes = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const;

/**
 * Loads a GGUF. Its structure must have been checked before: some bad files abort the process.
 * @throws AppError of `loadFailure`
 * @throws Cancelled
 */
export async function loadLlamaModel(options: LoadOptions): Promise<LoadedLanguageModel> {
  const { signal } = options;
  const backend = await chooseBackend(options.backend ?? 'auto');
  const binding = await openLlama(backend).catch((error: unknown) => {
    throw loadFailure({ backend, error, lines: [] });
  });
  if (signal?.aborted) throw new Cancelled();
  const complaints = binding.listen();
  try {
    return await load(binding, backend, options);
  } catch (error) {
    if (signal?.aborted) throw new Cancelled();
    throw loadFailure({ backend, error, lines: await complaints.lines(), path: options.path });
  } finally {
    complaints.stop();
  }
}

async function load(
  { llama }: LlamaBinding,
  backend: Backend,
  options: LoadOptions,
): Promise<LoadedLanguageModel> {
  const { signal, gpuLayers } = options;
  const model = await llama.loadModel({
    modelPath: options.path,
    // A file that is cut short while it is mapped is a SIGBUS, and weights that are repacked for the
    // CPU would be held twice. Without it the memory is the same in every place, as the fit says.
    useMmap: false,
    ...(backend === 'cpu' ? { gpuLayers: 0 } : {}),
    // llama.cpp counts the output as the first layer.
    ...(backend !== 'cpu' && gpuLayers !== undefined
      ? { gpuLayers: gpuLayers === 0 ? 0 : gpuLayers + 1 }
      : {}),
    ...(signal ? { loadSignal: signal } : {}),
    onLoadProgress: (progress) => options.onProgress?.(progress),
  });
  try {
    const type = kvTypes[options.kvType ?? 'f16'];
    const threads = options.threads ?? threadsFor(options.parameters, availableParallelism());
    const openContext = (sequences: number): Promise<LlamaContext> =>
      model.createContext({
        contextSize: Math.min(options.contextSize, model.trainContextSize, maxContextSize),
        sequences,
        threads,
        experimentalKvCacheKeyType: type,
        experimentalKvCacheValueType: type,
        flashAttention: options.flashAttention ?? (type === 'F16' ? 'auto' : true),
        ...(signal ? { createSignal: signal } : {}),
      });
    const shares = contextShares(options, backend, threads);
    const openContexts = async (): Promise<LlamaContext[]> => {
      const contexts: LlamaContext[] = [];
      for (const share of shares) contexts.push(await openContext(share));
      return contexts;
    };
    return await LlamaLanguageModel.open(model, openContexts, await deviceOf(llama, backend));
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

/**
 * Sequences of each context. A very small model has too little to do in a step for a second thread; where
 * cores are left, another context computes at the same time instead. Not more than two do, which is what the
 * host has native threads for; the others are ready meanwhile, as no sequence waits for what is read
 * out of another. On two cores, notes a minute against one sequence: four in one context 1.1, in two
 * 1.8, in four 1.9 (`scripts/bench/batch.ts`).
 */
function contextShares(
  { sequences = 1, parameters }: LoadOptions,
  backend: Backend,
  threads: number,
): number[] {
  const isAlone = backend !== 'cpu' || sequences < 2 || !isVerySmall(parameters);
  if (isAlone || threads * 2 > availableParallelism()) return [sequences];
  return Array.from({ length: sequences }, () => 1);
}

async function deviceOf(llama: Llama, backend: Backend): Promise<Device> {
  if (backend === 'cpu') return { kind: 'cpu' };
  return { kind: backend, name: (await llama.getGpuDeviceNames()).join(' + ') };
}

/** A backend may be installed and loadable without any card in the machine. */
async function chooseBackend(wanted: Backend | 'auto'): Promise<Backend> {
  if (wanted === 'cpu') return 'cpu';
  if (wanted !== 'auto') {
    const binding = await openLlama(wanted).catch((error: unknown) => {
      throw loadFailure({ backend: wanted, error, lines: [] });
    });
    if (await hasDevice(binding)) return wanted;
    throw new AppError('GPU_DRIVER', { params: { detail: `${wanted}: no device` } });
  }
  const installed = installedBackends();
  for (const kind of gpuKindSchema.options.filter((each) => installed.includes(each))) {
    const binding = await openLlama(kind).catch(() => null);
    if (binding && (await hasDevice(binding))) return kind;
  }
  return 'cpu';
}
