/** The border between the renderer (or main) and the model host. */
import * as z from 'zod';
import { problemSchema } from './errors';
import {
  extractionEventSchema,
  extractionRequestSchema,
  extractionResultSchema,
} from './extraction';
import { modelCardSchema, standingSchema } from './model-card';
import { method } from './rpc';

/** What a renderer may ask of the model host over its port. */
export const hostMethods = {
  'extraction.run': method({
    params: extractionRequestSchema,
    result: extractionResultSchema,
    event: extractionEventSchema,
  }),
};
export type HostMethods = typeof hostMethods;

export const deviceSchema = z.object({
  kind: z.enum(['cpu', 'cuda', 'metal', 'vulkan']),
  /** Marketing name of the card, if the driver gives one. */
  name: z.string().optional(),
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
  schemas: z.array(z.string()),
  strategy: z.string(),
  about: modelAboutSchema,
});
export type LoadedModel = z.infer<typeof loadedModelSchema>;

/** What the status bar shows. `restarting` follows a death of the process, with the reason kept. */
export const hostStateSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('starting') }),
  z.object({ phase: z.literal('loading'), progress: z.number().min(0).max(1), name: z.string() }),
  z.object({ phase: z.literal('ready'), model: loadedModelSchema, device: deviceSchema }),
  z.object({ phase: z.literal('restarting'), problem: problemSchema }),
  z.object({ phase: z.literal('failed'), problem: problemSchema }),
]);
export type HostState = z.infer<typeof hostStateSchema>;
