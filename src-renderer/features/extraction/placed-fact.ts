/** Facts that can be shown in the text. */
import type { Fact } from '@domain/contract/fact';

/** A fact that has a place in the text. */
export type PlacedFact = Fact & { readonly start: number; readonly end: number };

export function isPlaced(fact: Fact): fact is PlacedFact {
  return fact.start !== null && fact.end !== null && fact.end > fact.start;
}
