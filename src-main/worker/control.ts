/**
 * Messages between main and the worker process, checked on arrival. Main sends `init` once, then one
 * `connect` for each window, with the port beside the message, and may ask things of the vault.
 */
import * as z from 'zod';
import { problemSchema } from '../domain/contract/errors';
import { workerStateSchema } from '../domain/contract/ipc';

const keyBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const headSchema = z.object({
  seq: z.int().nonnegative(),
  /** 64 hexadecimal digits. */
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What main may ask; each is answered under its id, in any order. */
const questionSchema = z.discriminatedUnion('kind', [
  /** Where the journal stands: to be noted and signed elsewhere. */
  z.object({ kind: z.literal('head') }),
  /** Whether the journal stood at this head once; false for an older copy of it. */
  z.object({ kind: z.literal('holds'), head: headSchema }),
  z.object({ kind: z.literal('compact') }),
  /** Puts everything under another data key; the worker wipes its copy of it. */
  z.object({ kind: z.literal('rotate'), keyId: z.string(), key: keyBytes }),
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
  }),
  z.object({ type: z.literal('connect') }),
  z.object({ type: z.literal('ask'), id: z.string(), question: questionSchema }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: workerStateSchema }),
  z.object({
    type: z.literal('answer'),
    id: z.string(),
    /** Where the journal stands afterwards; null when the question failed. */
    head: headSchema.extend({ journalId: z.string() }).nullable(),
    /** Of `holds`. */
    holds: z.boolean().optional(),
    problem: problemSchema.optional(),
  }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
