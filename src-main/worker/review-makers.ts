/** In whose name, and of when, the decisions of a review are. */
import { AppError } from '../domain/contract/errors';
import type { Fact } from '../domain/contract/fact';
import type { ReviewItem, StoredReview } from '../domain/contract/review';
import { sameJson } from '../domain/review/canonical-json';

/** How far the system's clock may have been set back since a decision that is saved now, milliseconds. */
export const clockTolerance = 60_000;

export interface MakerRules {
  /** Opaque id of who works with the vault; null where nobody signed in. */
  readonly userId: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Items as they stand already, be it that the review begins with them. */
  readonly known: readonly ReviewItem[];
  /** Every version of the review that is stored: what is taken back is found there. */
  readonly stored: () => Promise<readonly StoredReview[]>;
}

/**
 * That each decision is who is signed in's own and not of the future, or somebody's who made exactly it:
 * a page cannot put another name, or a later time, on what was decided.
 *
 * @throws AppError `BAD_REQUEST`; and what `stored` throws
 */
export async function checkMakers(
  { items }: Pick<StoredReview, 'items'>,
  { userId, now, known, stored }: MakerRules,
): Promise<void> {
  const by = userId ?? '';
  const isOwn = (item: ReviewItem): boolean =>
    item.decision === 'pending'
      ? item.by === undefined && item.at === undefined && item.review === undefined
      : item.by === by && item.at !== undefined && item.at <= now + clockTolerance;
  const others = without(
    items.filter((item) => !isOwn(item)),
    known,
  );
  if (others.length === 0) return;
  const earlier = (await stored()).flatMap((review) => review.items);
  if (without(others, earlier).length > 0) throw new AppError('BAD_REQUEST');
}

/** Those that no item of `known` is the origin of. */
function without(items: readonly ReviewItem[], known: readonly ReviewItem[]): ReviewItem[] {
  if (items.length === 0) return [];
  const byId = new Map<string, ReviewItem[]>();
  for (const each of known) byId.set(each.id, [...(byId.get(each.id) ?? []), each]);
  return items.filter((item) => !byId.get(item.id)?.some((each) => comesFrom(item, each)));
}

/** The same decision on the same words; a later run carries one that was made alone. */
function comesFrom(item: ReviewItem, before: ReviewItem): boolean {
  const decision = ({ fact, machine, origin, decision, at, by }: ReviewItem): unknown => ({
    ...{ fact: placeless(fact), machine: machine && placeless(machine) },
    ...{ origin, decision, at, by },
  });
  const isCarried = item.review === 'carried' && before.review === 'single';
  return (item.review === before.review || isCarried) && sameJson(decision(item), decision(before));
}

/** A corrected heading moves facts to another section, and decides nothing. */
function placeless(fact: Fact): Fact {
  return { ...fact, section: undefined };
}
