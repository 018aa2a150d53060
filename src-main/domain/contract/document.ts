/** Files that hold records, as they cross the border between the page, main and the worker. */
import * as z from 'zod';
import { problemSchema } from './errors';
import { recordSourceSchema } from './record';

/** Largest file of each kind, bytes. A table is read as a stream; the others are held whole. */
export const maxTableFileBytes = 1_000_000_000;
export const maxWorkbookFileBytes = 100_000_000;
export const maxDocumentFileBytes = 100_000_000;

/** Why a cell that was chosen holds nothing to read. */
export const cellFaults = ['formula', 'error'] as const;
export type CellFault = (typeof cellFaults)[number];

/** Which columns of a table hold what; columns by their number from 0, because headings may repeat. */
export const tableChoiceSchema = z.object({
  /** Of a workbook; the first one where absent. */
  sheet: z.string().max(200).optional(),
  /** Whether the first row holds headings. */
  heading: z.boolean(),
  /** Joined by line ends, each under its heading where there are several. */
  textColumns: z.array(z.int().nonnegative().max(16_383)).min(1).max(50),
  caseIdColumn: z.int().nonnegative().max(16_383).optional(),
});
export type TableChoice = z.infer<typeof tableChoiceSchema>;

/** The beginning of a table, for a person to choose columns by. */
export const tablePreviewSchema = z.object({
  sheets: z.array(z.string()),
  sheet: z.string().optional(),
  /** Headings, or 列 A, B, ... where the first row is none; cut to 80 characters. */
  columns: z.array(z.string()),
  /** At most 20 rows, cells cut to 200 characters. */
  rows: z.array(z.array(z.string())),
  /** Null where only reading all would tell. */
  totalRows: z.int().nonnegative().nullable(),
  suggestion: tableChoiceSchema.nullable(),
});
export type TablePreview = z.infer<typeof tablePreviewSchema>;

/** One record out of a file, or what is wrong with its place in it. */
export const readRecordSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('record'),
    /** Original text: no BOM, line ends kept, lone surrogates replaced. */
    text: z.string(),
    caseId: z.string().max(200).optional(),
    source: recordSourceSchema,
  }),
  z.object({
    kind: z.literal('problem'),
    problem: problemSchema,
    /** Row of a table, from 1, without its heading; absent where the whole file is meant. */
    row: z.int().positive().optional(),
    /** Of that row, where it has one. */
    caseId: z.string().max(200).optional(),
  }),
]);
export type ReadRecord = z.infer<typeof readRecordSchema>;
