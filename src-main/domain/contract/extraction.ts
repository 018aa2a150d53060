/** An extraction run: what is asked of the model host, what streams back, what is stored. */
import * as z from 'zod';
import { annotationSchemaSchema } from './annotation-schema';
import { problemSchema } from './errors';
import { factSchema } from './fact';
import { sectionSchema } from './section';
import { prioritySchema, speedSchema, usageSchema } from './usage';

/** Longest text accepted as one record, UTF-16 code units (about 2,000 pages). */
export const maxRecordChars = 2_000_000;

export const runModelSchema = z.object({ name: z.string(), sha256: z.string() });

/** What a run used, frozen with its results so that they can be explained later. */
export const runIdentitySchema = z.object({
  schema: z.string(),
  model: runModelSchema,
  strategy: z.string(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** The schema as it was, where it is not one of our own: a later change to it changes no run. */
  definition: annotationSchemaSchema.optional(),
});
export type RunIdentity = z.infer<typeof runIdentitySchema>;

/** What may be chosen of how a model goes about a run; what is left out is as its card says. */
export const approachSchema = z.object({
  /** One that the card names. Defaults to its first. */
  strategy: z.enum(['marked-copy', 'typed-list']).optional(),
  /** Longest window, code points; at most, and by default, what the card says. */
  windowChars: z.int().min(8).max(8192).optional(),
});
export type Approach = z.infer<typeof approachSchema>;

export const runStatusSchema = z.enum(['completed', 'incomplete', 'failed']);

export const extractionRequestSchema = z.object({
  text: z.string(),
  schema: z.string(),
  /** What `schema` names, where it is not one of our own. */
  definition: annotationSchemaSchema.optional(),
  /** Sections as a doctor corrected them. Defaults to those that are detected. */
  sections: z.array(sectionSchema).max(2000).optional(),
  approach: approachSchema.optional(),
  /** SHA-256 of the model that is to do it. Defaults to the first one that is ready. */
  model: z.string().optional(),
  /** Defaults to `interactive`. */
  priority: prioritySchema.optional(),
});
export type ExtractionRequest = z.infer<typeof extractionRequestSchema>;

export const extractionEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued'), ahead: z.int().nonnegative() }),
  z.object({
    kind: z.literal('started'),
    run: runIdentitySchema,
    windows: z.int().nonnegative(),
  }),
  z.object({
    kind: z.literal('progress'),
    /** UTF-16 units of the text that are decided, and in all. */
    doneChars: z.int().nonnegative(),
    totalChars: z.int().nonnegative(),
    /** Tokens in the sequence just now, and the context's size. */
    contextUsed: z.int().nonnegative(),
    contextSize: z.int().positive(),
    /** Of this run so far. */
    speed: speedSchema,
  }),
  z.object({ kind: z.literal('fact'), fact: factSchema }),
]);
export type ExtractionEvent = z.infer<typeof extractionEventSchema>;

export const extractionResultSchema = z.object({
  status: z.enum(['completed', 'incomplete']),
  problem: problemSchema.optional(),
  run: runIdentitySchema,
  facts: z.array(factSchema),
  /** Of the text, as detected or as they came with the request. Defaults to none. */
  sections: z.array(sectionSchema).optional(),
  /** Runs stored by earlier versions have none. */
  usage: usageSchema.optional(),
});
export type ExtractionResult = z.infer<typeof extractionResultSchema>;

/** What a model would be sent of the first window of a text. */
export const promptPreviewSchema = z.object({
  tokens: z.array(z.object({ id: z.int(), text: z.string(), isControl: z.boolean() })),
  /** Of the whole text. */
  windows: z.int().nonnegative(),
  contextSize: z.int().positive(),
});
export type PromptPreview = z.infer<typeof promptPreviewSchema>;
