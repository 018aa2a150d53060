/**
 * Research: a random sample of confirmed records that a second doctor reviews blind, how far the two
 * reviews agree, and the adjudication of where they differ. One row of the table `study` holds a sample;
 * the reviews themselves are rows of `review` under each record's own key, so that a record which is
 * deleted for good takes them along.
 */
import * as z from 'zod';
import { userIdSchema } from './vault';

/** Most records of one sample. */
export const maxSampleRecords = 2000;

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const sampledRecordSchema = z.object({
  recordId: z.string().min(1).max(128),
  textSha256: z.string(),
  /** Whose facts both reviewers began with. */
  runId: z.string().min(1).max(128),
  /** The first review as it was confirmed when the sample was drawn; what came later does not count. */
  first: z.object({ by: z.string().max(128), contentSha256: sha256 }),
});
export type SampledRecord = z.infer<typeof sampledRecordSchema>;

export const pairCountsSchema = z.object({ both: count, onlyFirst: count, onlySecond: count });

const agreementPart = {
  strict: pairCountsSchema,
  relaxed: pairCountsSchema,
  /** Over characters; null where it is not defined. */
  kappa: z.number().max(1).nullable(),
};

/** How far two reviews of the same records agree; F1 follows from the counts. */
export const agreementSchema = z.object({
  /** That were compared. */
  records: count,
  /** UTF-16 units of their texts. */
  chars: count,
  ...agreementPart,
  byType: z.array(
    z.object({ kind: z.enum(['mention', 'field']), type: z.string().min(1), ...agreementPart }),
  ),
});
export type Agreement = z.infer<typeof agreementSchema>;

export const storedStudySchema = z.object({
  id: z.uuid(),
  /** Belongs to no record. */
  recordId: z.null(),
  schema: z.string().max(64),
  createdAt: z.number(),
  updatedAt: z.number(),
  deletedAt: z.number().nullable(),
  by: z.string().max(128).optional(),
  /** With the ids of the population it gives the same sample again. */
  seed: z.string().regex(/^[0-9a-f]{16}$/),
  /** Confirmed records with the schema when it was drawn. */
  population: z.int().positive(),
  records: z.array(sampledRecordSchema).min(1).max(maxSampleRecords),
  /** The one who reviews blind, from when they began. */
  second: userIdSchema.nullable(),
  /** Who drew it let reviewers of a record adjudicate it, and when; else a third person does. */
  ownAllowed: z.object({ by: userIdSchema, at: z.number() }).optional(),
  result: z.object({ at: z.number(), agreement: agreementSchema }).nullable(),
});
export type StoredStudy = z.infer<typeof storedStudySchema>;

export const studyProgressSchema = z.object({
  recordId: z.string(),
  /** `gone`: the record was deleted, or its text is another one by now. */
  second: z.enum(['open', 'begun', 'done', 'gone']),
  /** Where the two differ; null until the agreement is computed, or where one of the two is gone. */
  disputes: count.nullable(),
  adjudication: z.enum(['none', 'begun', 'done']),
});
export type StudyProgress = z.infer<typeof studyProgressSchema>;

const share = { records: count };
/** What a methods section reports, as counts; persons are counted, never named. */
export const methodsSchema = z.object({
  /** Several where the records of a sample were extracted differently. */
  schemas: z.array(
    z.object({
      chinese: z.string(),
      english: z.string(),
      /** Null where neither the run nor the program knows the schema. */
      version: z.int().nullable(),
      ...share,
    }),
  ),
  models: z.array(z.object({ name: z.string(), sha256: z.string(), ...share })),
  promptFormats: z.array(z.string()),
  /** What the model was asked with, each wording once. */
  instructions: z.array(z.string()),
  strategies: z.array(z.string()),
  /** In runs, and accepted by either reviewer; `bulk` of these with others by one act. */
  machineFacts: count,
  first: z.object({ reviewers: count, records: count, facts: count, bulk: count }),
  second: z.object({ records: count, facts: count, bulk: count }),
  disputes: z.object({
    /** Records that have any. */
    records: count,
    total: count,
    first: count,
    second: count,
    /** Neither of the two as it was. */
    own: count,
    /** Not in a signed adjudication. */
    open: count,
  }),
  /** `own`: records in which one of their two reviewers decided or signed. */
  adjudicators: z.object({ total: count, reviewed: count, own: count }),
});
export type MethodsData = z.infer<typeof methodsSchema>;

export const studyOverviewSchema = z.object({
  study: storedStudySchema,
  drawnBy: userIdSchema.nullable(),
  records: z.array(studyProgressSchema),
  /** Null until the agreement is computed. */
  methods: methodsSchema.nullable(),
});
export type StudyOverview = z.infer<typeof studyOverviewSchema>;
