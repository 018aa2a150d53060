/**
 * How a model is loaded: what a person may set for it, and what that became after the fit chose the
 * rest. Everything defaults to `auto`.
 */
import * as z from 'zod';

export const gpuKindSchema = z.enum(['cuda', 'metal', 'vulkan']);
export type GpuKind = z.infer<typeof gpuKindSchema>;

export const backendSchema = z.enum([...gpuKindSchema.options, 'cpu']);
export type Backend = z.infer<typeof backendSchema>;

/** Type of the numbers in the KV cache; a quantized one needs flash attention. */
export const kvTypeSchema = z.enum(['f16', 'q8_0', 'q4_0']);
export type KvType = z.infer<typeof kvTypeSchema>;

/** llama.cpp "creates" an absurd context without an error (overcommit), so it is capped here. */
export const maxContextSize = 32_768;

/** Sequences beyond this share batches that are already full. */
export const maxSequences = 8;

/** LLAMA_MAX_LAYERS of llama.cpp. */
const maxLayers = 512;

const auto = z.literal('auto');
const threads = z.int().min(1).max(512);
const gpuLayers = z.int().min(0).max(maxLayers);
const contextSize = z.int().min(64).max(maxContextSize);
const sequences = z.int().min(1).max(maxSequences);

export const modelSettingsSchema = z.object({
  backend: z.union([auto, backendSchema]).default('auto'),
  /** Of the model's repeating layers; the output matrix goes with the first of them. */
  gpuLayers: z.union([auto, gpuLayers]).default('auto'),
  /** Tokens a sequence. */
  contextSize: z.union([auto, contextSize]).default('auto'),
  sequences: z.union([auto, sequences]).default('auto'),
  threads: z.union([auto, threads]).default('auto'),
  kvType: z.union([auto, kvTypeSchema]).default('auto'),
  flashAttention: z.union([auto, z.enum(['on', 'off'])]).default('auto'),
});
export type ModelSettings = z.infer<typeof modelSettingsSchema>;
export type SettingName = keyof ModelSettings;

/** Settings in which the fit has replaced every `auto`; what a model is loaded with. */
export const resolvedSettingsSchema = z.object({
  backend: backendSchema,
  gpuLayers,
  contextSize,
  sequences,
  threads,
  kvType: kvTypeSchema,
  flashAttention: z.boolean(),
});
export type ResolvedSettings = z.infer<typeof resolvedSettingsSchema>;

/** What a model is loaded with where not everything was decided by a fit; the engine decides the rest. */
export const loadPlanSchema = resolvedSettingsSchema
  .partial()
  .extend({ backend: z.union([auto, backendSchema]), contextSize, sequences });
export type LoadPlan = z.infer<typeof loadPlanSchema>;
