/**
 * What the audit log holds of each act: who, when, what kind, on which opaque id, with what result.
 * There is no field that could hold words of a record: ids, codes, counts and names of formats only.
 */
import * as z from 'zod';
import { errorCodes } from './errors';
import { lockReasonSchema, roleSchema, userIdSchema } from './vault';

/** A UUID, a SHA-256, or a short name of ours (a schema's id, a setting's name). */
const opaqueIdSchema = z
  .string()
  .regex(/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,64}|[a-z][a-z0-9-]{0,39})$/);

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const countSchema = z.int().nonnegative();

/** How far the journal was when an anchor was made. */
export const journalHeadSchema = z.object({
  seq: countSchema,
  /** Chain MAC of the journal at `seq`, hexadecimal. */
  mac: z.string().regex(/^[0-9a-f]{32,64}$/),
});
export type JournalHead = z.infer<typeof journalHeadSchema>;

export const anchorSchema = z.object({
  vaultId: z.string().regex(/^[0-9a-f]{32}$/),
  journal: journalHeadSchema.nullable(),
  keyring: z.object({ revision: countSchema, mac: hashSchema }),
  /** Ed25519, 128 hexadecimal digits. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type Anchor = z.infer<typeof anchorSchema>;

const kind = <K extends string>(name: K) => z.object({ kind: z.literal(name) });

/** What happened; `subject` is what it happened to. */
export const auditEventSchema = z.discriminatedUnion('kind', [
  kind('app-started').extend({ version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+$/) }),
  kind('app-ended'),
  kind('vault-founded'),
  kind('sign-in'),
  kind('sign-in-failed'),
  kind('locked').extend({ reason: lockReasonSchema }),
  kind('recovery-used'),
  kind('recovery-renewed'),
  kind('passphrase-changed'),
  kind('passphrase-reset'),
  kind('user-added').extend({ roles: z.array(roleSchema) }),
  kind('user-removed'),
  kind('user-let-in'),
  kind('record-viewed'),
  kind('record-created'),
  kind('record-changed'),
  kind('record-deleted'),
  kind('record-restored'),
  kind('record-shredded'),
  kind('run-saved'),
  kind('confirmed').extend({ facts: countSchema, bulk: z.boolean() }),
  kind('exported').extend({
    format: z.enum(['jsonl', 'json', 'csv', 'xlsx', 'txt', 'audit-jsonl', 'audit-csv']),
    count: countSchema,
    deidentified: z.boolean(),
  }),
  kind('printed'),
  kind('copied').extend({ chars: countSchema }),
  kind('model-imported'),
  kind('model-removed'),
  kind('model-activated'),
  kind('model-settings'),
  kind('model-assigned').extend({ job: z.string().regex(/^[a-z][a-z0-9:-]{0,60}$/) }),
  kind('schema-changed'),
  kind('settings-changed').extend({ settings: z.array(z.string().regex(/^[a-zA-Z]{1,30}$/)) }),
  kind('policy-read').extend({ sha256: hashSchema }),
  kind('backed-up').extend({ records: countSchema }),
  kind('restored').extend({ records: countSchema }),
  /** All data of this workstation was destroyed; the log stays. */
  kind('wiped'),
  kind('key-rotated'),
  kind('journal-compacted'),
  kind('audit-verified').extend({ entries: countSchema, problems: countSchema }),
  /** Something that was stored is not as it was stored. */
  kind('integrity').extend({
    what: z.enum(['row', 'journal', 'keyring', 'audit']),
    count: countSchema,
  }),
  /** A torn last line, which nobody was told is stored, was cut off. */
  kind('audit-cut').extend({ bytes: countSchema }),
  /** Old segments were removed, up to this entry and its hash. */
  kind('audit-removed').extend({ upTo: countSchema, hash: hashSchema }),
  kind('anchor').extend({ anchor: anchorSchema }),
]);
export type AuditEvent = z.infer<typeof auditEventSchema>;
export type AuditKind = AuditEvent['kind'];

/** In the order in which the log is filtered by them. */
export const auditKinds: readonly AuditKind[] = auditEventSchema.options.map(
  (option) => option.shape.kind.value,
);

export const auditEntrySchema = z.object({
  /** Counts from 1, never twice. */
  n: z.int().positive(),
  /** Milliseconds since the epoch, UTC, by the system's clock. */
  at: z.number(),
  /** The clock stood before that of an earlier entry. */
  clockBack: z.literal(true).optional(),
  /** Who did it; `system` for what the program did by itself. */
  actor: z.union([userIdSchema, z.literal('system')]),
  event: auditEventSchema,
  subject: opaqueIdSchema.optional(),
  result: z.union([z.literal('ok'), z.enum(errorCodes)]),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** What a caller tells; the log adds the rest. */
export const newAuditEntrySchema = auditEntrySchema.pick({ event: true }).extend({
  actor: auditEntrySchema.shape.actor.default('system'),
  subject: opaqueIdSchema.optional(),
  result: auditEntrySchema.shape.result.default('ok'),
});
export type NewAuditEntry = z.input<typeof newAuditEntrySchema>;

export const auditFilterSchema = z.object({
  /** Milliseconds since the epoch, inclusive. */
  from: z.number().optional(),
  to: z.number().optional(),
  kinds: z.array(z.string()).optional(),
  actor: z.union([userIdSchema, z.literal('system')]).optional(),
  subject: opaqueIdSchema.optional(),
  /** Only what failed. */
  failedOnly: z.boolean().optional(),
});
export type AuditFilter = z.infer<typeof auditFilterSchema>;

export const auditPageSchema = z.object({
  /** Newest first. */
  entries: z.array(auditEntrySchema),
  /** Ask for entries before this one to go on; null at the end. */
  next: z.int().positive().nullable(),
});
export type AuditPage = z.infer<typeof auditPageSchema>;

export const auditFaultSchema = z.enum([
  /** A line that is no entry. */
  'unreadable',
  /** A line does not follow from the one before: something was changed, put in, removed or moved. */
  'chain-broken',
  /** A number is missing or comes twice. */
  'number',
  /** An anchor's signature is not that of the user it names. */
  'anchor-invalid',
  /** Segments are missing at the beginning that no entry says were removed. */
  'beginning-missing',
  /** The newest anchor that is known from elsewhere is not in the log. */
  'end-missing',
]);
export type AuditFault = z.infer<typeof auditFaultSchema>;

export const auditVerificationSchema = z.object({
  entries: countSchema,
  anchors: countSchema,
  /** Number and time of the last anchor before the first fault: up to it the log is certain. */
  certainTo: z.object({ n: countSchema, at: z.number() }).nullable(),
  /** The first ones; `n` is of the last sound entry before. */
  faults: z.array(z.object({ fault: auditFaultSchema, after: countSchema })),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
