/**
 * Acts that are stored in the journal before the audit log is told of them. A kill in between leaves the act
 * without its entry, so what is stored is compared with the log when the vault is opened.
 */
import * as z from 'zod';
import { confirmationSchema } from './review';

/** A review was confirmed (审核确认), and is stored so. */
export const confirmedActSchema = z.object({
  kind: z.literal('confirmed'),
  recordId: z.string(),
  confirmation: confirmationSchema,
  /** By which it was reviewed; of one that nobody knows any more only the id. */
  schema: z.object({ id: z.string(), version: z.int().positive().optional() }),
  /** Accepted ones. */
  facts: z.int().nonnegative(),
  /** Whether some of them were accepted with others by one act. */
  bulk: z.boolean(),
});
export type ConfirmedAct = z.infer<typeof confirmedActSchema>;

export const storedActSchema = z.discriminatedUnion('kind', [
  confirmedActSchema,
  /** A record is gone for good. */
  z.object({
    kind: z.literal('record-shredded'),
    recordId: z.string(),
    /** Milliseconds since the epoch. */
    at: z.number(),
    /** Opaque id of who asked for it; null where nobody signed in. */
    by: z.string().nullable(),
  }),
]);
export type StoredAct = z.infer<typeof storedActSchema>;

/** Acts behind a row of the journal, in its order. */
export const storedActsSchema = z.object({
  acts: z.array(storedActSchema),
  /** Number of the last row that was looked at; as given where there is none behind it. */
  upTo: z.int().nonnegative(),
});
export type StoredActs = z.infer<typeof storedActsSchema>;
