/**
 * The catalogue of models that this program knows (`models/catalog.json`): which files are its own.
 * A card lies beside its file and can say anything; this list is part of the program.
 */
import * as z from 'zod';
import catalogFile from '../../models/catalog.json';
import type { ModelCard } from '../domain/contract/model-card';

const entrySchema = z.object({
  id: z.string(),
  name: z.string(),
  /** `built-in` files ship with the program and are known by their hash. */
  kind: z.enum(['built-in']),
  file: z.string(),
  fileSize: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  licence: z.string(),
});
export const catalogSchema = z.object({ catalog: z.literal(1), models: z.array(entrySchema) });

const { models } = catalogSchema.parse(catalogFile);

/** The catalogue's entry for a file's hash, or null. */
export function catalogued(sha256: string): z.infer<typeof entrySchema> | null {
  return models.find((model) => model.sha256 === sha256) ?? null;
}

/** The card, with a `release` that the catalogue does not bear out taken back to `imported`. */
export function withProvenStanding(card: ModelCard): ModelCard {
  return card.standing === 'release' && catalogued(card.sha256) === null
    ? { ...card, standing: 'imported' }
    : card;
}
