/** What is said of a fact besides its words, in the order in which screens name it. */
import type { Fact } from '@domain/contract/fact';

export type AttributeTag = 'negated' | 'uncertain' | 'historical' | 'family' | 'other';

export const attributeTags: readonly AttributeTag[] = [
  'negated',
  'uncertain',
  'historical',
  'family',
  'other',
];

/** The tags of one fact; a fact about the patient, affirmed and present, has none. */
export function tagsOf({ attributes }: Pick<Fact, 'attributes'>): AttributeTag[] {
  return attributeTags.filter((tag) =>
    tag === 'family' || tag === 'other' ? attributes.experiencer === tag : attributes[tag] === true,
  );
}
