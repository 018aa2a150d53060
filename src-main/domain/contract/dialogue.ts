/** A conversation between a patient and a doctor, and what is drafted for it. */
import * as z from 'zod';
import { evidenceSchema } from './fact';
import { recordPartsSchema } from './record-parts';
import { prioritySchema, usageSchema } from './usage';

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

/** Words of a conversation. */
export const turnPlaceSchema = z.object({
  /** Place among the turns, from 0. */
  turn: z.int().nonnegative(),
  /** UTF-16 units of the turn's text, end exclusive. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
});
export type TurnPlace = z.infer<typeof turnPlaceSchema>;

/** A danger sign in a patient's words, at the words that completed it. */
export const foundSignSchema = turnPlaceSchema.extend({
  classId: z.string(),
  signId: z.string(),
  /** The other words of it, where it was told in several messages: earlier ones, or a question's that was answered. */
  parts: z.array(turnPlaceSchema).max(8).optional(),
});
export type FoundSign = z.infer<typeof foundSignSchema>;

export const draftPurposeSchema = z.enum([
  /** 答疑, 检查前说明, 用药提醒, 复诊安排, 结果告知. */
  'answer',
  'before-examination',
  'medication-reminder',
  'appointment',
  'result',
]);
export type DraftPurpose = z.infer<typeof draftPurposeSchema>;

export const maxCandidates = 4;

export const draftRequestSchema = z.object({
  turns: z.array(turnSchema).max(maxTurns),
  record: z.object({ text: z.string() }).optional(),
  purpose: draftPurposeSchema,
  tone: z.enum(['plain', 'formal']),
  length: z.enum(['short', 'medium', 'long']),
  /** Whether to ask back for facts that are missing. */
  askBack: z.boolean(),
  candidates: z.int().min(1).max(maxCandidates),
  /** SHA-256 of the model. Defaults to the first one that is ready. */
  model: z.string().optional(),
  priority: prioritySchema.optional(),
  seed: z.int().nonnegative().optional(),
});
export type DraftRequest = z.infer<typeof draftRequestSchema>;

/** What of a draft stands in the linked record: for the margin, never part of the text that is sent. */
export const draftQuoteSchema = z.object({
  /** UTF-16 units of the draft, end exclusive. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
  quote: evidenceSchema,
});
export type DraftQuote = z.infer<typeof draftQuoteSchema>;

export const draftCandidateSchema = z.object({
  text: z.string(),
  guards: z.array(draftGuardSchema),
  quotes: z.array(draftQuoteSchema),
  /** `length`: the model did not come to an end. */
  ended: z.enum(['end', 'length']),
});
export type DraftCandidate = z.infer<typeof draftCandidateSchema>;

const tokenCount = z.int().nonnegative();

/** What a draft would be made from, and what it would cost. */
export const draftPreviewSchema = z.object({
  /** Of the model's context. */
  tokens: z.object({
    /** What the model is told to do, with the marks around it. */
    instructions: tokenCount,
    /** The turns that fit. */
    dialogue: tokenCount,
    /** The sentences of the linked record, with the words that announce them. */
    record: tokenCount,
    /** Kept free for the longest draft. */
    answer: tokenCount,
    size: z.int().positive(),
  }),
  /** What of the linked record would be in it; null without one. */
  parts: recordPartsSchema.nullable(),
  /** Earliest turns that do not fit. */
  forgotten: z.int().nonnegative(),
  /** What a doctor said after the patient's last words: it is not what is to be answered. */
  trailing: z.int().nonnegative(),
});
export type DraftPreview = z.infer<typeof draftPreviewSchema>;

/** What a draft was made from. */
export const draftContextSchema = draftPreviewSchema.extend({
  /** What the model was told, the record's sentences included: for those who train one later. */
  system: z.string(),
});
export type DraftContext = z.infer<typeof draftContextSchema>;

export const draftEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued'), ahead: z.int().nonnegative() }),
  z.object({ kind: z.literal('context'), context: draftContextSchema }),
  z.object({
    kind: z.literal('text'),
    /** Of the candidate, from 0. */
    candidate: z.int().nonnegative(),
    text: z.string(),
  }),
]);
export type DraftEvent = z.infer<typeof draftEventSchema>;

export const draftResultSchema = z.object({
  version: z.literal(1),
  state: z.literal('machine-draft'),
  candidates: z.array(draftCandidateSchema),
  model: z.object({ name: z.string(), sha256: z.string() }),
  usage: usageSchema,
});
export type DraftResult = z.infer<typeof draftResultSchema>;
