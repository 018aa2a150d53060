/**
 * What a row of the table `schema` holds: a version of a schema of the hospital's own, or what somebody
 * was still writing when their screen was locked.
 */
import * as z from 'zod';
import { annotationSchemaSchema } from './annotation-schema';

/** Longest schema as JSON, UTF-16 units; 60 types with every example full have less than half of it. */
export const maxSchemaChars = 2_000_000;

/** Of a schema of the hospital's own; those that ship have names. */
export const ownSchemaIdSchema = z.uuid();

const savedSchemaSchema = z.object({
  kind: z.literal('schema'),
  schema: annotationSchemaSchema,
  /** Milliseconds since the epoch; `updatedAt` of this version. */
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Set while it is deleted; undo clears it. Runs keep their own copy. */
  deletedAt: z.number().nullable(),
  /** Opaque id of the user who made this version; absent in trials. */
  by: z.string().max(128).optional(),
});
export type SavedSchema = z.infer<typeof savedSchemaSchema>;

const schemaDraftSchema = z.object({
  kind: z.literal('draft'),
  schemaId: ownSchemaIdSchema,
  /** Version that it was begun from; 0 for a schema that was never saved. */
  base: z.int().nonnegative(),
  /** JSON, whole or not: nobody promises that a draft is a schema. null once it was saved or given up. */
  text: z.string().max(maxSchemaChars).nullable(),
  at: z.number(),
  by: z.string().max(128).optional(),
});
export type SchemaDraft = z.infer<typeof schemaDraftSchema>;

export const schemaRowSchema = z.discriminatedUnion('kind', [savedSchemaSchema, schemaDraftSchema]);
export type SchemaRow = z.infer<typeof schemaRowSchema>;
