/**
 * Annotation schemas: what a run looks for. Entity types are marked in the text; fields have one value a
 * record, or a repeated group of values.
 *
 * Names of types and fields are what models are prompted with and what exported facts carry. Those of
 * our own schemas are the Chinese names of the CCKS-2019 task (Han et al. 2020).
 */
import * as z from 'zod';
import admission from '../../../resources/schemas/admission.json' with { type: 'json' };
import ccks2019 from '../../../resources/schemas/ccks2019.json' with { type: 'json' };
import ccks2019Symptom from '../../../resources/schemas/ccks2019-symptom.json' with { type: 'json' };
import labResults from '../../../resources/schemas/lab-results.json' with { type: 'json' };
import medication from '../../../resources/schemas/medication.json' with { type: 'json' };
import tumourPathology from '../../../resources/schemas/tumour-pathology.json' with { type: 'json' };
import { AppError } from './errors';

export const maxSchemaTypes = 60;
export const maxSchemaFields = 120;
export const maxChoiceOptions = 200;
export const maxSchemaExamples = 20;

/** A name that a model writes at the beginning of a line, and a table has as a column. */
const nameSchema = z.string().min(1).max(40);
const noteSchema = z.string().max(500);

/** What a schema may ask to be said of each fact. */
export const factAttributeSchema = z.enum(['negated', 'uncertain', 'historical', 'experiencer']);
export type FactAttribute = z.infer<typeof factAttributeSchema>;

export const entityTypeSchema = z.object({
  /** Stable id, also the name that models are prompted with. */
  id: nameSchema,
  /** Shown in the English window; may be empty. */
  english: z.string().max(60),
  /** Index into the colour-blind-safe palette of the UI (`--entity-1` ... `--entity-12`). */
  hue: z.int().min(1).max(12),
  description: noteSchema.optional(),
  /** Words as they stand in records. */
  examples: z.array(z.string().min(1).max(200)).max(maxSchemaExamples).optional(),
  /** Of what the schema asks to be said, the part that is asked of this type. Defaults to all of it. */
  attributes: z.array(factAttributeSchema).optional(),
});
export type EntityType = z.infer<typeof entityTypeSchema>;

const fieldBase = {
  id: nameSchema,
  english: z.string().max(60),
  description: noteSchema.optional(),
  examples: z.array(z.string().min(1).max(200)).max(maxSchemaExamples).optional(),
};
/** Exactly as it stands in the record. */
const textField = z.object({ kind: z.literal('text'), ...fieldBase });
/** A number; `units` are those that are known, the first one the usual. */
const numberField = z.object({
  kind: z.literal('number'),
  ...fieldBase,
  units: z.array(z.string().min(1).max(30)).max(30),
});
/** A date or a part of one; its value is ISO 8601 as exact as the record is (2024, 2024-03, 2024-03-05). */
const dateField = z.object({ kind: z.literal('date'), ...fieldBase });
/** Yes, no, or not mentioned. */
const yesNoField = z.object({ kind: z.literal('yes-no'), ...fieldBase });
const choiceField = z.object({
  kind: z.literal('choice'),
  ...fieldBase,
  options: z.array(z.string().min(1).max(60)).min(1).max(maxChoiceOptions),
});
export const plainFieldSchema = z.discriminatedUnion('kind', [
  textField,
  numberField,
  dateField,
  yesNoField,
  choiceField,
]);
export type PlainField = z.infer<typeof plainFieldSchema>;

/** Members that belong together and may come several times: one drug of a list, one laboratory value. */
const groupField = z.object({
  kind: z.literal('group'),
  ...fieldBase,
  fields: z.array(plainFieldSchema).min(1).max(20),
});
export const schemaFieldSchema = z.discriminatedUnion('kind', [
  ...plainFieldSchema.options,
  groupField,
]);
export type SchemaField = z.infer<typeof schemaFieldSchema>;
export type GroupField = z.infer<typeof groupField>;

/** A text with what is to be found in it, for prompts and to check a schema against. */
export const schemaExampleSchema = z.object({
  text: z.string().min(1).max(4000),
  facts: z.array(
    z.object({
      /** Of a type or a field; `组.成员` for a member of a group. */
      type: z.string().min(1).max(81),
      /** Verbatim in `text`. */
      text: z.string().min(1).max(1000),
      /** Of a field whose value is not its text. */
      value: z.union([z.string(), z.number(), z.boolean()]).optional(),
    }),
  ),
});
export type SchemaExample = z.infer<typeof schemaExampleSchema>;

/** The id of one of our own schemas, or a UUID. */
export const schemaIdSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);

/** Of a shape that can be stored and shown; whether it can run is `domain/rules/schema-check`. */
export const annotationSchemaSchema = z.object({
  id: schemaIdSchema,
  /** Counts from 1; each saved change makes the next one. */
  version: z.int().positive(),
  chinese: z.string().min(1).max(60),
  english: z.string().max(80),
  description: noteSchema.optional(),
  types: z.array(entityTypeSchema).max(maxSchemaTypes),
  fields: z.array(schemaFieldSchema).max(maxSchemaFields),
  attributes: z.array(factAttributeSchema),
  examples: z.array(schemaExampleSchema).max(maxSchemaExamples).optional(),
});
export type AnnotationSchema = z.infer<typeof annotationSchemaSchema>;

/** Our own, in the order in which they are offered; each is a file of `resources/schemas`. */
export const annotationSchemas: readonly AnnotationSchema[] = [
  ccks2019,
  ccks2019Symptom,
  admission,
  labResults,
  medication,
  tumourPathology,
].map((template) => annotationSchemaSchema.parse(template));

/** Whether facts of a type may have this said of them; a name that is no type's may. */
export function asksOf(
  { types }: Pick<AnnotationSchema, 'types'>,
  type: string,
  attribute: FactAttribute,
): boolean {
  return types.find(({ id }) => id === type)?.attributes?.includes(attribute) ?? true;
}

/**
 * One of our own by its id.
 * @throws AppError `SCHEMA_UNKNOWN`
 */
export function annotationSchema(id: string): AnnotationSchema {
  const found = annotationSchemas.find((schema) => schema.id === id);
  if (!found) throw new AppError('SCHEMA_UNKNOWN', { params: { schema: id } });
  return found;
}
