/**
 * Records with their facts on the way into a file: what the page or the command line gives to the
 * writers of `documents/export`.
 */
import * as z from 'zod';
import { problemSchema } from './errors';
import { runIdentitySchema, runStatusSchema } from './extraction';
import { factSchema } from './fact';
import { confirmationSchema, decidedBySchema } from './review';
import { sectionSchema } from './section';

export const factExportFormats = ['json', 'jsonl', 'csv', 'xlsx', 'html', 'fhir'] as const;
export const factExportFormatSchema = z.enum(factExportFormats);
export type FactExportFormat = z.infer<typeof factExportFormatSchema>;

/** A fact with its standing: `machine` has been seen by nobody. Rejected facts are not exported. */
export const exportedFactSchema = factSchema.extend({
  standing: z.enum(['machine', 'accepted', 'added', 'edited']),
  /** How it was decided; absent of a machine fact. */
  review: decidedBySchema.optional(),
});
export type ExportedFact = z.infer<typeof exportedFactSchema>;

export const exportedRecordSchema = z.object({
  /** Opaque: a record's id, or its number among the input. Never a title or a file's name. */
  id: z.string().min(1).max(200),
  caseId: z.string().max(200).optional(),
  /** Of the UTF-8 of the text that offsets point into; null where no text could be read. */
  textSha256: z.string().nullable(),
  /** The text itself, for formats that show it; facts and offsets are of it. */
  text: z.string().optional(),
  deidentified: z.boolean(),
  status: z.union([runStatusSchema, z.literal('stopped')]),
  problem: problemSchema.optional(),
  run: runIdentitySchema,
  facts: z.array(exportedFactSchema),
  sections: z.array(sectionSchema).optional(),
  /** Without the signature's bytes nothing can be checked, so all of it is exported; null: not confirmed. */
  confirmation: confirmationSchema.nullable(),
});
export type ExportedRecord = z.infer<typeof exportedRecordSchema>;

export const exportOptionsSchema = z.object({
  format: factExportFormatSchema,
  /** For tables: one row a fact, or one row a record with a column a field. Defaults to `long`. */
  layout: z.enum(['long', 'wide']).optional(),
  /** Evidence columns in a wide table. Defaults to false. */
  withEvidence: z.boolean().optional(),
  /** Only what was confirmed, or everything with its standing. */
  which: z.enum(['confirmed', 'all']),
  locale: z.enum(['zh-CN', 'en']),
});
export type ExportOptions = z.infer<typeof exportOptionsSchema>;
