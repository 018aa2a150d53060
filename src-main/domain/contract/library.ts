/** The model library as the page sees it: which files there are, and how one comes in. */
import * as z from 'zod';
import { problemSchema } from './errors';
import { modelCardSchema } from './model-card';

/** SHA-256 of a model's file, 64 hexadecimal digits: the same file is one model, however often it comes. */
export const modelIdSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** `built-in` comes with the program, `copied` lies in its own folder, `referenced` where it was found. */
export const modelPlaceSchema = z.enum(['built-in', 'copied', 'referenced']);
export type ModelPlace = z.infer<typeof modelPlaceSchema>;

export const libraryModelSchema = z.object({
  id: modelIdSchema,
  card: modelCardSchema,
  place: modelPlaceSchema,
  /** Where its file lies, for a person to find it. */
  path: z.string(),
  /** `changed`: a file is there, but not the one that was imported. */
  presence: z.enum(['present', 'missing', 'changed']),
});
export type LibraryModel = z.infer<typeof libraryModelSchema>;

/** `extraction:SCHEMA`, `qa` or `dialogue`. */
export const jobSchema = z.string().regex(/^(extraction:[\w-]+|qa|dialogue)$/);
export type Job = z.infer<typeof jobSchema>;

export const librarySchema = z.object({
  models: z.array(libraryModelSchema),
  /** What a person chose; jobs that are not named follow the rule of `modelForJob`. */
  assignments: z.partialRecord(jobSchema, modelIdSchema),
  /** The imported model that is to be in memory, also after the next start. */
  active: modelIdSchema.nullable(),
});
export type Library = z.infer<typeof librarySchema>;

const localised = z.object({ 'zh-CN': z.string(), en: z.string() });

/** A published model that this program knows how to prompt; a person brings its file. */
export const knownModelSchema = z.object({
  id: z.string(),
  name: z.string(),
  licence: z.string(),
  /** Where a person gets it. */
  source: localised,
  shape: z.object({
    architecture: z.string(),
    blocks: z.int().positive(),
    embedding: z.int().positive(),
    heads: z.int().positive(),
    kvHeads: z.int().positive(),
    feedForward: z.int().positive(),
    vocabulary: z.int().positive(),
  }),
  parameters: z.int().positive(),
  /** Tokens it was trained for. */
  context: z.int().positive(),
  /** Id of a prompt format. */
  promptFormat: z.string(),
  tasks: z.array(z.enum(['extraction', 'qa', 'dialogue'])),
  notes: localised,
});
export type KnownModel = z.infer<typeof knownModelSchema>;

export const volumeKindSchema = z.enum(['fixed', 'removable', 'network']);
export type VolumeKind = z.infer<typeof volumeKindSchema>;

/** What is known of a file before a person decides to import it. */
export const examinedModelSchema = z.object({
  path: z.string(),
  fileName: z.string(),
  fileSize: z.int().positive(),
  name: z.string(),
  architecture: z.string(),
  parameters: z.int().positive(),
  quantization: z.string(),
  context: z.int().positive(),
  hasCard: z.boolean(),
  /** Name of the published model with the same shape. */
  recognised: z.string().nullable(),
  /** On anything but a fixed disk the file is copied, whatever is asked: it may be gone tomorrow. */
  volume: volumeKindSchema,
  /** Bytes free where copies go. */
  freeBytes: z.number().nonnegative(),
});
export type ExaminedModel = z.infer<typeof examinedModelSchema>;

export const importStateSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('idle') }),
  z.object({
    phase: z.literal('running'),
    fileName: z.string(),
    /** Reading it once is both: bytes are hashed as they are copied. */
    step: z.enum(['copy', 'hash']),
    /** Bytes. */
    done: z.number().nonnegative(),
    total: z.number().nonnegative(),
    paused: z.boolean(),
  }),
  z.object({
    phase: z.literal('done'),
    modelId: modelIdSchema,
    /** The library had this file before. */
    already: z.boolean(),
  }),
  z.object({ phase: z.literal('failed'), fileName: z.string(), problem: problemSchema }),
  z.object({ phase: z.literal('cancelled') }),
]);
export type ImportState = z.infer<typeof importStateSchema>;
