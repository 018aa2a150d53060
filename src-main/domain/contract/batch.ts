/** A batch: many records through one frozen run, in the worker's queue. */
import * as z from 'zod';
import { annotationSchemaSchema } from './annotation-schema';
import { problemSchema } from './errors';

/** What becomes of one record of a batch; each ends in exactly one of the last five. */
export const batchItemStateSchema = z.enum([
  'waiting',
  'running',
  'completed',
  /** 未完成: a window reached its limit of length, or something failed in the middle; facts so far stand. */
  'incomplete',
  'failed',
  'duplicate',
  'cancelled',
]);
export type BatchItemState = z.infer<typeof batchItemStateSchema>;

export const batchPhaseSchema = z.enum([
  'importing',
  'waiting',
  'running',
  'paused',
  'finished',
  'cancelled',
  'failed',
]);
export type BatchPhase = z.infer<typeof batchPhaseSchema>;

export const batchOrderSchema = z.object({
  schema: z.string(),
  definition: annotationSchemaSchema.optional(),
  /** SHA-256 of the model; the same one for all records, or none of them. */
  model: z.string(),
  /** Whether it may go on while the screen is locked. */
  whileLocked: z.boolean(),
});
export type BatchOrder = z.infer<typeof batchOrderSchema>;

export const batchCountsSchema = z.object({
  total: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  running: z.int().nonnegative(),
  completed: z.int().nonnegative(),
  incomplete: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  duplicate: z.int().nonnegative(),
  cancelled: z.int().nonnegative(),
});
export type BatchCounts = z.infer<typeof batchCountsSchema>;

/** What is told of a batch as it goes; nothing clinical, so that the lock screen may show it. */
export const batchSummarySchema = z.object({
  id: z.string().min(1).max(128),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  phase: batchPhaseSchema,
  problem: problemSchema.optional(),
  whileLocked: z.boolean(),
  schema: z.string(),
  model: z.object({ name: z.string(), sha256: z.string() }),
  counts: batchCountsSchema,
  /** Of the last minutes; null before anything is known. */
  notesPerMinute: z.number().nonnegative().nullable(),
  secondsLeft: z.number().nonnegative().nullable(),
});
export type BatchSummary = z.infer<typeof batchSummarySchema>;
