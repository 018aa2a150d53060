/** Scores of a model on annotated records: what `chimed eval ner` prints and the evaluation screen shows. */
import * as z from 'zod';
import { annotationSchemaSchema } from './annotation-schema';
import { approachSchema, runModelSchema } from './extraction';
import { ticketSchema } from './save-file';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();

/** Shares of 1; 0 where there is nothing to divide by. */
export const scoreSchema = z.object({ precision: share, recall: share, f1: share });
export type Score = z.infer<typeof scoreSchema>;

export const typeScoreSchema = scoreSchema.extend({
  /** Annotated spans of the type. */
  support: count,
});
export type TypeScore = z.infer<typeof typeScoreSchema>;

export const spanScoresSchema = z.object({
  micro: scoreSchema,
  /** Of every type asked for, also one that never occurs. */
  types: z.record(z.string(), typeScoreSchema),
});
export type SpanScores = z.infer<typeof spanScoresSchema>;

/**
 * What was found where something was annotated. Spans that share a character are paired one to one,
 * those of the same type first; a span without a partner is `missed` or `spurious`.
 */
export const confusionSchema = z.object({
  types: z.array(z.string()),
  /** `matrix[i][j]`: annotated as `types[i]`, found as `types[j]`. */
  matrix: z.array(z.array(count)),
  /** By annotated type: nothing was found there. */
  missed: z.array(count),
  /** By found type: nothing was annotated there. */
  spurious: z.array(count),
});
export type Confusion = z.infer<typeof confusionSchema>;

/** Facts whose confidence lies in [from, to); the last bin includes 1. */
export const reliabilityBinSchema = z.object({
  from: share,
  to: share,
  facts: count,
  /** Means over the bin's facts; null for an empty bin. */
  confidence: share.nullable(),
  /** How many of them are strictly right. */
  right: share.nullable(),
});

/** Whether a confidence of 0.8 means right in eight of ten. */
export const calibrationSchema = z.object({
  bins: z.array(reliabilityBinSchema),
  /** Mean squared difference of confidence and being strictly right (Brier 1950); null without facts. */
  brier: share.nullable(),
  /** Expected calibration error: mean |confidence - right| of the bins, weighted by their facts. */
  ece: share.nullable(),
  /** Facts with a confidence. */
  facts: count,
});
export type Calibration = z.infer<typeof calibrationSchema>;

/** Milliseconds a record. */
export const latencySchema = z.object({
  median: z.number().nonnegative(),
  p95: z.number().nonnegative(),
  max: z.number().nonnegative(),
});

/** Readers ignore unknown keys. */
export const nerReportSchema = z.object({
  version: z.literal(1),
  schema: z.string(),
  /** Name of the label mapping. */
  labels: z.string(),
  /** Types of the schema that no label of the data set means: they are not scored. */
  unscored: z.array(z.string()),
  records: count,
  /** Records whose extraction ended early; what was found in them is scored. */
  incomplete: count,
  /** Faults of the data set itself. */
  defects: count,
  strict: spanScoresSchema,
  relaxed: spanScoresSchema,
  confusion: confusionSchema,
  calibration: calibrationSchema,
  /** Null where no record was run. */
  latency: latencySchema.nullable(),
  tokens: z.object({ prompt: count, reused: count, decoded: count }),
  /** Facts whose words are not in their record. */
  ungrounded: count,
  /** Facts whose words are not at their place. */
  offsetErrors: count,
  /** Spent on extraction: without loading the model and reading the file. */
  seconds: z.number().nonnegative(),
  recordsPerMinute: z.number().nonnegative(),
  model: runModelSchema,
});
export type NerReport = z.infer<typeof nerReportSchema>;

/** Configurations that one evaluation measures, to be seen side by side. */
export const maxConfigurations = 2;

export const configurationSchema = z.object({
  model: runModelSchema.extend({ name: z.string().min(1).max(200) }),
  approach: approachSchema.optional(),
});
export type Configuration = z.infer<typeof configurationSchema>;

/** What a model's facts are held against. Tickets stand for files that a person chose. */
export const goldSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('file'),
    ticket: ticketSchema,
    /** A label mapping of one's own; null for the first of the program's that knows all labels. */
    labels: ticketSchema.nullable(),
  }),
  /** The confirmed reviews of this vault. */
  z.object({ kind: z.literal('records') }),
]);
export type Gold = z.infer<typeof goldSchema>;

/** A chosen file, looked at from its first to its last line. */
export const examinedGoldSchema = z.object({
  name: z.string(),
  records: count,
  /** Annotations that contradict their text, and records without words. */
  defects: count,
  /** Name of the label mapping. */
  labels: z.string(),
  /** Entity types that the labels mean. */
  types: z.array(z.string()),
});
export type ExaminedGold = z.infer<typeof examinedGoldSchema>;

/** How many records of the vault are confirmed, by schema. */
export const signedCountsSchema = z.object({
  schemas: z.array(z.object({ id: z.string(), records: z.int().positive() })),
});
export type SignedCounts = z.infer<typeof signedCountsSchema>;

export const evaluationOrderSchema = z.object({
  gold: goldSchema,
  schema: z.string(),
  definition: annotationSchemaSchema.optional(),
  /** Records to measure on, from the first. Defaults to all. */
  limit: z.int().positive().optional(),
  configurations: z.array(configurationSchema).min(1).max(maxConfigurations),
});
export type EvaluationOrder = z.infer<typeof evaluationOrderSchema>;

export const evaluationProgressSchema = z.object({
  /** Which of the configurations is at work, from 0. */
  configuration: count,
  /** Records of it that are done, and all. */
  done: count,
  total: count,
});
export type EvaluationProgress = z.infer<typeof evaluationProgressSchema>;

/** Shown, and saved as a file; it holds figures and names of types, nothing of a record. */
export const evaluationResultSchema = z.object({
  version: z.literal(1),
  gold: z.enum(['file', 'records']),
  evaluations: z
    .array(
      z.object({
        /** What was used beside the model; null where no record had any words. */
        approach: z
          .object({
            strategy: z.string(),
            settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
          })
          .nullable(),
        /** The very object that `chimed eval ner` prints. */
        report: nerReportSchema,
      }),
    )
    .min(1)
    .max(maxConfigurations),
});
export type EvaluationResult = z.infer<typeof evaluationResultSchema>;
export type Evaluation = EvaluationResult['evaluations'][number];
