/**
 * What the audit log holds of each act: who, when, what kind, on which opaque id, with what result.
 * There is no field that could hold words of a record: ids, codes, counts and names of ours only.
 */
import * as z from 'zod';
import { annotationSchemas } from './annotation-schema';
import { channelNames } from './channel-names';
import { errorCodes } from './errors';
import { ownSchemaIdSchema } from './stored-schema';
import { lockReasonSchema, roleSchema, userIdSchema } from './vault';

const schemaIds = annotationSchemas.map(({ id }) => id);

/**
 * A UUID, 128 or 256 bits in hexadecimal (a vault, a backup; a model, a text), or the id of one of our
 * schemas. No other length, and no words: the 18 digits of an identity card are hexadecimal too, and a
 * name in Pinyin is a short word.
 */
export const opaqueIdSchema = z.union([
  z.string().regex(/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{64})$/),
  z.enum(schemaIds),
]);

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const signatureSchema = z.string().regex(/^[0-9a-f]{128}$/);
/** Of nine digits at most: a telephone number has eleven. */
const countSchema = z.int().min(0).max(999_999_999);
const momentSchema = z.int().min(0).max(8_640_000_000_000_000);

const jobs = new Set(['qa', 'dialogue', ...schemaIds.map((id) => `extraction:${id}`)]);
/** A job of ours; that of a schema which only a model's card knows is kept as `other`. */
const jobSchema = z.string().overwrite((job) => (jobs.has(job) ? job : 'other'));

/**
 * A schema by its id and version: one of ours, or of the hospital's own. Any other id, which only a model's
 * card knows, is kept as `other`: it may be a word.
 */
const auditSchemaSchema = z.object({
  id: z.string().overwrite((id) => (isSchemaId(id) ? id : 'other')),
  version: countSchema.optional(),
});

function isSchemaId(id: string): boolean {
  return schemaIds.includes(id) || ownSchemaIdSchema.safeParse(id).success;
}

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
  signature: signatureSchema,
});
export type Anchor = z.infer<typeof anchorSchema>;

/**
 * When it was done, of an act that was found stored without its entry and added later. A string, so that no
 * other number fits into its place.
 */
const addedLaterSchema = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/)
  .optional();

const kind = <K extends string>(name: K) => z.object({ kind: z.literal(name) });

const formatSchema = z.enum([
  ...['jsonl', 'json', 'csv', 'xlsx', 'html', 'fhir', 'txt', 'audit-jsonl', 'audit-csv'],
] as const);

/** What happened, as it is told to the log; `subject` is what it happened to. */
const toldEvents = [
  kind('app-started').extend({
    version: z.string().regex(/^[0-9]{1,4}(?:\.[0-9]{1,4}){2}(?:-(?:alpha|beta|rc)\.[0-9]{1,4})?$/),
  }),
  kind('app-ended'),
  kind('vault-founded'),
  kind('sign-in'),
  kind('sign-in-failed'),
  kind('locked').extend({ reason: lockReasonSchema }),
  kind('recovery-used'),
  kind('recovery-renewed'),
  kind('passphrase-changed'),
  kind('passphrase-reset'),
  kind('user-added').extend({ roles: z.array(roleSchema).max(3) }),
  kind('user-removed'),
  kind('user-let-in'),
  /** Somebody's page asked for what their role may not have. */
  kind('refused').extend({ channel: z.enum(channelNames) }),
  kind('record-viewed'),
  kind('record-created'),
  kind('record-changed'),
  kind('record-deleted'),
  kind('record-restored'),
  kind('record-shredded').extend({ addedLater: addedLaterSchema }),
  kind('run-saved'),
  /** Somebody decided or changed facts of a record: told once for a sitting. */
  kind('review-changed'),
  /** A confirmed review was taken up again as a new version. */
  kind('review-amended'),
  kind('sections-changed'),
  /** A model has drafted replies to a patient. */
  kind('reply-drafted'),
  /** Somebody worked on a reply: told once for a sitting. */
  kind('reply-changed'),
  kind('reply-deleted'),
  kind('reply-restored'),
  kind('reply-approved'),
  kind('reply-copied').extend({ chars: countSchema }),
  kind('reply-exported'),
  /** Signs of danger in a patient's words were shown to a doctor. */
  kind('danger-signs-shown').extend({ count: countSchema }),
  /** Pairs of texts for later training were exported, without what identifies. */
  kind('pairs-exported').extend({ form: z.enum(['sft', 'dpo']), count: countSchema }),
  /** Somebody asked a model about a record, or without one: told once for a conversation and a sitting. */
  kind('questions-asked'),
  /** A random sample was drawn; its second reviewer began; its agreement was computed. */
  kind('study-started'),
  kind('study-begun'),
  kind('study-compared'),
  /** Who drew the sample let reviewers of a record adjudicate it. */
  kind('study-own-allowed'),
  kind('batch-started'),
  kind('batch-ended'),
  kind('confirmed').extend({
    facts: countSchema,
    bulk: z.boolean(),
    /** Entries of before name none, as a record then had one review. */
    schema: auditSchemaSchema.optional(),
    /** SHA-256 of the confirmation's signature: which one it is. Entries of before have none. */
    confirmation: hashSchema.optional(),
    addedLater: addedLaterSchema,
  }),
  /**
   * What is stored up to a row of the journal has its entries: those after number `entries`, or earlier ones;
   * so many were added.
   */
  kind('acts-compared').extend({
    journal: journalHeadSchema,
    entries: countSchema,
    added: countSchema,
  }),
  /** A place for a file was chosen: what may have been written there, should its own entry be missing. */
  kind('export-begun').extend({ format: formatSchema, deidentified: z.boolean() }),
  kind('exported').extend({
    format: formatSchema,
    count: countSchema,
    deidentified: z.boolean(),
  }),
  kind('printed'),
  kind('copied').extend({ chars: countSchema }),
  kind('model-imported'),
  kind('model-removed'),
  kind('model-activated'),
  kind('model-settings'),
  kind('model-assigned').extend({ job: jobSchema }),
  kind('schema-changed'),
  kind('settings-changed').extend({
    settings: z
      .array(
        z.enum([
          ...(['locale', 'theme', 'zoom', 'lockMinutes', 'qaThreshold'] as const),
          ...(['backupPlace', 'backupSchedule'] as const),
        ]),
      )
      .max(7),
  }),
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
] as const;

/** What only the log itself says, signed by a user. */
const signedEvents = [
  /** An old segment was removed, up to this entry and its hash. */
  kind('audit-removed').extend({
    upTo: countSchema,
    hash: hashSchema,
    /** Time of the newest entry that was removed. */
    newest: momentSchema,
    /** Of the user in whose name it was removed: whoever else removes the beginning cannot sign it. */
    signature: signatureSchema,
  }),
  kind('anchor').extend({ anchor: anchorSchema }),
] as const;

export const auditEventSchema = z.discriminatedUnion('kind', [...toldEvents, ...signedEvents]);
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
  at: momentSchema,
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
export const newAuditEntrySchema = z.object({
  event: z.discriminatedUnion('kind', toldEvents),
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
  result: auditEntrySchema.shape.result.optional(),
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

const anchoredSchema = z.object({ n: z.int().positive(), at: momentSchema });

export const auditVerificationSchema = z.object({
  entries: z.int().nonnegative(),
  anchors: z.int().nonnegative(),
  /** Number and time of the last anchor before the first fault: up to it the log is certain. */
  certainTo: anchoredSchema.nullable(),
  /**
   * The first anchor after the last fault: from it on, up to the newest anchor, the log is certain
   * again. null without a fault, and while nobody has signed since.
   */
  certainFrom: anchoredSchema.nullable(),
  /** The first ones; the entry `after`, in order by itself, or what stands right behind it was changed. */
  faults: z.array(z.object({ fault: auditFaultSchema, after: z.int().nonnegative() })),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
