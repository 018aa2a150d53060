/** What crosses between a process and the thread that reads a document for it. */
import * as z from 'zod';
import {
  readRecordSchema,
  tablePreviewSchema,
  type TableChoice,
} from '../../domain/contract/document';
import { problemSchema } from '../../domain/contract/errors';

/** Given to the thread at its start. */
export interface DocumentJob {
  /** Of a pdf, docx or xlsx; the thread tells which. */
  readonly bytes: Uint8Array;
  readonly work:
    | { readonly kind: 'records'; readonly table?: TableChoice }
    | { readonly kind: 'preview'; readonly sheet?: string; readonly heading?: boolean };
}

/** Asks for what comes next. */
export const more = 'more';

export const fromThreadSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  /** Some of the document's records, with how much of it was read; none is left out between two. */
  z.object({
    type: z.literal('records'),
    records: z.array(readRecordSchema),
    isLast: z.boolean(),
  }),
  z.object({ type: z.literal('preview'), preview: tablePreviewSchema }),
  z.object({ type: z.literal('failed'), problem: problemSchema }),
]);
export type FromThread = z.infer<typeof fromThreadSchema>;
