/** Of a record that a model is asked about, or writes from: what it is shown. */
import * as z from 'zod';

export const recordPartsSchema = z.object({
  /** UTF-16 units, in the order of the text. */
  used: z.array(z.object({ start: z.int().nonnegative(), end: z.int().nonnegative() })),
  /** False where the record was too long, and was searched. */
  whole: z.boolean(),
});
export type RecordParts = z.infer<typeof recordPartsSchema>;
