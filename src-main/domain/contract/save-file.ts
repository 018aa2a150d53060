/**
 * A file that a person chose in the system's dialog for saving. Main shows the dialog and gives the
 * page a ticket for the place; the worker writes there. The page never names a path.
 */
import * as z from 'zod';
import { opaqueIdSchema } from './audit';
import { factExportFormats } from './export';

/** Milliseconds that a ticket can be used. */
export const ticketLifeMs = 10 * 60_000;

/** Longest text of one file, UTF-16 units. */
export const maxFileChars = 50_000_000;

export const saveFormatSchema = z.enum(['txt', ...factExportFormats]);
export type SaveFormat = z.infer<typeof saveFormatSchema>;

/** What files of a format end in. */
export function fileEnding(format: SaveFormat): string {
  return format === 'fhir' ? 'json' : format;
}

/** Opaque, good for one file. */
export const ticketSchema = z.uuid();

/** What is about to be saved, for the policy, the suggested name and the audit log. */
export const saveOrderSchema = z.object({
  format: saveFormatSchema,
  /** Number of records in it. */
  count: z.int().positive(),
  /** Everything that was found to identify somebody is replaced in it. */
  deidentified: z.boolean(),
  /** The record, where it is one. */
  recordId: opaqueIdSchema.optional(),
  /** It only says what the columns of an export mean; nothing of a record can be written there. */
  dictionary: z.literal(true).optional(),
  /** A schema is written, not records. */
  schemaId: opaqueIdSchema.optional(),
  /** Figures of an evaluation are written; nothing of a record can be among them. */
  evaluation: z.literal(true).optional(),
  /** An approved reply is written. */
  replyId: z.uuid().optional(),
  /** Texts for later training are written; `count` are examples or pairs. */
  pairs: z.enum(['sft', 'dpo']).optional(),
  /** The methods paragraph of a sample is written: counts, no records. */
  studyId: opaqueIdSchema.optional(),
});
export type SaveOrder = z.infer<typeof saveOrderSchema>;

/** What can be wrong with a chosen place: `why` of `OUTPUT_UNWRITABLE`. */
export const placeFaults = ['link', 'not-a-file', 'no-folder', 'own-folder'] as const;
export type PlaceFault = (typeof placeFaults)[number];
