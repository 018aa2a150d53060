/** A conversation between a patient and a doctor, and what is drafted for it. */
import * as z from 'zod';

export const maxTurns = 500;
export const maxTurnChars = 50_000;

export const turnRoleSchema = z.enum(['patient', 'doctor']);
export type TurnRole = z.infer<typeof turnRoleSchema>;

export const turnSchema = z.object({
  role: turnRoleSchema,
  text: z.string().max(maxTurnChars),
});
export type Turn = z.infer<typeof turnSchema>;

/** What is wrong with a machine's draft beside a medication order; a doctor decides. */
export const draftGuardSchema = z.object({
  kind: z.enum([
    /** An order was taken out; its placeholder waits for the doctor. */
    'medication-order',
    /** Certain of a diagnosis, without a record that says so. */
    'certain-diagnosis',
    'promise-of-cure',
    /** That nobody needs to see a doctor. */
    'no-need-to-see-doctor',
    /** A name, number or address of somebody. */
    'personal-data',
  ]),
  /** UTF-16 units of the draft, end exclusive. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
});
export type DraftGuard = z.infer<typeof draftGuardSchema>;
