/**
 * Messages between main and the worker process, checked on arrival. Main sends `init` once, then one
 * `connect` for each window, with the port beside the message.
 */
import * as z from 'zod';
import { workerStateSchema } from '../domain/contract/ipc';

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
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

export const fromWorkerSchema = z.object({
  type: z.literal('state'),
  state: workerStateSchema,
});
export type FromWorker = z.infer<typeof fromWorkerSchema>;
