/**
 * What the vault keeps: rows of several tables, each sealed on its own.
 *
 * `record` is the small head that lists are made of; `text` holds one immutable version of a record's
 * original text under an identifier that says nothing of it; `run` holds an extraction run with its
 * facts; `signature` what the search asks before it opens the text of a record, under the record's id.
 * These are sealed under their record's own key. `deletion` says that a record was deleted for
 * good; it stands under the id of the key that was destroyed.
 */
import * as z from 'zod';
import { problemSchema } from './errors';
import { factSchema } from './fact';
import { runIdentitySchema } from './extraction';

export const tableNames = ['record', 'text', 'run', 'deletion', 'signature'] as const;
export const tableSchema = z.enum(tableNames);
export type TableName = (typeof tableNames)[number];

/** Things that were changed on the way in and that a doctor should know of. */
export const importNoticeSchema = z.enum([
  'LONE_SURROGATES_REPLACED',
  'UNDECODABLE_BYTES_REPLACED',
]);
export type ImportNotice = z.infer<typeof importNoticeSchema>;

export const encodingSchema = z.enum(['utf-8', 'gb18030', 'utf-16le', 'utf-16be']);
export type TextEncodingName = z.infer<typeof encodingSchema>;

export const recordSourceSchema = z.object({
  kind: z.enum(['paste', 'file', 'sample']),
  encoding: encodingSchema.optional(),
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
