/**
 * Records with their facts on the way into a file: what the page or the command line gives to the
 * writers of `documents/export`.
 */
import * as z from 'zod';
import { problemSchema } from './errors';
import { runIdentitySchema, runStatusSchema } from './extraction';
import { annotationSchemaSchema } from './annotation-schema';
import { factSchema } from './fact';
import { identifierKinds } from '../rules/deidentify/identifier';
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

/**
 * Who confirmed a record and when. De-identified, it has neither name, title nor what was signed: a hash
 * of the original lets whoever guesses the text check the guess.
 */
export const exportedConfirmationSchema = confirmationSchema.partial({
  contentSha256: true,
  signature: true,
});
export type ExportedConfirmation = z.infer<typeof exportedConfirmationSchema>;

export const exportedRecordSchema = z.object({
  /** Opaque: a record's id, or its number among the input. Never a title or a file's name. */
  id: z.string().min(1).max(200),
  /** The record's title in the app, or what the command line calls the input; absent of a de-identified record. */
  source: z.string().max(4096).optional(),
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
  confirmation: exportedConfirmationSchema.nullable(),
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
  /** Of a wide table: one row a record, or a case; records of a case then follow one another. */
  rows: z.enum(['record', 'case']).optional(),
  /** Language of headings and of the labels that are not written in both. */
  locale: z.enum(['zh-CN', 'en']),
});
export type ExportOptions = z.infer<typeof exportOptionsSchema>;

/** What a file holds, counted while it was written. */
export const exportCountsSchema = z.object({
  records: z.int().nonnegative(),
  facts: z.int().nonnegative(),
  /** Records and facts that no doctor has confirmed. */
  unconfirmedRecords: z.int().nonnegative(),
  unconfirmedFacts: z.int().nonnegative(),
  /** Records whose run did not come to its end: not all that they state is there. */
  partialRecords: z.int().nonnegative(),
  /** Facts that the format has no place for, such as those of other people in a bundle of a patient. */
  leftOut: z.int().nonnegative(),
  /** Cells that were cut because a sheet holds no longer ones. */
  cut: z.int().nonnegative(),
});
export type ExportCounts = z.infer<typeof exportCountsSchema>;

/** How a file says what it is. `label` is shown; `aigc` is for machines. */
export const exportHeadSchema = z.object({
  version: z.literal(1),
  label: z.string(),
  /** Fields of the implicit label of generated content (GB 45438-2025): 1 = made by a machine. */
  aigc: z.object({ Label: z.enum(['1']), ContentProducer: z.string(), ProduceID: z.string() }),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  which: z.enum(['confirmed', 'all']),
  deidentified: z.boolean(),
  /** Schemas of the runs, as they were. */
  schemas: z.array(annotationSchemaSchema),
});
export type ExportHead = z.infer<typeof exportHeadSchema>;

/** A record as JSON holds it: with its own label, null once a doctor confirmed it. */
export const labelledRecordSchema = exportedRecordSchema.extend({ label: z.string().nullable() });

/** The whole file of the format `json`. */
export const exportFileSchema = exportHeadSchema.extend({
  records: z.array(labelledRecordSchema),
  summary: exportCountsSchema,
});
/** The first line of `jsonl`, each of the next ones, and the last. */
export const exportLineSchema = z.discriminatedUnion('kind', [
  exportHeadSchema.extend({ kind: z.literal('head') }),
  labelledRecordSchema.extend({ kind: z.literal('record') }),
  exportCountsSchema.extend({ kind: z.literal('summary') }),
]);

/** Most records that one export names; without names it is all of them. */
export const maxExportRecords = 100_000;

/** Which of the vault's records go into an export. */
export const exportSelectionSchema = z.object({
  /** Defaults to all outside of the bin. */
  recordIds: z.array(z.string().min(1).max(128)).max(maxExportRecords).optional(),
  /** Only what this schema found. Defaults to the review, or the newest run, of each record. */
  schema: z.string().max(64).optional(),
  which: z.enum(['confirmed', 'all']),
});
export type ExportSelection = z.infer<typeof exportSelectionSchema>;

/** What a person made of the identifiers of one record, instead of what is found. */
export const identifierCorrectionsSchema = z.object({
  recordId: z.string().min(1).max(128),
  identifiers: z
    .array(
      z.object({
        kind: z.enum(identifierKinds),
        start: z.int().nonnegative(),
        end: z.int().nonnegative(),
      }),
    )
    .max(200_000),
});

export const exportDeidentifySchema = z.object({
  /** Each case's dates move by days of its own, drawn anew for each file. */
  dates: z.enum(['mask', 'shift']),
  corrections: identifierCorrectionsSchema.optional(),
});
export type ExportDeidentify = z.infer<typeof exportDeidentifySchema>;

export const identifierCountsSchema = z.partialRecord(
  z.enum(identifierKinds),
  z.int().nonnegative(),
);

export const exportProgressSchema = z.object({
  done: z.int().nonnegative(),
  total: z.int().nonnegative(),
});
export type ExportProgress = z.infer<typeof exportProgressSchema>;

/** Before anything is written: what would be. */
export const exportPreviewSchema = z.object({
  counts: exportCountsSchema.omit({ leftOut: true, cut: true }),
  /** Records that have no run at all; they are in no export. */
  withoutRun: z.int().nonnegative(),
  /** Schemas that the chosen records have been run with, with their number of records. */
  schemas: z.array(z.object({ id: z.string(), records: z.int().positive() })),
  /** Of the records that were searched. */
  identifiers: identifierCountsSchema,
  searchedRecords: z.int().nonnegative(),
  /** Some of what was found, for a person to see how well; at most 5 of a kind. */
  sample: z.array(z.object({ kind: z.enum(identifierKinds), text: z.string() })),
});
export type ExportPreview = z.infer<typeof exportPreviewSchema>;

/** After a file was written. */
export const exportReportSchema = z.object({
  bytes: z.int().nonnegative(),
  counts: exportCountsSchema,
  /** Of a de-identified export: what was replaced, and facts that were left out as they were part of it. */
  replaced: identifierCountsSchema,
  maskedFacts: z.int().nonnegative(),
});
export type ExportReport = z.infer<typeof exportReportSchema>;
