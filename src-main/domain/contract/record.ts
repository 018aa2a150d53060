/**
 * What the vault keeps: rows of several tables, each sealed on its own.
 *
 * `record` is the small head that lists are made of; `text` holds one immutable version of a record's
 * original text under an identifier that says nothing of it; `run` holds an extraction run with its
 * facts; `signature` what the search asks before it opens the text of a record, under the record's id;
 * `review` what a doctor decided of a run's facts; `sections` a record's sections as a doctor corrected
 * them. These are sealed under their record's own key. `schema` holds a version of a schema of the
 * hospital's own, under a key of its own. `conversation` holds questions with their answers and `reply` a
 * drafted reply, under the key of the record that they belong to, or of their own; `quick-questions` those
 * that a person has at hand. `study` holds a random sample of records for research, which two doctors review,
 * under a key of its own. `deletion` says that a
 * record was deleted for good; it stands under the id of the key that was destroyed.
 */
import * as z from 'zod';
import { problemSchema } from './errors';
import { factSchema } from './fact';
import { runIdentitySchema } from './extraction';

export const tableNames = [
  'record',
  'text',
  'run',
  'deletion',
  'signature',
  'review',
  'sections',
  'schema',
  'conversation',
  'quick-questions',
  'reply',
  'study',
] as const;
export const tableSchema = z.enum(tableNames);
export type TableName = (typeof tableNames)[number];

/** Things that were changed on the way in and that a doctor should know of. */
export const importNoticeSchema = z.enum([
  'LONE_SURROGATES_REPLACED',
  'UNDECODABLE_BYTES_REPLACED',
  /** A number of more than 15 digits, of which the table kept only the first 15. */
  'ID_DIGITS_LOST',
  /** Pages of a PDF are images; `pagesWithoutText` says which. */
  'PAGES_WITHOUT_TEXT',
]);
export type ImportNotice = z.infer<typeof importNoticeSchema>;

export const documentFormatSchema = z.enum(['text', 'docx', 'pdf', 'csv', 'xlsx']);
export type DocumentFormat = z.infer<typeof documentFormatSchema>;

export const encodingSchema = z.enum(['utf-8', 'gb18030', 'utf-16le', 'utf-16be']);
export type TextEncodingName = z.infer<typeof encodingSchema>;

export const recordSourceSchema = z.object({
  kind: z.enum(['paste', 'file', 'sample']),
  encoding: encodingSchema.optional(),
  /** What the file was, where it was no plain text. */
  format: documentFormatSchema.optional(),
  /** Row of a table, from 1, without its heading. */
  row: z.int().positive().optional(),
  /** Numbers, from 1, of a PDF's pages that show something but hold no text; at most 1000. */
  pagesWithoutText: z.array(z.int().positive()).max(1000).optional(),
  /** SHA-256 of the file's bytes, hexadecimal. */
  fileSha256: z.string().optional(),
  /** Version of the code that turned the file into text. */
  extractor: z.string().optional(),
  notices: z.array(importNoticeSchema),
});
export type RecordSource = z.infer<typeof recordSourceSchema>;

export const recordHeadSchema = z.object({
  title: z.string(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Set while the record lies in the bin; undo clears it. */
  deletedAt: z.number().nullable(),
  /** Id of the `text` row: a keyed hash of the record's id and its text. */
  textId: z.string(),
  /** SHA-256 of the UTF-8 of the original text; facts and runs are bound to it. */
  textSha256: z.string(),
  /** UTF-16 code units. */
  chars: z.int().nonnegative(),
  source: recordSourceSchema,
  /** Number or name of the case as the source gives it (a column of a table); groups a patient's notes. */
  caseId: z.string().max(200).optional(),
  /** Opaque id of the user who made this version; absent in those of before, and in trials. */
  by: z.string().max(128).optional(),
});
export type RecordHead = z.infer<typeof recordHeadSchema>;

export const recordTextSchema = z.object({ text: z.string() });

export const storedRunSchema = z.object({
  id: z.string().min(1).max(128),
  recordId: z.string().min(1).max(128),
  /** The version of the text that the facts' offsets point into. */
  textSha256: z.string(),
  startedAt: z.number(),
  finishedAt: z.number(),
  /** `stopped`: by the doctor; `incomplete` and `failed` carry a problem. */
  status: z.enum(['completed', 'incomplete', 'failed', 'stopped']),
  problem: problemSchema.optional(),
  run: runIdentitySchema,
  facts: z.array(factSchema),
});
export type StoredRun = z.infer<typeof storedRunSchema>;

/** Why a record can no longer be read. */
export const deletionSchema = z.object({
  recordId: z.string().min(1).max(128),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Opaque id of the user who asked for it; null where nobody signed in. */
  by: z.string().nullable(),
});
export type Deletion = z.infer<typeof deletionSchema>;

/** One committed row as it leaves the journal: nothing readable but its address. */
export const journalRowSchema = z.object({
  seq: z.int().positive(),
  table: tableSchema,
  id: z.string().min(1).max(128),
  /** Row version, 1 for the first; bound into the sealed row. */
  version: z.int().positive(),
  sealed: z.instanceof(Uint8Array),
});
export type JournalRow = z.infer<typeof journalRowSchema>;
