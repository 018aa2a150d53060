/**
 * The fact, version 1: what extraction yields, what is stored, exported and printed.
 *
 * Offsets are UTF-16 code units of the original text, end exclusive.
 * A mention is a stretch of the text. A field has a verbatim quotation as its text and evidence, and, where
 * its value is not verbatim by nature, a `value` beside it: an ISO date, a number with `unit`, true or
 * false, one of a list. A field that the record does not mention (未提及) has null as its text and place,
 * no value and no evidence.
 * Readers ignore unknown keys; adding keys is allowed, changing them is version 2.
 */
import * as z from 'zod';

const offset = z.int().nonnegative();

export const evidenceSchema = z.object({ text: z.string(), start: offset, end: offset });
export type Evidence = z.infer<typeof evidenceSchema>;

export const factSchema = z.object({
  id: z.string().min(1),
  kind: z.enum(['mention', 'field']),
  type: z.string().min(1),
  text: z.string().nullable(),
  start: offset.nullable(),
  end: offset.nullable(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  unit: z.string().optional(),
  evidence: z.array(evidenceSchema),
  attributes: z.object({
    negated: z.boolean().optional(),
    uncertain: z.boolean().optional(),
    historical: z.boolean().optional(),
    experiencer: z.enum(['patient', 'family', 'other']).optional(),
  }),
  /** Canonical name of the section that it stands in (现病史 ...). */
  section: z.string().optional(),
  /** Of a member of a repeated group: members with the same number belong together. */
  group: z.object({ name: z.string(), index: z.int().nonnegative() }).optional(),
  /**
   * How sure the model is of this fact, 0..1: its own probability, calibrated where its card has a scale;
   * null where the backend gives none.
   */
  confidence: z.number().min(0).max(1).nullable(),
});
export type Fact = z.infer<typeof factSchema>;

/** Order of facts everywhere: by start, then end; facts without a place come last. */
export function compareFacts(a: Fact, b: Fact): number {
  const start = (a.start ?? Infinity) - (b.start ?? Infinity);
  if (a.start !== b.start && !Number.isNaN(start)) return start;
  if (a.end !== b.end) return (a.end ?? Infinity) - (b.end ?? Infinity);
  return a.type < b.type ? -1 : a.type > b.type ? 1 : 0;
}
