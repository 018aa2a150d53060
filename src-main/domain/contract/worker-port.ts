/** The border between the renderer and the worker: files in, rows out. */
import * as z from 'zod';
import {
  encodingSchema,
  importNoticeSchema,
  journalRowSchema,
  recordSourceSchema,
  storedRunSchema,
} from './record';
import { method } from './rpc';
import { maxFileChars, ticketSchema } from './save-file';

/** Largest file accepted as one record, bytes (2,000,000 characters of 4 bytes). */
export const maxRecordFileBytes = 8_000_000;

/** Longest title, UTF-16 code units. */
export const maxTitleChars = 200;

const rowId = z.string().min(1).max(128);
const committed = z.object({ seq: z.int().positive() });

export const workerMethods = {
  /** Bytes of a text file into the original text. */
  'documents.decode': method({
    params: z.object({ bytes: z.instanceof(Uint8Array) }),
    result: z.object({
      text: z.string(),
      encoding: encodingSchema,
      fileSha256: z.string(),
      extractor: z.string(),
      notices: z.array(importNoticeSchema),
    }),
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
      rows: z.array(journalRowSchema),
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
