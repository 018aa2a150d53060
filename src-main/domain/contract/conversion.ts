/** The conversion of a released checkpoint, as the page sees it. */
import * as z from 'zod';
import { problemSchema } from './errors';
import { modelIdSchema } from './library';

/** How the weights of the result are stored. */
export const conversionTypeSchema = z.enum([
  'q4_k_m',
  'q5_k_m',
  'q6_k',
  'q8_0',
  'q4_0',
  'f16',
  'bf16',
]);
export type ConversionType = z.infer<typeof conversionTypeSchema>;

/**
 * What is being done, in this order. `write` counts the bytes read for the checksums of the sources and
 * those written, `quantize` tensors, `hash-result` bytes.
 */
export const conversionPhaseSchema = z.enum(['write', 'quantize', 'hash-result']);
export type ConversionPhase = z.infer<typeof conversionPhaseSchema>;

export const conversionStateSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('idle') }),
  z.object({
    phase: z.literal('running'),
    /** Name of the checkpoint's folder. */
    name: z.string(),
    step: conversionPhaseSchema,
    done: z.number().nonnegative(),
    total: z.number().nonnegative(),
    /** Of this step, at its pace so far; null until there is one. */
    secondsLeft: z.number().nonnegative().nullable(),
  }),
  z.object({ phase: z.literal('done'), modelId: modelIdSchema }),
  z.object({ phase: z.literal('failed'), name: z.string(), problem: problemSchema }),
  z.object({ phase: z.literal('cancelled') }),
]);
export type ConversionState = z.infer<typeof conversionStateSchema>;
