/**
 * Adjudication of where two reviews of a record differ. It is a review of its own: what both accepted is
 * in it as accepted, and each fact that only one of them accepted is to be decided. An item's id says
 * whose it was.
 */
import { compareFacts, type Fact } from '../contract/fact';
import type { ReviewItem, StoredReview } from '../contract/review';
import type { StoredStudy } from '../contract/study';
import { sameJson } from './canonical-json';
import { compareItems, studyReviewIdOf, type Actor } from './review';

/** A place where two reviews differ: what each of them has there; one of them may have nothing. */
export interface Dispute {
  readonly first: readonly ReviewItem[];
  readonly second: readonly ReviewItem[];
}

/** `own`: neither of the two as it was; null while something of it is open. */
export type Outcome = 'first' | 'second' | 'own' | null;

type Side = 'first' | 'second';
type Items = readonly ReviewItem[];

/** In the order of the text. Facts that overlap, or fill in the same field, are one dispute. */
export function disputesOf(first: Items, second: Items): readonly Dispute[] {
  const open = [
    ...unmatched(first, second).map((item) => ({ item, side: 'first' as const })),
    ...unmatched(second, first).map((item) => ({ item, side: 'second' as const })),
  ].sort((a, b) => compareItems(a.item, b.item) || (a.side === 'first' ? -1 : 1));
  const groups: (typeof open)[] = [];
  for (const each of open) {
    const related = groups.filter((group) =>
      group.some(({ item }) => areRelated(item.fact, each.item.fact)),
    );
    const joined = [...related.flat(), each];
    for (const group of related) groups.splice(groups.indexOf(group), 1);
    groups.push(joined);
  }
  const of = (group: typeof open, side: Side): ReviewItem[] =>
    group.filter((each) => each.side === side).map(({ item }) => item);
  return groups
    .map((group) => ({ first: of(group, 'first'), second: of(group, 'second') }))
    .sort((a, b) => compareFacts(placeOf(a), placeOf(b)));
}

/** Id that an item of one of the two reviews has in the adjudication. */
export function adjudicatedId(side: Side, { id }: Pick<ReviewItem, 'id'>): string {
  return `${side}:${id}`;
}

/** @param study that both reviews are of */
export function startAdjudication(
  first: StoredReview,
  second: StoredReview,
  study: string,
  { at, by }: Actor,
): StoredReview {
  const { recordId, textSha256, runId, schema } = second;
  const agreed = accepted(first.items).flatMap((item): ReviewItem[] => {
    const other = accepted(second.items).find(({ fact }) => saysTheSame(fact, item.fact));
    if (!other) return [];
    const review = item.review === 'bulk' && other.review === 'bulk' ? 'bulk' : 'carried';
    return [{ ...stripped(item), id: `both:${item.id}`, decision: 'accepted', review }];
  });
  const open = (side: Side, items: Items): ReviewItem[] =>
    items.map((item) => ({
      ...stripped(item),
      ...{ id: adjudicatedId(side, item), decision: 'pending' },
    }));
  const disputes = disputesOf(first.items, second.items);
  return {
    id: studyReviewIdOf(recordId, 'adjudication', study),
    ...{ recordId, textSha256, role: 'adjudication', study, runId, schema, version: 1 },
    items: [
      ...agreed,
      ...disputes.flatMap((each) => [...open('first', each.first), ...open('second', each.second)]),
    ].sort(compareItems),
    ...{ confirmation: null, changes: [], updatedAt: at },
    ...(by === '' ? {} : { by }),
  };
}

/** Whether somebody may adjudicate a record of a sample: a third person, or anyone where that is allowed. */
export function mayAdjudicate(
  { records, second, ownAllowed }: Pick<StoredStudy, 'records' | 'second' | 'ownAllowed'>,
  recordId: string,
  userId: string | null,
): boolean {
  const sampled = records.find((each) => each.recordId === recordId);
  if (!sampled || userId === null) return false;
  return ownAllowed !== undefined || (sampled.first.by !== userId && second !== userId);
}

/** What an adjudication says of a dispute. */
export function outcomeOf(dispute: Dispute, items: Items): Outcome {
  const byId = new Map(items.map((item) => [item.id, item]));
  const stateOf = (side: Side): 'kept' | 'dropped' | 'changed' | 'open' => {
    const states = dispute[side].map((item) => {
      const now = byId.get(adjudicatedId(side, item));
      // What a doctor had added and the adjudicator took out is not there any more.
      if (!now || now.decision === 'rejected') return 'dropped';
      if (now.decision === 'pending') return 'open';
      return saysTheSame(now.fact, item.fact) ? 'kept' : 'changed';
    });
    if (states.includes('open')) return 'open';
    if (states.every((state) => state === 'dropped')) return 'dropped';
    return states.every((state) => state === 'kept') ? 'kept' : 'changed';
  };
  const [first, second] = [stateOf('first'), stateOf('second')];
  if (first === 'open' || second === 'open') return null;
  if (second === 'dropped' && (first === 'kept' || dispute.first.length === 0)) return 'first';
  if (first === 'dropped' && (second === 'kept' || dispute.second.length === 0)) return 'second';
  return 'own';
}

/** Ids to accept and to reject for an outcome. */
export function choiceOf(
  dispute: Dispute,
  outcome: Exclude<Outcome, null>,
): { readonly accept: readonly string[]; readonly reject: readonly string[] } {
  const ids = (side: Side) => dispute[side].map((item) => adjudicatedId(side, item));
  if (outcome === 'first') return { accept: ids('first'), reject: ids('second') };
  if (outcome === 'second') return { accept: ids('second'), reject: ids('first') };
  return { accept: [], reject: [...ids('first'), ...ids('second')] };
}

function accepted(items: Items): ReviewItem[] {
  return items.filter(({ decision }) => decision === 'accepted');
}

function unmatched(items: Items, others: Items): ReviewItem[] {
  const there = accepted(others);
  return accepted(items).filter(({ fact }) => !there.some((item) => saysTheSame(item.fact, fact)));
}

/** What is said, wherever it came from and however sure a model was of it. */
function saysTheSame(a: Fact, b: Fact): boolean {
  const said = ({ kind, type, start, end, value, unit, attributes, group }: Fact): unknown => ({
    ...{ kind, type, start, end, value, unit, attributes, group },
  });
  return sameJson(said(a), said(b));
}

function areRelated(a: Fact, b: Fact): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'field') {
    return (
      a.type === b.type && a.group?.name === b.group?.name && a.group?.index === b.group?.index
    );
  }
  if (a.start === null || a.end === null || b.start === null || b.end === null) return false;
  return a.start < b.end && b.start < a.end;
}

/** An item as somebody has yet to decide it. */
function stripped({ id, fact, origin, machine }: ReviewItem): Omit<ReviewItem, 'decision'> {
  return { id, fact, origin, ...(machine ? { machine } : {}) };
}

function placeOf({ first, second }: Dispute): Fact {
  const facts = [...first, ...second].map(({ fact }) => fact).sort(compareFacts);
  const [earliest] = facts;
  if (!earliest) throw new TypeError('a dispute without facts');
  return earliest;
}
