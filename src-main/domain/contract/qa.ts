/** A question, to a record or without one, and its answer. */
import * as z from 'zod';
import { draftGuardSchema } from './dialogue';
import { maxRecordChars } from './extraction';
import { evidenceSchema } from './fact';
import { problemSchema } from './errors';
import { recordPartsSchema } from './record-parts';
import { sectionSchema } from './section';
import { prioritySchema, speedSchema, usageSchema } from './usage';

export const maxQuestionChars = 4000;
/** Earlier exchanges that a question may come with. */
export const maxExchanges = 200;
/** Quotations of one answer. */
export const maxQuotes = 100;

/**
 * Confidence that a record holds an answer, from which on one is given. Measured for quotations: on questions that
 * served for fitting it is right about as often as the best one (`scripts/fit-qa.ts`, docs/qa.md).
 */
export const defaultThreshold = 0.5;

/**
 * `record`: from a record, with quotations; `record-no-evidence`: 病历中未找到依据, and no answer is
 * written; `no-record`: 无病历依据, what the model knows or makes up.
 */
export const qaBasisSchema = z.enum(['record', 'record-no-evidence', 'no-record']);
export type QaBasis = z.infer<typeof qaBasisSchema>;

export const pastExchangeSchema = z.object({
  question: z.string().max(maxQuestionChars),
  answer: z.string().max(maxRecordChars),
});
export type PastExchange = z.infer<typeof pastExchangeSchema>;

export const qaRequestSchema = z.object({
  question: z.string(),
  /** Absent for a question without a record. */
  record: z
    .object({
      text: z.string(),
      /** As a doctor corrected them. Defaults to those that are detected. */
      sections: z.array(sectionSchema).max(2000).optional(),
    })
    .optional(),
  /** What was said before, oldest first; what does not fit is left out from the oldest on, and told. */
  history: z.array(pastExchangeSchema).max(maxExchanges).optional(),
  /** SHA-256 of the model that is to do it. Defaults to the first one that is ready. */
  model: z.string().optional(),
  priority: prioritySchema.optional(),
  /** Below this confidence that the record holds an answer, none is written. Defaults to `defaultThreshold`. */
  threshold: z.number().min(0).max(1).optional(),
  /** Defaults to 0: the same question gets the same answer. */
  temperature: z.number().min(0).max(2).optional(),
  seed: z.int().nonnegative().optional(),
});
export type QaRequest = z.infer<typeof qaRequestSchema>;

export const qaSentenceSchema = z.object({
  text: z.string(),
  /** Places in `quotes`, from 0; empty without a record. */
  cites: z.array(z.int().nonnegative()),
});
export type QaSentence = z.infer<typeof qaSentenceSchema>;

/** What a question would be asked with. */
export const qaPreviewSchema = z.object({
  /** As of the answer. */
  form: z.enum(['written', 'quotations']),
  /** Of the context; null where quotations are looked for, which need none. */
  tokens: z.object({ used: z.int().nonnegative(), size: z.int().positive() }).nullable(),
  /** Null without a record. */
  parts: recordPartsSchema.nullable(),
  /** Earlier exchanges that would be left out. */
  forgotten: z.int().nonnegative(),
});
export type QaPreview = z.infer<typeof qaPreviewSchema>;

export const qaEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued'), ahead: z.int().nonnegative() }),
  z.object({
    kind: z.literal('context'),
    used: z.int().nonnegative(),
    size: z.int().positive(),
    parts: recordPartsSchema,
    /** Earlier exchanges that had to be left out. */
    forgotten: z.int().nonnegative(),
  }),
  z.object({
    kind: z.literal('evidence'),
    quotes: z.array(evidenceSchema),
    confidence: z.number().min(0).max(1),
  }),
  z.object({ kind: z.literal('text'), text: z.string(), speed: speedSchema }),
]);
export type QaEvent = z.infer<typeof qaEventSchema>;

export const qaAnswerSchema = z.object({
  version: z.literal(1),
  /** Empty where nothing was written. */
  answer: z.string(),
  basis: qaBasisSchema,
  sentences: z.array(qaSentenceSchema),
  quotes: z.array(evidenceSchema),
  /** Sentences that answer as well and are not quoted, because they are too many; absent where there are none. */
  more: z.int().positive().optional(),
  /** That the record holds an answer, 0..1; null without a record. */
  confidence: z.number().min(0).max(1).nullable(),
  /** `quotations`: the model cannot write, the quotations are the answer. */
  form: z.enum(['written', 'quotations']),
  parts: recordPartsSchema.nullable(),
  /** Without a record: what of the answer a doctor should look at, as in a draft; its orders are placeholders already. */
  guards: z.array(draftGuardSchema).optional(),
  /** `LENGTH_LIMIT`: the answer was cut. */
  problem: problemSchema.optional(),
  model: z.object({ name: z.string(), sha256: z.string() }),
  usage: usageSchema,
});
export type QaAnswer = z.infer<typeof qaAnswerSchema>;
