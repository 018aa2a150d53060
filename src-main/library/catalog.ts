/**
 * The catalogue of models that this program knows (`models/catalog.json`): which files are its own.
 * A card lies beside its file and can say anything; this list is part of the program.
 */
import * as z from 'zod';
import catalogFile from '../../models/catalog.json' with { type: 'json' };
import { knownModelSchema, type KnownModel } from '../domain/contract/library';
import type { ModelCard } from '../domain/contract/model-card';

const builtInSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Ships with the program and is known by its hash. */
  kind: z.literal('built-in'),
  file: z.string(),
  fileSize: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  licence: z.string(),
});
/** A model that others publish: known by its shape, which proves nothing of its numbers. */
const knownSchema = knownModelSchema.extend({ kind: z.literal('known') });
export const catalogSchema = z.object({
  catalog: z.literal(1),
  models: z.array(z.discriminatedUnion('kind', [builtInSchema, knownSchema])),
});

const { models } = catalogSchema.parse(catalogFile);

/** The entry of the program's own model with this hash, or null. */
export function catalogued(sha256: string): z.infer<typeof builtInSchema> | null {
  const own = models.flatMap((model) => (model.kind === 'built-in' ? [model] : []));
  return own.find((model) => model.sha256 === sha256) ?? null;
}

/** The published models that a person may bring; the program downloads none of them. */
export const knownModels: readonly KnownModel[] = models.flatMap((model) =>
  model.kind === 'known' ? [knownModelSchema.parse(model)] : [],
);

/** The published model that has exactly this shape, or null. */
export function recognised(summary: KnownModel['shape']): KnownModel | null {
  const keys = Object.keys(knownModelSchema.shape.shape.shape) as (keyof KnownModel['shape'])[];
  return knownModels.find(({ shape }) => keys.every((key) => shape[key] === summary[key])) ?? null;
}

/** The card, with a `release` that the catalogue does not bear out taken back to `imported`. */
export function withProvenStanding(card: ModelCard): ModelCard {
  return card.standing === 'release' && catalogued(card.sha256) === null
    ? { ...card, standing: 'imported' }
    : card;
}
