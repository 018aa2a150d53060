/**
 * Messages between main and the worker process, checked on arrival. Main sends `init` once, one
 * `connect` for each window, with the port beside the message, and a `ticket` for each place that a
 * person chose for a file.
 */
import * as z from 'zod';
import { workerStateSchema } from '../domain/contract/ipc';
import { saveFormatSchema, ticketSchema } from '../domain/contract/save-file';

export const toWorkerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('init'),
    /** Folder of the journal. */
    dataDir: z.string().min(1),
    keyId: z.string(),
    /** Raw data key; the worker wipes its copy, main wipes its own. */
    key: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  }),
  z.object({ type: z.literal('connect') }),
  z.object({
    type: z.literal('ticket'),
    id: ticketSchema,
    path: z.string().min(1),
    format: saveFormatSchema,
  }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: workerStateSchema }),
  /** It knows the ticket: the page may use it. */
  z.object({ type: z.literal('granted'), id: ticketSchema }),
  /** The file of the ticket is on the disk. */
  z.object({ type: z.literal('written'), id: ticketSchema }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
