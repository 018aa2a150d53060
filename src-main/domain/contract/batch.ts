/** A batch: many records through one frozen run, in the worker's queue. */
import * as z from 'zod';
import { annotationSchemaSchema } from './annotation-schema';
import { tableChoiceSchema } from './document';
import { errorCodes, problemSchema } from './errors';

/** What becomes of one record of a batch; each ends in exactly one of the last five. */
export const batchItemStateSchema = z.enum([
  'waiting',
  'running',
  'completed',
  /** 未完成: a window reached its limit of length, or something failed in the middle; facts so far stand. */
  'incomplete',
  'failed',
  'duplicate',
  'cancelled',
]);
export type BatchItemState = z.infer<typeof batchItemStateSchema>;

export const batchPhaseSchema = z.enum([
  'importing',
  'waiting',
  'running',
  'paused',
  'finished',
  'cancelled',
  'failed',
]);
export type BatchPhase = z.infer<typeof batchPhaseSchema>;

export const batchOrderSchema = z.object({
  schema: z.string(),
  definition: annotationSchemaSchema.optional(),
  /** SHA-256 of the model; the same one for all records, or none of them. */
  model: z.string(),
  /** Whether it may go on while the screen is locked. */
  whileLocked: z.boolean(),
});
export type BatchOrder = z.infer<typeof batchOrderSchema>;

/** Most files that are named one by one; a folder counts as one. */
export const maxBatchPaths = 20_000;
/** Most records of the list that are run at once. */
export const maxBatchRecords = 50_000;
/** Most notes pasted at once, and their length in all, UTF-16 code units. */
export const maxPastedNotes = 20_000;
export const maxPastedChars = 8_000_000;

export const batchIdSchema = z.string().regex(/^[0-9a-f-]{1,64}$/);

/** Columns of each table among the files, by the file's place in the list. */
export const chosenTablesSchema = z
  .array(z.object({ file: z.int().nonnegative(), choice: tableChoiceSchema }))
  .max(1000);
export type ChosenTables = z.infer<typeof chosenTablesSchema>;

/** A ticket stands for files and folders that a person chose or dropped, which main has checked. */
export const batchSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('files'), ticket: z.uuid(), tables: chosenTablesSchema }),
  z.object({
    kind: z.literal('notes'),
    notes: z.array(z.string().min(1)).min(1).max(maxPastedNotes),
  }),
  /** Records that are there, each once: they are run as they are when their turn comes. */
  z.object({
    kind: z.literal('records'),
    recordIds: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(maxBatchRecords)
      .refine((ids) => new Set(ids).size === ids.length),
  }),
]);
export type BatchSource = z.infer<typeof batchSourceSchema>;

/** What to do with a text that a record of before has already: leave it, or run that record. */
export const duplicateRuleSchema = z.enum(['skip', 'run']);
export type DuplicateRule = z.infer<typeof duplicateRuleSchema>;

/** What a person chose, looked at before anything is imported. */
export const examinedFilesSchema = z.object({
  files: z.int().nonnegative(),
  /** Bytes of all of them. */
  bytes: z.number().nonnegative(),
  /** Files that no reader takes, by name; at most 20, and how many there are. */
  refused: z.array(z.string()),
  refusedCount: z.int().nonnegative(),
  /** Tables, whose columns are to be chosen. */
  tables: z.array(z.object({ file: z.int().nonnegative(), name: z.string() })),
  /** Read to estimate by: the first files that are no tables. */
  sample: z.object({
    files: z.int().nonnegative(),
    bytes: z.number().nonnegative(),
    records: z.int().nonnegative(),
    chars: z.int().nonnegative(),
    longest: z.int().nonnegative(),
    problems: z.int().nonnegative(),
    /** The first of those that could not be read, by name, and why. */
    unreadable: z.array(z.object({ name: z.string(), code: z.enum(errorCodes) })),
    /** Beginning of the first text, to see what the model would be sent. */
    text: z.string().max(20_000).nullable(),
  }),
});
export type ExaminedFiles = z.infer<typeof examinedFilesSchema>;

export const batchCountsSchema = z.object({
  total: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  running: z.int().nonnegative(),
  completed: z.int().nonnegative(),
  incomplete: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  duplicate: z.int().nonnegative(),
  cancelled: z.int().nonnegative(),
});
export type BatchCounts = z.infer<typeof batchCountsSchema>;

/** What is told of a batch as it goes; nothing clinical, so that main may know it. */
export const batchSummarySchema = z.object({
  id: z.string().min(1).max(128),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  phase: batchPhaseSchema,
  /** Why it waits, is paused or failed. */
  problem: problemSchema.optional(),
  whileLocked: z.boolean(),
  schema: z.string(),
  /** Name of a schema of the hospital's own; ours are named by the page. */
  schemaName: z.string().optional(),
  model: z.object({ name: z.string(), sha256: z.string() }),
  counts: batchCountsSchema,
  /** Whether something failed that can be tried again. */
  canRetry: z.boolean(),
  /** Of the last minutes; null before anything is known. */
  notesPerMinute: z.number().nonnegative().nullable(),
  secondsLeft: z.number().nonnegative().nullable(),
  /** Results that wait for the vault to be opened. */
  unsaved: z.int().nonnegative(),
});
export type BatchSummary = z.infer<typeof batchSummarySchema>;

/** What the lock screen shows: counts, nothing else. */
export const lockedBatchSchema = z.object({
  done: z.int().nonnegative(),
  total: z.int().nonnegative(),
  secondsLeft: z.number().nonnegative().nullable(),
  /** Whether it goes on just now. */
  running: z.boolean(),
});
export type LockedBatch = z.infer<typeof lockedBatchSchema>;

/** One record of a batch, as the page that may read records sees it. */
export const batchItemSchema = z.object({
  number: z.int().nonnegative(),
  state: batchItemStateSchema,
  /** Null where there is none: a file that could not be read. */
  recordId: z.string().nullable(),
  /** Of the file, where there is no record to name it. */
  name: z.string().nullable(),
  /** Of a table, from 1, without its heading. */
  row: z.int().positive().optional(),
  /** Of that row, where there is no record to have it. */
  caseId: z.string().max(200).optional(),
  problem: problemSchema.optional(),
  facts: z.int().nonnegative().nullable(),
  chars: z.int().nonnegative(),
  /** Number of the record of this batch that has the same text. */
  duplicateOf: z.int().nonnegative().optional(),
});
export type BatchItem = z.infer<typeof batchItemSchema>;

/** Whether nothing more will be done for it unless a person asks. */
export function isSettled(phase: BatchPhase): boolean {
  return phase === 'finished' || phase === 'cancelled' || phase === 'failed';
}

/** Records with an outcome. */
export function doneOf(counts: BatchCounts): number {
  return counts.total - counts.waiting - counts.running;
}
