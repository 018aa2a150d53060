/** The border between the renderer and the worker: files in, rows out. */
import * as z from 'zod';
import { maxDocumentFileBytes } from './document';
import { journalRowSchema, recordSourceSchema, storedRunSchema, tableSchema } from './record';
import { method } from './rpc';
import { maxFileChars, ticketSchema } from './save-file';

/** Largest file accepted as one record, bytes (2,000,000 characters of 4 bytes). */
export const maxRecordFileBytes = 8_000_000;

/** Longest title, UTF-16 code units. */
export const maxTitleChars = 200;

/** Most rows or keys that one request names. */
export const maxBatchRows = 5000;

const rowId = z.string().min(1).max(128);
const keyIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
const rowAddressSchema = z.object({ table: tableSchema, id: rowId });
export type RowAddressOf = z.infer<typeof rowAddressSchema>;
const rowClaimSchema = rowAddressSchema.extend({
  version: z.int().positive(),
  seq: z.int().positive(),
  /** Of the sealed row. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type RowClaim = z.infer<typeof rowClaimSchema>;
const committed = z.object({ seq: z.int().positive() });

export const workerMethods = {
  /** Bytes of a text, docx or pdf into the original text; the content says which it is. */
  'documents.decode': method({
    params: z.object({
      bytes: z
        .instanceof(Uint8Array)
        .refine(({ byteLength }) => byteLength <= maxDocumentFileBytes),
    }),
    result: z.object({ text: z.string(), source: recordSourceSchema }),
  }),
  /** Saves a new record (its head and its text); resolves once the journal has it on disk. */
  'records.create': method({
    params: z.object({
      title: z.string().min(1).max(maxTitleChars),
      /** Checked by the store, which answers with a code of its own when it is too long. */
      text: z.string(),
      source: recordSourceSchema,
    }),
    result: z.object({ recordId: rowId, seq: z.int().positive() }),
  }),
  'records.rename': method({
    params: z.object({ recordId: rowId, title: z.string().min(1).max(maxTitleChars) }),
    result: committed,
  }),
  'records.delete': method({ params: z.object({ recordId: rowId }), result: committed }),
  'records.restore': method({ params: z.object({ recordId: rowId }), result: committed }),
  /** Deletes a record for good, at once and not to be undone; the policy may forbid it. */
  'records.shred': method({ params: z.object({ recordId: rowId }), result: committed }),
  /** All committed versions of a record's head, oldest first, still sealed. */
  'records.history': method({
    params: z.object({ recordId: rowId }),
    result: z.object({ rows: z.array(journalRowSchema) }),
  }),
  /** Records that have exactly this text, also those in the bin. */
  'records.duplicates': method({
    params: z.object({ text: z.string() }),
    result: z.object({ recordIds: z.array(rowId) }),
  }),
  'runs.save': method({ params: storedRunSchema, result: committed }),
  /** Writes a file at the place that a person chose; resolves once it is on the disk. */
  'files.write': method({
    params: z.object({ ticket: ticketSchema, text: z.string().max(maxFileChars) }),
    result: z.object({ bytes: z.int().nonnegative() }),
  }),
  /** Committed rows after `after`, oldest first, at most `limit`; the way the projection is rebuilt. */
  'journal.read': method({
    params: z.object({ after: z.int().nonnegative(), limit: z.int().min(1).max(5000) }),
    result: z.object({
      journalId: z.string(),
      lastSeq: z.int().nonnegative(),
      /** Up to this number `rows` are all that can be read. */
      upTo: z.int().nonnegative(),
      rows: z.array(journalRowSchema),
    }),
  }),
  /** Of rows as a window holds them, those that are not the newest committed version. */
  'rows.check': method({
    params: z.object({ claims: z.array(rowClaimSchema).max(maxBatchRows) }),
    result: z.object({
      outdated: z.array(rowAddressSchema),
      lastSeq: z.int().nonnegative(),
    }),
  }),
  /** Ids of all rows of a table that can be read: what a window must have, and how far they go. */
  'rows.ids': method({
    params: z.object({ table: tableSchema }),
    result: z.object({ ids: z.array(rowId), lastSeq: z.int().nonnegative() }),
  }),
  /** The newest committed versions; what is not there, or was deleted for good, is left out. */
  'rows.get': method({
    params: z.object({ addresses: z.array(rowAddressSchema).max(maxBatchRows) }),
    result: z.object({ rows: z.array(journalRowSchema) }),
  }),
  /** Keys of records, still wrapped; null for one that is damaged or was destroyed. */
  'keys.get': method({
    params: z.object({ keyIds: z.array(keyIdSchema).max(maxBatchRows) }),
    result: z.object({
      keys: z.array(z.object({ keyId: keyIdSchema, wrapped: z.instanceof(Uint8Array).nullable() })),
    }),
  }),
};
export type WorkerMethods = typeof workerMethods;

/** Notified to every connected window after a commit; the payload is the list of rows. */
export const committedTopic = 'journal.committed';
export const committedPayloadSchema = z.object({
  journalId: z.string(),
  rows: z.array(journalRowSchema),
});
