/** The border between the renderer and the worker: files in, rows out. */
import * as z from 'zod';
import { annotationSchemaSchema } from './annotation-schema';
import {
  batchIdSchema,
  batchItemSchema,
  batchOrderSchema,
  batchSourceSchema,
  batchSummarySchema,
  duplicateRuleSchema,
  examinedFilesSchema,
} from './batch';
import { storedConversationSchema, storedQuickQuestionsSchema } from './conversation';
import { maxDocumentFileBytes, tablePreviewSchema } from './document';
import {
  evaluationOrderSchema,
  evaluationProgressSchema,
  evaluationResultSchema,
  examinedGoldSchema,
  signedCountsSchema,
} from './evaluation';
import {
  exportDeidentifySchema,
  exportOptionsSchema,
  exportPreviewSchema,
  exportProgressSchema,
  exportReportSchema,
  exportSelectionSchema,
} from './export';
import { storedReplySchema } from './conversation';
import {
  documentFormatSchema,
  journalRowSchema,
  recordSourceSchema,
  storedRunSchema,
  tableSchema,
} from './record';
import { storedReviewSchema } from './review';
import { method } from './rpc';
import { maxFileChars, ticketSchema } from './save-file';
import { maxSchemaChars, ownSchemaIdSchema } from './stored-schema';
import { storedSectionsSchema } from './section';
import { maxSampleRecords, storedStudySchema, studyOverviewSchema } from './study';
import { searchHitSchema, searchRequestSchema, searchResultSchema } from './search';

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
const itemNumbers = z.array(z.int().nonnegative()).min(1).max(100_000);
const committed = z.object({ seq: z.int().positive() });
const ofStudy = z.object({ studyId: z.uuid() });

export const workerMethods = {
  /** Bytes of a text, docx or pdf into the original text; the content says which it is. */
  'documents.decode': method({
    params: z.object({
      bytes: z
        .instanceof(Uint8Array)
        .refine(({ byteLength }) => byteLength <= maxDocumentFileBytes),
      /** What the file's name says that it is. */
      named: documentFormatSchema.optional(),
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
  /** Makes the search ready before it is asked; resolves with how many records it covers. */
  'search.prepare': method({
    params: z.undefined(),
    result: z.object({ records: z.int().nonnegative() }),
  }),
  /** Records outside the bin that hold every word of the query, newest first, as they are found. */
  'search.run': method({
    params: searchRequestSchema,
    event: z.array(searchHitSchema),
    result: searchResultSchema,
  }),
  'runs.save': method({ params: storedRunSchema, result: committed }),
  /** Saves a schema of the hospital's own as the version after `base`; see `SchemaStore.save`. */
  'schemas.save': method({
    params: z.object({
      schema: annotationSchemaSchema.extend({ id: ownSchemaIdSchema }),
      base: z.int().nonnegative(),
    }),
    result: committed.extend({ version: z.int().positive() }),
  }),
  'schemas.delete': method({
    params: z.object({ schemaId: ownSchemaIdSchema }),
    result: committed,
  }),
  'schemas.restore': method({
    params: z.object({ schemaId: ownSchemaIdSchema }),
    result: committed,
  }),
  /** All that was ever saved of a schema, oldest first, still sealed. */
  'schemas.history': method({
    params: z.object({ schemaId: ownSchemaIdSchema }),
    result: z.object({ rows: z.array(journalRowSchema) }),
  }),
  /** Keeps what a user was still writing, or lets it go. */
  'schemas.draft': method({
    params: z.object({
      schemaId: ownSchemaIdSchema,
      base: z.int().nonnegative(),
      text: z.string().max(maxSchemaChars).nullable(),
    }),
    result: committed,
  }),
  /**
   * Saves a review as it stands; `base` is the row version that it was made of, 0 for none. A confirmed
   * one is taken only with a signature of who is signed in, and locks its version.
   */
  'reviews.save': method({
    params: z.object({ review: storedReviewSchema, base: z.int().nonnegative() }),
    result: committed.extend({ version: z.int().positive() }),
  }),
  /** Each version of a review as it stood at its end, oldest first, still sealed. */
  'reviews.history': method({
    params: z.object({ reviewId: rowId }),
    result: z.object({ rows: z.array(journalRowSchema) }),
  }),
  /**
   * Saves a drafted reply as it stands; `base` as for reviews. An approved one is taken only with a
   * signature of who is signed in, and never changes again.
   */
  'replies.save': method({
    params: z.object({ reply: storedReplySchema, base: z.int().nonnegative() }),
    result: committed.extend({ version: z.int().positive() }),
  }),
  'replies.delete': method({ params: z.object({ replyId: z.uuid() }), result: committed }),
  'replies.restore': method({ params: z.object({ replyId: z.uuid() }), result: committed }),
  /** All committed versions, oldest first, still sealed. */
  'replies.history': method({
    params: z.object({ replyId: z.uuid() }),
    result: z.object({ rows: z.array(journalRowSchema) }),
  }),
  /** Samples for research; see `StudyStore`. */
  'studies.list': method({
    params: z.object({}),
    result: z.object({ studies: z.array(storedStudySchema) }),
  }),
  'studies.population': method({
    params: z.object({ schema: z.string().max(64) }),
    result: z.object({ records: z.int().nonnegative() }),
  }),
  'studies.draw': method({
    params: z.object({
      schema: z.string().max(64),
      size: z.int().positive().max(maxSampleRecords),
    }),
    result: committed.extend({ studyId: z.uuid() }),
  }),
  /** Makes who is signed in the second, blind reviewer. */
  'studies.begin': method({ params: ofStudy, result: committed }),
  /** Computes the agreement once both reviews are done. */
  'studies.compare': method({ params: ofStudy, result: committed }),
  /** Lets reviewers of a record adjudicate it, by who drew the sample. */
  'studies.allowOwn': method({ params: ofStudy, result: committed }),
  'studies.get': method({ params: ofStudy, result: studyOverviewSchema }),
  /** Saves sections as a person corrected them; `base` as for reviews. */
  'sections.save': method({
    params: z.object({ sections: storedSectionsSchema, base: z.int().nonnegative() }),
    result: committed.extend({ version: z.int().positive() }),
  }),
  /** Saves a conversation as it stands; `base` as for reviews. */
  'conversations.save': method({
    params: z.object({ conversation: storedConversationSchema, base: z.int().nonnegative() }),
    result: committed.extend({ version: z.int().positive() }),
  }),
  'conversations.delete': method({
    params: z.object({ conversationId: rowId }),
    result: committed,
  }),
  'conversations.restore': method({
    params: z.object({ conversationId: rowId }),
    result: committed,
  }),
  /** All that was ever saved of a conversation, oldest first, still sealed. */
  'conversations.history': method({
    params: z.object({ conversationId: rowId }),
    result: z.object({ rows: z.array(journalRowSchema) }),
  }),
  /** Saves the questions that are at hand; `base` as for reviews. */
  'questions.save': method({
    params: z.object({ questions: storedQuickQuestionsSchema, base: z.int().nonnegative() }),
    result: committed.extend({ version: z.int().positive() }),
  }),
  /** What the files and folders of a ticket are, before a batch is made of them. */
  'batch.examine': method({
    params: z.object({ ticket: ticketSchema }),
    result: examinedFilesSchema,
  }),
  /** The beginning of a table among them. */
  'batch.table': method({
    params: z.object({
      ticket: ticketSchema,
      file: z.int().nonnegative(),
      sheet: z.string().max(200).optional(),
      heading: z.boolean().optional(),
    }),
    result: tablePreviewSchema,
  }),
  /** Resolves once the batch is on the disk; then it goes on by itself. */
  'batch.start': method({
    params: z.object({
      source: batchSourceSchema,
      order: batchOrderSchema,
      modelName: z.string().max(200),
      duplicates: duplicateRuleSchema,
    }),
    result: z.object({ batchId: batchIdSchema }),
  }),
  'batch.list': method({
    params: z.object({}),
    result: z.object({ batches: z.array(batchSummarySchema) }),
  }),
  /**
   * The records of a batch in their order, those that wait as they will be done. They come in pieces, as
   * all of a large batch in one would keep a window from whatever else it has to do.
   */
  'batch.items': method({
    params: z.object({ batchId: batchIdSchema }),
    event: z.array(batchItemSchema),
    result: z.object({ total: z.int().nonnegative() }),
  }),
  'batch.pause': method({ params: z.object({ batchId: batchIdSchema }), result: z.object({}) }),
  'batch.resume': method({ params: z.object({ batchId: batchIdSchema }), result: z.object({}) }),
  /** Without `items` everything that waits or runs. */
  'batch.cancel': method({
    params: z.object({ batchId: batchIdSchema, items: itemNumbers.optional() }),
    result: z.object({}),
  }),
  /** Without `items` everything that failed. */
  'batch.retry': method({
    params: z.object({ batchId: batchIdSchema, items: itemNumbers.optional() }),
    result: z.object({}),
  }),
  /** Puts records that wait right before another one that does, or last. */
  'batch.move': method({
    params: z.object({
      batchId: batchIdSchema,
      items: itemNumbers,
      before: z.int().nonnegative().nullable(),
    }),
    result: z.object({}),
  }),
  /** Takes a batch off the list; what it found stays. */
  'batch.remove': method({ params: z.object({ batchId: batchIdSchema }), result: z.object({}) }),
  /** Looks at an annotated set before a model is measured on it. */
  'evaluation.examine': method({
    params: z.object({ ticket: ticketSchema, labels: ticketSchema.nullable() }),
    result: examinedGoldSchema,
  }),
  'evaluation.signed': method({ params: z.object({}), result: signedCountsSchema }),
  /** Measures one configuration after the other; nothing of it is stored. */
  'evaluation.run': method({
    params: evaluationOrderSchema,
    result: evaluationResultSchema,
    event: evaluationProgressSchema,
  }),
  /** Writes a file at the place that a person chose; resolves once it is on the disk. */
  'files.write': method({
    params: z.object({ ticket: ticketSchema, text: z.string().max(maxFileChars) }),
    result: z.object({ bytes: z.int().nonnegative() }),
  }),
  /** What an export would hold. @throws as `exports.run` */
  'exports.preview': method({
    params: z.object({
      selection: exportSelectionSchema,
      /** Whether to look for identifiers, too: in the first records, as it takes long. */
      deidentify: z.boolean(),
    }),
    result: exportPreviewSchema,
    event: exportProgressSchema,
  }),
  /** Writes an export at the place that a person chose; resolves once it is on the disk. */
  'exports.run': method({
    params: z.object({
      ticket: ticketSchema,
      /** For the data dictionary of a CSV file, which has no place in it. */
      dictionaryTicket: ticketSchema.optional(),
      selection: exportSelectionSchema,
      options: exportOptionsSchema.omit({ which: true }),
      /** Null leaves everything as it is; the policy may forbid that. */
      deidentify: exportDeidentifySchema.nullable(),
    }),
    result: exportReportSchema,
    event: exportProgressSchema,
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

/** Notified to every connected window a few times a second while batches go on. */
export const batchesTopic = 'batch.changed';
export const batchesPayloadSchema = z.object({
  batches: z.array(batchSummarySchema),
  /** Records that changed, by batch; null for more than are worth sending: ask for all. */
  changed: z.array(
    z.object({ batchId: batchIdSchema, items: z.array(batchItemSchema).nullable() }),
  ),
});
export type BatchesPayload = z.infer<typeof batchesPayloadSchema>;
