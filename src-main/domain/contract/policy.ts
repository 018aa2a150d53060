/**
 * What an information office sets for all users of one machine. Every key may be left out; then the
 * value below holds. Unknown keys are refused: a mistyped rule must not pass as one that holds.
 */
import * as z from 'zod';

/** Days that the audit log is kept at least (GB/T 22239-2019 asks for six months). */
export const leastAuditDays = 184;

export const policySchema = z.strictObject({
  format: z.literal(1),
  lock: z
    .strictObject({
      /** Longest time without a hand on mouse or keyboard before the vault locks. */
      maxMinutes: z.int().min(1).max(15).default(15),
      /** Time that holds where a user has chosen none. */
      defaultMinutes: z.int().min(1).max(15).default(10),
    })
    .prefault({}),
  roles: z
    .strictObject({
      /** Whether one user may be doctor and administrator; the first user always is. */
      doctorMayAdminister: z.boolean().default(true),
      /** Whether administrators see the audit log, or auditors alone. */
      administratorReadsAudit: z.boolean().default(true),
    })
    .prefault({}),
  export: z
    .strictObject({
      /** What may leave as a file: anything, de-identified text and facts only, or nothing. */
      allowed: z.enum(['all', 'deidentified', 'none']).default('all'),
    })
    .prefault({}),
  copy: z
    .strictObject({
      /** Whether clinical text may be put on the clipboard. */
      allowed: z.boolean().default(true),
    })
    .prefault({}),
  deidentify: z
    .strictObject({
      /** Whether exports are de-identified unless the user chooses otherwise. */
      byDefault: z.boolean().default(false),
    })
    .prefault({}),
  review: z
    .strictObject({
      /** Whether all facts on screen may be accepted at once. */
      bulkAllowed: z.boolean().default(true),
    })
    .prefault({}),
  batch: z
    .strictObject({
      /** Whether a batch may go on while the screen is locked, if who started it allowed it. */
      whileLockedAllowed: z.boolean().default(true),
    })
    .prefault({}),
  retention: z
    .strictObject({
      auditDays: z.int().min(leastAuditDays).max(36_500).default(leastAuditDays),
      /** Whether records may be deleted for good. */
      deletionAllowed: z.boolean().default(true),
      /** Days that a record lies in the bin before it may be deleted for good. */
      binDays: z.int().min(0).max(36_500).default(0),
    })
    .prefault({}),
});
export type Policy = z.infer<typeof policySchema>;

/** Where there is no policy file. */
export const defaultPolicy: Policy = policySchema.parse({ format: 1 });

/** Whether a text may leave as a file. */
export function mayExport(
  { export: { allowed } }: Pick<Policy, 'export'>,
  { deidentified }: { readonly deidentified: boolean },
): boolean {
  return allowed === 'all' || (allowed === 'deidentified' && deidentified);
}

/** What the policy says of deleting records for good. */
export type DeletionRule = Pick<Policy['retention'], 'deletionAllowed' | 'binDays'>;

/**
 * When a record may be deleted for good, milliseconds since the epoch; null when never.
 *
 * @param deletedAt since when it lies in the bin; null when it does not
 */
export function deletableFrom(deletedAt: number | null, rule: DeletionRule): number | null {
  if (!rule.deletionAllowed) return null;
  if (rule.binDays === 0) return 0;
  return deletedAt === null ? null : deletedAt + rule.binDays * 86_400_000;
}

/** Minutes after which the vault locks: what the user chose, within what the policy allows. */
export function lockMinutes(chosen: number | undefined, { lock }: Policy): number {
  return Math.min(chosen ?? lock.defaultMinutes, lock.maxMinutes);
}
