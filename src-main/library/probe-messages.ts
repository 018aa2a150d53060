/** What goes between main and the probe process. */
import * as z from 'zod';
import { problemSchema } from '../domain/contract/errors';
import { modelCardSchema } from '../domain/contract/model-card';

export const toProbeSchema = z.object({ type: z.literal('verify'), path: z.string().min(1) });
export type ToProbe = z.infer<typeof toProbeSchema>;

const summarySchema = z.object({
  architecture: z.string(),
  name: z.string(),
  parameters: z.int(),
  blocks: z.int(),
  embedding: z.int(),
  heads: z.int(),
  kvHeads: z.int(),
  feedForward: z.int(),
  vocabulary: z.int(),
  context: z.int(),
  quantization: z.string(),
  fileSize: z.int(),
});

/** Exactly one of these answers a question. */
export const fromProbeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('verified'), card: modelCardSchema, summary: summarySchema }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type FromProbe = z.infer<typeof fromProbeSchema>;
