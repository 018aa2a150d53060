/** What goes between main and the probe process. */
import * as z from 'zod';
import { problemSchema } from '../domain/contract/errors';
import { modelFootprintSchema } from '../domain/contract/fit';
import { examinedModelSchema, modelIdSchema } from '../domain/contract/library';
import { modelCardSchema } from '../domain/contract/model-card';
import { chatFormatSchema } from '../domain/contract/prompt-format';

/** One question a process. */
export const questionSchema = z.discriminatedUnion('type', [
  /** Structure, checksum, card. */
  z.object({
    type: z.literal('verify'),
    path: z.string().min(1),
    /** Of the unchanged file, where it was hashed before. */
    knownSha256: modelIdSchema.optional(),
  }),
  /** What the header says; the numbers are not read. */
  z.object({
    type: z.literal('examine'),
    path: z.string().min(1),
    /** Where copies go. */
    folder: z.string().min(1),
  }),
  /** What the header says of the memory that it will take. */
  z.object({ type: z.literal('measure'), path: z.string().min(1) }),
  /** The prompt format that the file brings. */
  z.object({ type: z.literal('template'), path: z.string().min(1) }),
  /** As verify, with the hash taken while the file is copied to `target`. */
  z.object({ type: z.literal('copy'), path: z.string().min(1), target: z.string().min(1) }),
]);
export type Question = z.infer<typeof questionSchema>;

export const toProbeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ask'), question: questionSchema }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
]);
export type ToProbe = z.infer<typeof toProbeSchema>;

export const answerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('verified'),
    card: modelCardSchema,
    footprint: modelFootprintSchema,
  }),
  z.object({ type: z.literal('measured'), footprint: modelFootprintSchema }),
  z.object({ type: z.literal('template'), format: chatFormatSchema }),
  z.object({ type: z.literal('examined'), model: examinedModelSchema }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** Any number of progress messages, then exactly one answer. */
export const fromProbeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), done: z.number(), total: z.number() }),
  ...answerSchema.options,
]);
export type FromProbe = z.infer<typeof fromProbeSchema>;
