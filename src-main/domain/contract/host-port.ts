/** The border between the renderer (or main) and the model host. */
import * as z from 'zod';
import {
  draftEventSchema,
  draftPreviewSchema,
  draftRequestSchema,
  draftResultSchema,
} from './dialogue';
import { problemSchema } from './errors';
import {
  extractionEventSchema,
  extractionRequestSchema,
  extractionResultSchema,
  promptPreviewSchema,
} from './extraction';
import { modelCardSchema, standingSchema } from './model-card';
import { qaAnswerSchema, qaEventSchema, qaPreviewSchema, qaRequestSchema } from './qa';
import { method } from './rpc';
import { speedSchema } from './usage';

/** What a renderer may ask of the model host over its port. */
export const hostMethods = {
  'extraction.run': method({
    params: extractionRequestSchema,
    result: extractionResultSchema,
    event: extractionEventSchema,
  }),
  'qa.ask': method({ params: qaRequestSchema, result: qaAnswerSchema, event: qaEventSchema }),
  /** What a question would be asked with; asks the model nothing, so it waits for nobody. */
  'qa.preview': method({ params: qaRequestSchema, result: qaPreviewSchema }),
  'dialogue.draft': method({
    params: draftRequestSchema,
    result: draftResultSchema,
    event: draftEventSchema,
  }),
  /** What drafts would be made from; as `qa.preview`. */
  'dialogue.preview': method({ params: draftRequestSchema, result: draftPreviewSchema }),
  /** Asks the model nothing, so it waits for nobody. */
  'prompt.preview': method({ params: extractionRequestSchema, result: promptPreviewSchema }),
};
export type HostMethods = typeof hostMethods;

export const deviceSchema = z.object({
  kind: z.enum(['cpu', 'cuda', 'metal', 'vulkan']),
  /** Marketing name of the card, if the driver gives one. */
  name: z.string().optional(),
  /** Why it is the CPU although there is a graphics card. */
  instead: problemSchema.optional(),
});
export type Device = z.infer<typeof deviceSchema>;

/** The part of a model's card that a person reads. */
export const modelAboutSchema = modelCardSchema
  .pick({ description: true, source: true, licence: true, scores: true, limits: true })
  .extend({ parameters: z.int().positive() });
export type ModelAbout = z.infer<typeof modelAboutSchema>;

export const loadedModelSchema = z.object({
  id: z.string(),
  name: z.string(),
  standing: standingSchema,
  sha256: z.string(),
  contextSize: z.int().positive(),
  /** Requests that are evaluated at once. */
  sequences: z.int().positive().optional(),
  schemas: z.array(z.string()),
  strategy: z.string(),
  about: modelAboutSchema,
});
export type LoadedModel = z.infer<typeof loadedModelSchema>;

/** Which of the two models that may be in memory at once: the small one that ships, and one imported. */
export const modelSlotSchema = z.enum(['built-in', 'imported']);
export type ModelSlot = z.infer<typeof modelSlotSchema>;

/** What becomes of a model that is to be in memory; one that is not wanted has no state. */
export const modelStateSchema = z.discriminatedUnion('phase', [
  /** Its file is checked before native code may see it. */
  z.object({
    phase: z.literal('checking'),
    slot: modelSlotSchema,
    name: z.string(),
    progress: z.number().min(0).max(1),
  }),
  z.object({
    phase: z.literal('loading'),
    slot: modelSlotSchema,
    name: z.string(),
    progress: z.number().min(0).max(1),
  }),
  z.object({
    phase: z.literal('ready'),
    slot: modelSlotSchema,
    model: loadedModelSchema,
    device: deviceSchema,
  }),
  z.object({
    phase: z.literal('failed'),
    slot: modelSlotSchema,
    name: z.string(),
    problem: problemSchema,
  }),
]);
export type ModelState = z.infer<typeof modelStateSchema>;

/** `restarting` follows a death of the process, with the reason kept. */
export const hostProcessSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('starting') }),
  z.object({ phase: z.literal('ready') }),
  z.object({ phase: z.literal('restarting'), problem: problemSchema }),
  z.object({ phase: z.literal('failed'), problem: problemSchema }),
]);
export type HostProcess = z.infer<typeof hostProcessSchema>;

/** The model host: its process, and the models that are or are to be in its memory. */
export const hostStateSchema = z.object({
  process: hostProcessSchema,
  models: z.array(modelStateSchema),
});
export type HostState = z.infer<typeof hostStateSchema>;

/** What the host's process takes up, in bytes. */
export const hostMemorySchema = z.object({
  residentBytes: z.number().nonnegative(),
  /** Null without a graphics card. */
  videoBytes: z.number().nonnegative().nullable(),
});
export type HostMemory = z.infer<typeof hostMemorySchema>;

/** What is going on on one model. */
export const modelActivitySchema = z.object({
  sha256: z.string(),
  /** Requests that have begun, paused ones included, and those that have not. */
  running: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  isBatchPaused: z.boolean(),
  /**
   * Prompt tokens that were evaluated already, of all prompt tokens since the model was loaded; null
   * before the first.
   */
  prefixHitRate: z.number().min(0).max(1).nullable(),
  /** Of the latest request. */
  speed: speedSchema,
});
export type ModelActivity = z.infer<typeof modelActivitySchema>;

/** For the status panel: the models in memory that have been asked for anything. */
export const activitySchema = z.object({ models: z.array(modelActivitySchema) });
export type Activity = z.infer<typeof activitySchema>;

/** What the host reports of itself every few seconds. */
export const hostVitalsSchema = z.object({ memory: hostMemorySchema, activity: activitySchema });
export type HostVitals = z.infer<typeof hostVitalsSchema>;
