/** Whether a model fits a machine: what is asked, what there is, and what would fit instead. */
import * as z from 'zod';
import { machineSchema } from './machine';
import { modelSettingsSchema, resolvedSettingsSchema } from './model-settings';

const bytes = z.int().min(0);

/** What a model's file says about the memory that it will take. Sizes in bytes. */
export const modelFootprintSchema = z.object({
  parameters: z.int().positive(),
  /** Length of the vector of one token. */
  embedding: z.int().positive(),
  /** Length of all query heads together; differs from `embedding` in some architectures. */
  queryLength: z.int().positive(),
  heads: z.int().positive(),
  /** Elements of all key heads of a layer together, and of all value heads. */
  keyLength: z.int().positive(),
  valueLength: z.int().positive(),
  /** Elements of one key head; a quantized KV cache needs whole blocks of 32. */
  headLength: z.int().positive(),
  /** Length of the hidden vectors that one token passes through in one layer. */
  feedForward: z.int().positive(),
  vocabulary: z.int().positive(),
  trainedContext: z.int().positive(),
  /** Whether the engine has flash attention for this architecture. */
  flashAttention: z.boolean(),
  /** Weights that stay in RAM on every machine: the table of token vectors. */
  inputBytes: bytes,
  /**
   * Weights of the output. Where it is the table of token vectors itself, that is counted where the
   * engine keeps a second copy of it.
   */
  outputBytes: z.object({ onCpu: bytes, onGpu: bytes }),
  /** Weights of each repeating layer. */
  layerBytes: z.array(bytes).min(1),
  largestFeedForwardBytes: bytes,
  largestAttentionBytes: bytes,
  /** Weights that one generated token reads. */
  readBytes: bytes,
});
export type ModelFootprint = z.infer<typeof modelFootprintSchema>;

const memorySplitSchema = z.object({ weights: bytes, kv: bytes, compute: bytes, total: bytes });
export type MemorySplit = z.infer<typeof memorySplitSchema>;

export const memoryNeedSchema = z.object({ ram: memorySplitSchema, vram: memorySplitSchema });
export type MemoryNeed = z.infer<typeof memoryNeedSchema>;

const memoryLimitSchema = z.object({
  available: bytes,
  /** Left to the system and to other programs; see `ramReserve` and `vramReserve`. */
  reserve: bytes,
  usable: bytes,
});
export type MemoryLimit = z.infer<typeof memoryLimitSchema>;

export const verdictSchema = z.enum(['gpu', 'partly-gpu', 'cpu', 'does-not-fit']);
export type Verdict = z.infer<typeof verdictSchema>;

/** Why it does not fit: the memory that is too small, and the setting that asks for too much. */
export const overrunSchema = z.object({
  memory: z.enum(['ram', 'vram']),
  /** `model` where no setting is to blame. */
  setting: z.enum(['model', 'gpuLayers', 'contextSize', 'sequences']),
  needed: bytes,
  free: bytes,
});
export type Overrun = z.infer<typeof overrunSchema>;

/** One change that would make it fit. */
export const alternativeSchema = z.discriminatedUnion('change', [
  z.object({
    change: z.enum(['contextSize', 'sequences', 'gpuLayers']),
    value: z.int().min(0),
  }),
  z.object({ change: z.literal('kvType'), value: z.enum(['q8_0', 'q4_0']) }),
  /** Another file of the same model; `bytes` is about its size. */
  z.object({ change: z.literal('quantization'), value: z.string(), bytes }),
]);
export type Alternative = z.infer<typeof alternativeSchema>;

export const fitSchema = z.object({
  settings: resolvedSettingsSchema,
  /** Settings that were `auto`. */
  chosen: z.array(modelSettingsSchema.keyof()),
  verdict: verdictSchema,
  /** Repeating layers of the model, of which `settings.gpuLayers` are on the GPU. */
  layers: z.int().positive(),
  need: memoryNeedSchema,
  ram: memoryLimitSchema,
  /** Null where the model is computed on the CPU. */
  vram: memoryLimitSchema.nullable(),
  overrun: overrunSchema.nullable(),
  alternatives: z.array(alternativeSchema),
});
export type Fit = z.infer<typeof fitSchema>;

/** The same model with other contexts and numbers of sequences. */
export const fitTableSchema = z.array(
  z.object({
    contextSize: z.int().positive(),
    sequences: z.int().positive(),
    verdict: verdictSchema,
    gpuLayers: z.int().min(0),
    ramBytes: bytes,
    vramBytes: bytes,
  }),
);
export type FitTable = z.infer<typeof fitTableSchema>;

/** Tokens a second, measured or guessed. */
export const expectedSpeedSchema = z.object({
  prefill: z.number().positive(),
  decode: z.number().positive(),
  /** For a note of 600 characters with its facts written out. */
  secondsPerNote: z.number().positive(),
  estimated: z.boolean(),
});
export type ExpectedSpeed = z.infer<typeof expectedSpeedSchema>;

/** Tokens a second that a model reached on this machine. */
export const measuredSpeedSchema = z.object({
  prefill: z.number().positive(),
  decode: z.number().positive(),
});
export type MeasuredSpeed = z.infer<typeof measuredSpeedSchema>;

/** All that a person sees before a model is loaded. */
export const modelFitSchema = z.object({
  settings: modelSettingsSchema,
  fit: fitSchema,
  table: fitTableSchema,
  speed: expectedSpeedSchema,
  machine: machineSchema,
});
export type ModelFit = z.infer<typeof modelFitSchema>;
