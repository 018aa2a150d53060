/**
 * The review of a record: what a doctor decided of each fact that a model found, what they added, and
 * their confirmation (审核确认). One row of the table `review` holds a review as it stands; every save is
 * a version in the journal, and `changes` says who changed what and when, with before and after.
 */
import * as z from 'zod';
import { factSchema } from './fact';

export const decisionSchema = z.enum(['pending', 'accepted', 'rejected']);
export type Decision = z.infer<typeof decisionSchema>;

/**
 * `bulk`: accepted with others that were on screen, by one act; `carried`: decided one by one of an
 * earlier run, and a later one says the same; or, in an adjudication, by both reviewers.
 */
export const decidedBySchema = z.enum(['single', 'bulk', 'carried']);
export type DecidedBy = z.infer<typeof decidedBySchema>;

export const reviewItemSchema = z.object({
  /** Of the item; stays the same when its fact is changed. */
  id: z.string().min(1).max(200),
  /** As it stands now. */
  fact: factSchema,
  origin: z.enum(['model', 'doctor']),
  /** What the model said, where it was changed. */
  machine: factSchema.optional(),
  decision: decisionSchema,
  review: decidedBySchema.optional(),
  /** Of the decision: milliseconds since the epoch, and the opaque id of who decided. */
  at: z.number().optional(),
  by: z.string().max(128).optional(),
  /** A later run says otherwise about this stretch of the text. */
  conflict: z.object({ runId: z.string(), fact: factSchema.nullable() }).optional(),
});
export type ReviewItem = z.infer<typeof reviewItemSchema>;

export const confirmationSchema = z.object({
  /** Opaque id, name, professional title and time, as they were. */
  by: z.string().max(128),
  name: z.string().max(80),
  title: z.string().max(80),
  at: z.number(),
  /** SHA-256 over the canonical JSON of what was confirmed, and its Ed25519 signature by the user's key. */
  contentSha256: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type Confirmation = z.infer<typeof confirmationSchema>;

export const reviewChangeSchema = z.object({
  at: z.number(),
  by: z.string().max(128),
  item: z.string().max(200),
  kind: z.enum(['accept', 'reject', 'reopen', 'edit', 'add', 'remove', 'carry']),
  review: decidedBySchema.optional(),
  before: factSchema.nullable().optional(),
  after: factSchema.nullable().optional(),
});
export type ReviewChange = z.infer<typeof reviewChangeSchema>;

/** `second`: blind, of a random sample, for research; `adjudication`: of where two reviews differ. */
export const reviewRoleSchema = z.enum(['primary', 'second', 'adjudication']);
export type ReviewRole = z.infer<typeof reviewRoleSchema>;

export const storedReviewSchema = z.object({
  id: z.string().min(1).max(128),
  recordId: z.string().min(1).max(128),
  /** The version of the text that offsets point into. */
  textSha256: z.string(),
  role: reviewRoleSchema,
  /** The sample that it is part of; the first review is of none. */
  study: z.uuid().optional(),
  /** The run whose facts are reviewed; null where a person marks a text that no model has read. */
  runId: z.string().min(1).max(128).nullable(),
  schema: z.string(),
  /** Version of the review, from 1: a confirmed one is locked, a change of it begins the next. */
  version: z.int().positive(),
  items: z.array(reviewItemSchema).max(20_000),
  confirmation: confirmationSchema.nullable(),
  changes: z.array(reviewChangeSchema).max(100_000),
  updatedAt: z.number(),
  by: z.string().max(128).optional(),
});
export type StoredReview = z.infer<typeof storedReviewSchema>;
