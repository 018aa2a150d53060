/**
 * A schema while it is written: of the right shape, but names may be empty, lists too long, anything may
 * come twice. What is wrong with it is `faults.ts`.
 */
import * as z from 'zod';
import { factAttributeSchema, type AnnotationSchema } from '@domain/contract/annotation-schema';

const fieldBase = {
  id: z.string(),
  english: z.string().default(''),
  description: z.string().optional(),
  examples: z.array(z.string()).optional(),
};
const plainField = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), ...fieldBase }),
  z.object({ kind: z.literal('number'), ...fieldBase, units: z.array(z.string()).default([]) }),
  z.object({ kind: z.literal('date'), ...fieldBase }),
  z.object({ kind: z.literal('yes-no'), ...fieldBase }),
  z.object({ kind: z.literal('choice'), ...fieldBase, options: z.array(z.string()) }),
]);

/** Accepts whatever the editor can show and mend; what it does not know is left out. */
export const draftShape: z.ZodType<AnnotationSchema, unknown> = z.object({
  id: z.string().default(''),
  version: z.number().default(1),
  chinese: z.string(),
  english: z.string().default(''),
  description: z.string().optional(),
  types: z
    .array(
      z.object({
        id: z.string(),
        english: z.string().default(''),
        hue: z.int().min(1).max(12),
        description: z.string().optional(),
        examples: z.array(z.string()).optional(),
      }),
    )
    .default([]),
  fields: z
    .array(
      z.discriminatedUnion('kind', [
        ...plainField.options,
        z.object({ kind: z.literal('group'), ...fieldBase, fields: z.array(plainField) }),
      ]),
    )
    .default([]),
  attributes: z.array(factAttributeSchema).default([]),
  examples: z
    .array(
      z.object({
        text: z.string(),
        facts: z
          .array(
            z.object({
              type: z.string(),
              text: z.string(),
              value: z.union([z.string(), z.number(), z.boolean()]).optional(),
            }),
          )
          .default([]),
      }),
    )
    .optional(),
});
