/**
 * What is kept of questions and of drafted replies: rows of the tables `conversation` and `reply`, sealed
 * under the key of the record that they belong to, so that they end with it; without one, under a key
 * of their own.
 */
import * as z from 'zod';
import {
  draftCandidateSchema,
  draftContextSchema,
  draftPurposeSchema,
  foundSignSchema,
  maxCandidates,
  maxTurns,
  turnSchema,
} from './dialogue';
import { problemSchema } from './errors';
import { evidenceSchema } from './fact';
import { maxQuestionChars, maxQuotes, qaAnswerSchema } from './qa';

const rowId = z.uuid();
/** Milliseconds since the epoch. */
const moment = z.number();
const userId = z.string().max(128);
const recordIdSchema = z.string().min(1).max(128);

/** Records of one patient that a conversation can be about, beside the one that it was begun from. */
export const maxOtherRecords = 199;

/** A text that was asked. Quotations are places in all of a question's texts, one after the other. */
export const askedTextSchema = z.object({
  recordId: recordIdSchema,
  /** A later version of the record moves its words: then there is nothing to show. */
  textSha256: z.string(),
  /** UTF-16 units. */
  chars: z.int().nonnegative(),
});
export type AskedText = z.infer<typeof askedTextSchema>;

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
  /** Of `partial`: what was written until then, and from what. */
  written: z.string().max(100_000).optional(),
  quotes: z.array(evidenceSchema).max(maxQuotes).optional(),
  problem: problemSchema.optional(),
  /** Empty for a question without a record. */
  asked: z.array(askedTextSchema).max(1 + maxOtherRecords),
});
export type ConversationNode = z.infer<typeof conversationNodeSchema>;

export const storedConversationSchema = z.object({
  id: rowId,
  /** Null for questions without a record. */
  recordId: recordIdSchema.nullable(),
  /**
   * Further records that it is about. Such a conversation has a key of its own, and ends with whichever
   * of its records is deleted for good first.
   */
  others: z.array(recordIdSchema).max(maxOtherRecords),
  /** `summary`: a row of questions that is shown as one page. */
  kind: z.enum(['chat', 'summary']),
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

export const maxQuickQuestions = 40;

/** Questions that are one key away, as the people of this workstation changed them; one row for all. */
export const storedQuickQuestionsSchema = z.object({
  id: z.literal('quick-questions'),
  recordId: z.null(),
  createdAt: moment,
  updatedAt: moment,
  /** Set where those that ship are in force again. */
  deletedAt: moment.nullable(),
  questions: z.array(z.string().min(1).max(200)).max(maxQuickQuestions),
  by: userId.optional(),
});
export type StoredQuickQuestions = z.infer<typeof storedQuickQuestionsSchema>;

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

export const storedTurnSchema = turnSchema.extend({
  /** Nobody wrote the role or has looked at it: it was concluded. Absent otherwise. */
  isGuess: z.literal(true).optional(),
});

export const storedReplySchema = z.object({
  id: rowId,
  recordId: z.string().min(1).max(128).nullable(),
  title: z.string().max(200),
  createdAt: moment,
  updatedAt: moment,
  deletedAt: moment.nullable(),
  state: replyStateSchema,
  turns: z.array(storedTurnSchema).max(maxTurns),
  dangerSigns: z.array(foundSignSchema).max(2000),
  options: z.object({
    purpose: draftPurposeSchema,
    tone: z.enum(['plain', 'formal']),
    length: z.enum(['short', 'medium', 'long']),
    askBack: z.boolean(),
  }),
  /** Of the newest drafting; those of before are in earlier versions of the row. */
  candidates: z.array(storedCandidateSchema).max(maxCandidates),
  /** What the newest drafts were written from; absent of those of before this was kept. */
  context: draftContextSchema
    /** Of the linked record's text, as its head says: places are of that. */
    .extend({ textId: z.string().max(128).optional() })
    .optional(),
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
