/**
 * The model card: a JSON file beside a GGUF (`NAME.gguf` -> `NAME.card.json`) that says what the
 * model is, how it is prompted, and what it may be used for.
 */
import * as z from 'zod';
import { promptFormatSchema } from './prompt-format';

const localised = z.object({ 'zh-CN': z.string(), en: z.string() });

/**
 * 1:1 character mapping before tokenising; `none` leaves the text as it is, `-simplified` also reads
 * traditional characters as simplified ones.
 */
export const normalisationSchema = z.enum(['none', 'nfkc-lower', 'nfkc-lower-simplified']);
export type Normalisation = z.infer<typeof normalisationSchema>;

/** What a model can state of a mention by a mark after it. */
export const markedAttributeSchema = z.enum(['negated', 'uncertain', 'historical', 'family']);
export type MarkedAttribute = z.infer<typeof markedAttributeSchema>;

/**
 * Makes a probability that a fact is right out of the model's own of writing it: σ(slope · logit(p) +
 * intercept) (Platt 1999). Fitted to one file and one strategy; it keeps the order of facts.
 */
export const confidenceScaleSchema = z.object({
  slope: z.number().positive().max(100),
  intercept: z.number().min(-100).max(100),
  /** On what it was fitted, and what right means there. */
  source: localised,
});
export type ConfidenceScale = z.infer<typeof confidenceScaleSchema>;

export const markedCopySchema = z.object({
  kind: z.literal('marked-copy'),
  /** For a prompt format with an `instruction` slot. */
  instruction: z.string().min(1).optional(),
  /** For a prompt format with a `task` slot: the control token that asks for each schema. */
  tasks: z.record(z.string(), z.string().min(1)).optional(),
  normalisation: normalisationSchema,
  /** Longest window the model was trained on, in characters (code points). */
  windowChars: z.int().min(8).max(8192),
  /** Whether marks are ordinary characters or control tokens of the tokenizer. */
  marksAre: z.enum(['characters', 'control-tokens']),
  /** Opening mark of each entity type. */
  open: z.record(z.string(), z.string().min(1)),
  close: z.string().min(1),
  /**
   * By schema: mentions of a type that the schema lacks, which hold one of a type that it has at their
   * beginning. The six-type schema knows no symptoms, but by its definition the part of the body in
   * which a symptom occurs is a 解剖部位 (腹 in 腹痛). The longest of `parts` that leaves a rest counts.
   */
  derive: z
    .record(
      z.string(),
      z.array(
        z.object({
          from: z.string().min(1),
          to: z.string().min(1),
          parts: z.array(z.string().min(1)).min(1),
        }),
      ),
    )
    .optional(),
  /** Without it a confidence is the model's own probability. */
  calibration: confidenceScaleSchema.optional(),
  /** Marks that may follow a closed mention, in the order in which the model writes them. */
  attributes: z
    .array(z.object({ attribute: markedAttributeSchema, mark: z.string().min(1) }))
    .optional(),
});
export type MarkedCopyStrategy = z.infer<typeof markedCopySchema>;

export const typedListSchema = z.object({
  kind: z.literal('typed-list'),
  /** `{types}` is replaced by the schema's type names, joined by 、. */
  instruction: z.string().min(1),
  normalisation: normalisationSchema,
  windowChars: z.int().min(8).max(8192),
  /** Without it a confidence is the model's own probability. */
  calibration: confidenceScaleSchema.optional(),
});
export type TypedListStrategy = z.infer<typeof typedListSchema>;

export const strategySchema = z.discriminatedUnion('kind', [markedCopySchema, typedListSchema]);
export type StrategyCard = z.infer<typeof strategySchema>;

/** What kind of thing a model is; a `test` model's output has no meaning and the UI says so. */
export const standingSchema = z.enum(['release', 'provisional', 'imported', 'test']);
export type Standing = z.infer<typeof standingSchema>;

export const modelCardSchema = z.object({
  card: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  name: z.string().min(1),
  standing: standingSchema,
  description: localised,
  /** Where it comes from; a file name is the same in every language. */
  source: z.union([z.string(), localised]),
  licence: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fileSize: z.int().positive(),
  shape: z.object({
    architecture: z.string(),
    parameters: z.int().positive(),
    blocks: z.int().positive(),
    embedding: z.int().positive(),
    heads: z.int().positive(),
    kvHeads: z.int().positive(),
    feedForward: z.int().positive(),
    vocabulary: z.int().positive(),
    quantization: z.string(),
  }),
  /** Tokens; the host never makes a larger context than this. */
  context: z.int().min(64).max(1_048_576),
  promptFormat: promptFormatSchema,
  /** In order of preference. */
  strategies: z.array(strategySchema).min(1),
  capabilities: z.object({
    /** Ids of schemas that the model was made for. */
    schemas: z.array(z.string()),
    /** It takes any schema, because it is told in words what to look for. Defaults to false. */
    anySchema: z.boolean().optional(),
    attributes: z.array(z.enum(['negated', 'uncertain', 'historical', 'experiencer'])),
    tasks: z.array(z.enum(['extraction', 'qa', 'dialogue'])),
  }),
  /** Reported scores; a name, a data set and a value each. */
  scores: z.array(z.object({ metric: localised, on: localised, value: z.number() })).optional(),
  limits: localised.optional(),
  /** Of a file that this program made: from what, with what, when (ISO 8601). */
  provenance: z
    .object({
      tool: z.string(),
      date: z.string(),
      sources: z.array(z.object({ file: z.string(), sha256: z.string() })),
    })
    .optional(),
});
export type ModelCard = z.infer<typeof modelCardSchema>;

/** Whether this is the small model that ships with the program; its name is never ChiMed-GPT. */
export function isBuiltInModel(model: Pick<ModelCard, 'id' | 'standing'>): boolean {
  return model.standing === 'release' && model.id === 'chimed-nano';
}
