/**
 * What is kept of questions and of drafted replies: rows of the tables `conversation` and `reply`, sealed
 * under the key of the record that they belong to, so that they end with it; without one, under a key
 * of their own.
 */
import * as z from 'zod';
import {
  draftCandidateSchema,
  draftPurposeSchema,
  foundSignSchema,
  maxCandidates,
  maxTurns,
  turnSchema,
} from './dialogue';
import { problemSchema } from './errors';
import { maxQuestionChars, qaAnswerSchema } from './qa';

const rowId = z.uuid();
/** Milliseconds since the epoch. */
const moment = z.number();
const userId = z.string().max(128);

/** One question with what came of it. Asked again, or changed, it is another node beside it. */
export const conversationNodeSchema = z.object({
  id: z.string().min(1).max(64),
  /** Of the node that it follows; null for the first ones. */
  parent: z.string().max(64).nullable(),
  question: z.string().min(1).max(maxQuestionChars),
  at: moment,
  /** `partial`: stopped, locked away, or its process died; what was written stands and is marked. */
  state: z.enum(['answered', 'partial', 'failed']),
  /** Of `answered`. */
  answer: qaAnswerSchema.optional(),
  /** Of `partial`: what was written until then. */
  written: z.string().max(100_000).optional(),
  problem: problemSchema.optional(),
  /** Texts that quotations are places of, by record: a later version of a record moves them. */
  textSha256: z.string().optional(),
});
export type ConversationNode = z.infer<typeof conversationNodeSchema>;

export const storedConversationSchema = z.object({
  id: rowId,
  /** Null for questions without a record. */
  recordId: z.string().min(1).max(128).nullable(),
  title: z.string().max(200),
  createdAt: moment,
  updatedAt: moment,
  /** Set while it is deleted; undo clears it. */
  deletedAt: moment.nullable(),
  nodes: z.array(conversationNodeSchema).max(2000),
  /** The last node of the branch on screen. */
  leaf: z.string().max(64).nullable(),
  by: userId.optional(),
});
export type StoredConversation = z.infer<typeof storedConversationSchema>;

/** `editing`: a doctor has begun to make it their own; `approved`: it can be copied as a reply. */
export const replyStateSchema = z.enum(['conversation', 'machine-draft', 'editing', 'approved']);
export type ReplyState = z.infer<typeof replyStateSchema>;

/** Before and after of an editing, for the history; one for each time that it was put down. */
export const replyEditSchema = z.object({
  at: moment,
  by: userId,
  text: z.string().max(50_000),
});

export const replyApprovalSchema = z.object({
  /** Opaque id, name and professional title, as they were. */
  by: userId,
  name: z.string().max(80),
  title: z.string().max(80),
  at: moment,
  /** Of the UTF-8 of the approved text. */
  textSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Ed25519 by the user's key, as of a review's confirmation. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type ReplyApproval = z.infer<typeof replyApprovalSchema>;

/** `partial`: stopped, locked away, or its process died; what was written until then stands. */
export const storedCandidateSchema = draftCandidateSchema.extend({
  ended: z.enum([...draftCandidateSchema.shape.ended.options, 'partial']),
});
export type StoredCandidate = z.infer<typeof storedCandidateSchema>;

export const storedReplySchema = z.object({
  id: rowId,
  recordId: z.string().min(1).max(128).nullable(),
  title: z.string().max(200),
  createdAt: moment,
  updatedAt: moment,
  deletedAt: moment.nullable(),
  state: replyStateSchema,
  turns: z.array(turnSchema).max(maxTurns),
  dangerSigns: z.array(foundSignSchema).max(2000),
  options: z.object({
    purpose: draftPurposeSchema,
    tone: z.enum(['plain', 'formal']),
    length: z.enum(['short', 'medium', 'long']),
    askBack: z.boolean(),
  }),
  /** Of the newest drafting; those of before are in earlier versions of the row. */
  candidates: z.array(storedCandidateSchema).max(maxCandidates),
  /** Why the newest drafting did not come to its end. */
  problem: problemSchema.optional(),
  /** By whom they were drafted. */
  model: z.object({ name: z.string(), sha256: z.string() }).optional(),
  /** Place of the one that was taken; null before that. */
  chosen: z.int().nonnegative().nullable(),
  /** As it stands. */
  text: z.string().max(50_000),
  edits: z.array(replyEditSchema).max(1000),
  approval: replyApprovalSchema.nullable(),
  by: userId.optional(),
});
export type StoredReply = z.infer<typeof storedReplySchema>;
