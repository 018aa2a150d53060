/** Agreement over all records of a sample, overall and by type. */
import type { Fact } from '../contract/fact';
import type { ReviewItem } from '../contract/review';
import type { Agreement } from '../contract/study';
import {
  kappaOf,
  labelCounts,
  labelCountsOf,
  pairCounts,
  relaxedPairCounts,
  sumOfLabels,
  sumOfPairs,
} from './agreement';

type Items = readonly Pick<ReviewItem, 'fact' | 'decision'>[];

export interface TwiceReviewed {
  readonly first: Items;
  readonly second: Items;
  /** UTF-16 units of the text. */
  readonly chars: number;
}

/** Types in the order of how often either reviewer accepted them. */
export function agreementOf(records: readonly TwiceReviewed[]): Agreement {
  const labels = sumOfLabels(
    records.map(({ first, second, chars }) => labelCounts(first, second, chars)),
  );
  const part = (of: (fact: Fact) => boolean) => {
    const pairs = (count: typeof pairCounts) =>
      sumOfPairs(
        records.map(({ first, second }) =>
          count(
            first.filter(({ fact }) => of(fact)),
            second.filter(({ fact }) => of(fact)),
          ),
        ),
      );
    return { strict: pairs(pairCounts), relaxed: pairs(relaxedPairCounts) };
  };
  return {
    records: records.length,
    chars: records.reduce((sum, { chars }) => sum + chars, 0),
    ...part(() => true),
    kappa: kappaOf(labels),
    byType: typesOf(records).map(({ kind, type }) => ({
      ...{ kind, type },
      ...part((fact) => fact.kind === kind && fact.type === type),
      // A field is not marked character by character.
      kappa: kind === 'mention' ? kappaOf(labelCountsOf(type, labels)) : null,
    })),
  };
}

function typesOf(records: readonly TwiceReviewed[]): Pick<Fact, 'kind' | 'type'>[] {
  const counts = new Map<string, { kind: Fact['kind']; type: string; count: number }>();
  for (const { first, second } of records) {
    for (const { fact, decision } of [...first, ...second]) {
      if (decision !== 'accepted') continue;
      const { kind, type } = fact;
      const key = `${kind} ${type}`;
      const known = counts.get(key) ?? { kind, type, count: 0 };
      counts.set(key, { ...known, count: known.count + 1 });
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1));
}
