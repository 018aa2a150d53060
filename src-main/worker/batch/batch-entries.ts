/**
 * What a batch's box holds, entry by entry. It is data from a disk: each entry is held against its schema
 * before use. The first one says what is to be done; the rest is what happened, in order.
 */
import * as z from 'zod';
import { sectionSchema } from '../../domain/contract/section';
import { batchOrderSchema, duplicateRuleSchema } from '../../domain/contract/batch';
import { tableChoiceSchema } from '../../domain/contract/document';
import { problemSchema } from '../../domain/contract/errors';
import { runIdentitySchema } from '../../domain/contract/extraction';
import { recordSourceSchema, storedRunSchema } from '../../domain/contract/record';

const itemNumber = z.int().nonnegative();

export const storedSourceSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('files'),
    paths: z.array(z.string()),
    /** By path. */
    tables: z.array(z.object({ path: z.string(), choice: tableChoiceSchema })),
  }),
  z.object({ kind: z.literal('notes'), notes: z.array(z.string()) }),
  /** Records of the journal: these are the batch's, numbered in this order; an item is a text's copy. */
  z.object({ kind: z.literal('records'), recordIds: z.array(z.string()) }),
]);
export type StoredSource = z.infer<typeof storedSourceSchema>;

/** `state` entries, by `what`. */
export const stateEntrySchema = z.discriminatedUnion('what', [
  z.object({
    what: z.literal('ordered'),
    order: batchOrderSchema,
    modelName: z.string(),
    /** Milliseconds since the epoch. */
    createdAt: z.number(),
    source: storedSourceSchema,
    duplicates: duplicateRuleSchema,
  }),
  /** Every file was read; nothing more comes. */
  z.object({ what: z.literal('imported') }),
  z.object({ what: z.literal('paused'), problem: problemSchema.optional() }),
  z.object({ what: z.literal('resumed') }),
  /** Without `items` all that wait. */
  z.object({ what: z.literal('cancelled'), items: z.array(itemNumber).optional() }),
  z.object({ what: z.literal('retried'), items: z.array(itemNumber) }),
  /** Put right before another one, or last. */
  z.object({
    what: z.literal('moved'),
    items: z.array(itemNumber),
    before: itemNumber.nullable(),
  }),
  /** The model's process ended while these were in its hands. */
  z.object({ what: z.literal('died'), items: z.array(itemNumber) }),
  /** Their results are of texts that are no more: they are to be read and run anew. */
  z.object({ what: z.literal('outdated'), items: z.array(itemNumber) }),
  /** What the first result was made with, and every other one has to be. */
  z.object({ what: z.literal('frozen'), run: runIdentitySchema }),
  /** The first so many results are in the journal. */
  z.object({ what: z.literal('saved'), results: z.int().nonnegative() }),
  /** The last one of what is kept of a batch that is done: a list without texts. */
  z.object({ what: z.literal('archived') }),
]);
export type StateEntry = z.infer<typeof stateEntrySchema>;
export type OrderedEntry = Extract<StateEntry, { what: 'ordered' }>;

export const itemEntrySchema = z.object({
  /** Counts from 0 without gaps. */
  number: itemNumber,
  /** Where it comes from, hashed: the same place is imported once. */
  place: z.string(),
  /** Of the record that is made, or was there. Null where there is no text. */
  recordId: z.string().nullable(),
  /** Whether the record has to be made. */
  creates: z.boolean(),
  title: z.string(),
  caseId: z.string().max(200).optional(),
  /** Of a table, from 1, without its heading. Absent in entries of before, whose source has it. */
  row: z.int().positive().optional(),
  /** Null where there is none, and in what is kept of a batch that is done. */
  text: z.string().nullable(),
  /** UTF-16 code units. */
  chars: z.int().nonnegative(),
  textSha256: z.string().nullable(),
  /** Of a copy of a record's text: its sections, where a person corrected them. */
  sections: z.array(sectionSchema).max(2000).optional(),
  source: recordSourceSchema.nullable(),
  outcome: z.discriminatedUnion('state', [
    z.object({ state: z.literal('waiting') }),
    z.object({ state: z.literal('duplicate'), of: itemNumber.optional() }),
    z.object({ state: z.literal('failed'), problem: problemSchema }),
  ]),
});
export type ItemEntry = z.infer<typeof itemEntrySchema>;

export const resultEntrySchema = z.object({
  number: itemNumber,
  state: z.enum(['completed', 'incomplete', 'failed']),
  problem: problemSchema.optional(),
  /** Null where there is no run. */
  facts: z.int().nonnegative().nullable(),
  /** Absent where it failed before there was anything to keep, and once it is kept elsewhere. */
  run: storedRunSchema.optional(),
});
export type ResultEntry = z.infer<typeof resultEntrySchema>;
