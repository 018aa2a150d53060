/** What a fact says of itself besides its words. */
import type { Fact } from '../../contract/fact';

export const factFlags = ['negated', 'uncertain', 'historical', 'family', 'other'] as const;
export type FactFlag = (typeof factFlags)[number];

/** In the order of `factFlags`; none means that it is so, now, of the patient. */
export function flagsOf({ attributes }: Pick<Fact, 'attributes'>): FactFlag[] {
  return factFlags.filter((flag) =>
    flag === 'family' || flag === 'other' ? attributes.experiencer === flag : attributes[flag],
  );
}
