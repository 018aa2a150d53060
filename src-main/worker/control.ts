/**
 * Messages between main and the worker process, checked on arrival. Main sends `init` once, one
 * `connect` for each window, with the port beside the message, a `ticket` for each place that a person
 * chose for a file, and may ask things of the vault.
 */
import * as z from 'zod';
import { batchSummarySchema } from '../domain/contract/batch';
import { problemSchema } from '../domain/contract/errors';
import { workerStateSchema } from '../domain/contract/ipc';
import { saveFormatSchema, ticketSchema } from '../domain/contract/save-file';
import { confirmedActSchema, storedActsSchema } from '../domain/contract/stored-act';

const keyBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const headSchema = z.object({
  seq: z.int().nonnegative(),
  /** 64 hexadecimal digits. */
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A batch that may go on while the vault is locked, and the key that opens it and nothing else. */
const lockedBoxSchema = z.object({ path: z.string().min(1), key: keyBytes });
export type LockedBoxMessage = z.infer<typeof lockedBoxSchema>;

/** What the worker has to know of the model host beside its port. */
export const hostNewsSchema = z.object({
  /** How often its process ended by itself since the program was started. */
  deaths: z.int().nonnegative(),
  /** Models that can be asked, and how many requests each takes at once. */
  models: z.array(z.object({ sha256: z.string(), sequences: z.int().positive() })),
});
export type HostNews = z.infer<typeof hostNewsSchema>;

const backupReportSchema = z.object({
  /** Path of the folder that was made. */
  folder: z.string(),
  bytes: z.number(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** Where the journal stood. */
  head: headSchema,
  /** How many records it holds, with those in the bin. */
  records: z.int().nonnegative(),
});

/** What main may ask; each is answered under its id, in any order. */
const questionSchema = z.discriminatedUnion('kind', [
  /** Where the journal stands: to be noted and signed elsewhere. */
  z.object({ kind: z.literal('head') }),
  /** Whether the journal stood at this head once; false for an older copy of it. */
  z.object({ kind: z.literal('holds'), head: headSchema }),
  /** Takes deleted rows out of the journal, when that is worth it. */
  z.object({ kind: z.literal('compact') }),
  /**
   * Puts everything under another data key; the worker wipes its copy of it. Only where the journal
   * stands `at` this head, which was noted before.
   */
  z.object({
    kind: z.literal('rotate'),
    keyId: z.string(),
    key: keyBytes,
    at: headSchema.optional(),
  }),
  /** Into a folder that a person chose; restoring is main's, while no worker runs. */
  z.object({
    kind: z.literal('backup'),
    destination: z.string().min(1),
    /** Taken along: files of main in the data folder. */
    extraFiles: z.array(z.object({ name: z.string(), path: z.string() })),
  }),
  /** What is stored behind a row that the audit log has to know of; main was told of all of it before. */
  z.object({ kind: z.literal('acts'), after: z.int().nonnegative() }),
  /** Ends the batches for a lock; the answer says which may go on, and with what. */
  z.object({ kind: z.literal('rest-batches') }),
]);
export type Question = z.infer<typeof questionSchema>;

export const toWorkerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('init'),
    /** Folder of the journal. */
    dataDir: z.string().min(1),
    keyId: z.string(),
    /** Raw data key; the worker wipes its copy, main wipes its own. */
    key: keyBytes,
    /** Opaque id of who works with it; null in a trial. */
    userId: z.string().nullable().default(null),
    /** Their Ed25519 public key, hexadecimal: no other confirmation is taken. */
    signPublic: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .default(null),
    /** What the policy says of deleting for good. */
    deletion: z.object({ deletionAllowed: z.boolean(), binDays: z.int().nonnegative() }).optional(),
    /** Whether it lets several facts be accepted by one act. */
    bulkAllowed: z.boolean().optional(),
  }),
  /** In the place of `init`, while the vault is locked: only these batches, and no store. */
  z.object({ type: z.literal('init-batches'), boxes: z.array(lockedBoxSchema) }),
  z.object({ type: z.literal('connect') }),
  /** Accompanied by a port to the model host. */
  z.object({ type: z.literal('host') }),
  z.object({ type: z.literal('host-news'), news: hostNewsSchema }),
  /** Files and folders that a person chose, under the ticket that the page has of them. */
  z.object({ type: z.literal('paths'), id: ticketSchema, paths: z.array(z.string().min(1)) }),
  z.object({ type: z.literal('ask'), id: z.string(), question: questionSchema }),
  z.object({
    type: z.literal('ticket'),
    id: ticketSchema,
    path: z.string().min(1),
    format: saveFormatSchema,
    deidentified: z.boolean(),
    dictionary: z.boolean(),
    replyId: z.uuid().optional(),
  }),
]);
export type ToWorker = z.input<typeof toWorkerSchema>;

/** What a window had done to a record or a schema, for the audit log. */
const actSchema = z.enum([
  'record-created',
  'record-changed',
  'record-deleted',
  'record-restored',
  'record-shredded',
  'run-saved',
  'schema-changed',
  'review-changed',
  'review-amended',
  'sections-changed',
  'reply-drafted',
  'reply-changed',
  'reply-deleted',
  'reply-restored',
  'questions-asked',
  'study-started',
  'study-begun',
  'study-compared',
  'study-own-allowed',
  'batch-started',
  'batch-ended',
]);
export type Act = z.infer<typeof actSchema>;

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: workerStateSchema }),
  z.object({ type: z.literal('act'), act: actSchema, recordId: z.string() }),
  /** A confirmed review is stored; its facts are counted in it. */
  z.object({ type: z.literal('confirmed'), act: confirmedActSchema }),
  /** How the batches go; nothing clinical. */
  z.object({ type: z.literal('batches'), batches: z.array(batchSummarySchema) }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    /** Where the journal stands afterwards; null when the question failed. */
    head: headSchema.extend({ journalId: z.string() }).nullable(),
    /** Of `holds`. */
    holds: z.boolean().optional(),
    /** Of `compact`: bytes saved; null when it was not worth it. */
    saved: z.number().nullable().optional(),
    /** Of `backup`. */
    backup: backupReportSchema.optional(),
    /** Of `acts`: those of one page. */
    acts: storedActsSchema.optional(),
    /** Of `rest-batches`; main wipes its copies of the keys. */
    boxes: z.array(lockedBoxSchema).optional(),
    problem: problemSchema.optional(),
  }),
  /** How far the answer to a question has come: parts of parts. */
  z.object({
    type: z.literal('progress'),
    id: z.string(),
    done: z.int().nonnegative(),
    total: z.int().nonnegative(),
  }),
  /** It knows the ticket: the page may use it. */
  z.object({ type: z.literal('granted'), id: ticketSchema }),
  /** The file of the ticket is on the disk. */
  z.object({
    type: z.literal('written'),
    id: ticketSchema,
    /** In it, where the worker made it itself. */
    records: z.int().nonnegative().optional(),
  }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
/** What an answer says beside its id. */
export type Answer = Pick<
  Extract<FromWorker, { type: 'answer' }>,
  'head' | 'holds' | 'saved' | 'backup' | 'acts' | 'boxes' | 'problem'
>;
