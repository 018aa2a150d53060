/** What main and the converter process say to each other. */
import * as z from 'zod';
import { conversionPhaseSchema, conversionTypeSchema } from '../domain/contract/conversion';
import { problemSchema } from '../domain/contract/errors';
import { modelCardSchema } from '../domain/contract/model-card';
import { quantizeJobSchema } from './quantize';

export const conversionOrderSchema = z.object({
  /** The checkpoint. */
  folder: z.string().min(1),
  /** The GGUF to write. */
  out: z.string().min(1),
  type: conversionTypeSchema,
  threads: z.int().positive(),
  /** This program and its version, for the file's provenance. */
  tool: z.string(),
  /** Path of the libllama that comes with the engine. */
  library: z.string(),
});
export type ConversionOrder = z.infer<typeof conversionOrderSchema>;

export const toConverterSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('convert'), order: conversionOrderSchema }),
  z.object({ type: z.literal('cancel') }),
  /** Of the quantizer that it asked for. */
  z.object({ type: z.literal('quantizer-log'), text: z.string() }),
  z.object({ type: z.literal('quantizer-ended'), code: z.int().nullable() }),
]);
export type ToConverter = z.infer<typeof toConverterSchema>;

export const fromConverterSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    step: conversionPhaseSchema,
    done: z.number(),
    total: z.number(),
  }),
  /** Only main can start another process. */
  z.object({ type: z.literal('quantize'), job: quantizeJobSchema }),
  z.object({ type: z.literal('kill-quantizer') }),
  z.object({ type: z.literal('done'), card: modelCardSchema }),
  z.object({ type: z.literal('cancelled') }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type FromConverter = z.infer<typeof fromConverterSchema>;
