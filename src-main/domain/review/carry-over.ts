/**
 * A later run under the schema of a review; one under another schema has a review of its own. What a
 * person decided or changed stays as it is: a decision goes on for the same stretch and type, and what the
 * later run says against it is listed on the item, for a person to settle. New facts come as pending; of
 * what nobody touched, the later run takes the place. About types that its version of the schema does not
 * ask for it says nothing by its silence: an older version may have, and a review from before each schema
 * had its own holds facts of others.
 */
import { AppError } from '../contract/errors';
import type { Fact } from '../contract/fact';
import type { StoredRun } from '../contract/record';
import type { ReviewItem, StoredReview } from '../contract/review';
import { schemaOfRun } from '../rules/export/schema-of-run';
import { sameJson } from './canonical-json';
import { inRowsOf } from './group-rows';
import type { ItemStep, Patch } from './patch';
import { itemOfRun, withoutConflict } from './review';

/**
 * @returns the step, or null for the run that is under review already
 * @throws AppError `REVIEW_LOCKED` when the review is confirmed; `VERSION_CONFLICT` for a run on another
 *   text; `BAD_REQUEST` for one under another schema
 */
export function carryOver(
  review: StoredReview,
  run: Pick<StoredRun, 'id' | 'run' | 'facts' | 'status' | 'textSha256'>,
): Patch | null {
  if (review.confirmation) throw new AppError('REVIEW_LOCKED');
  if (review.textSha256 !== run.textSha256) throw new AppError('VERSION_CONFLICT');
  if (review.schema !== run.run.schema) throw new AppError('BAD_REQUEST');
  if (review.runId === run.id) return null;
  const found = new Found(inRowsOf(review.items, run.facts));
  const speaks = spokenOf(run);
  const steps: ItemStep[] = [];
  const unconfirmed: ReviewItem[] = [];

  for (const item of review.items) {
    const same = found.take(item);
    if (isUntouched(item)) {
      // A run that did not end says nothing by its silence.
      const missed = run.status === 'completed' ? null : item;
      steps.push({ before: item, after: same ? { ...item, fact: same } : missed });
    } else if (same) {
      steps.push({ before: item, after: carried(item, same, run.id) });
    } else {
      unconfirmed.push(item);
    }
  }
  for (const item of unconfirmed) {
    const against = item.decision === 'rejected' ? undefined : found.takeAgainst(item);
    const isSilent = against === undefined && !speaks(item.fact);
    steps.push({
      before: item,
      after: isSilent ? withoutConflict(item) : contested(item, against, run),
    });
  }
  for (const { fact, index } of found.rest()) {
    steps.push({ before: null, after: itemOfRun(run.id, index, fact) });
  }
  return {
    items: steps.filter(({ before, after }) => !sameJson(before, after)),
    source: { before: { runId: review.runId }, after: { runId: run.id } },
  };
}

/** Whether a run, by finding nothing, says of a fact that it is not there. */
function spokenOf({ run }: Pick<StoredRun, 'run'>): (fact: Fact) => boolean {
  const schema = schemaOfRun(run);
  const asked = new Set([...(schema?.types ?? []), ...(schema?.fields ?? [])].map(({ id }) => id));
  return ({ type, group }) => asked.has(group?.name ?? type);
}

/** Whether nobody has decided, changed or added it. */
function isUntouched({ decision, machine, origin, conflict }: ReviewItem): boolean {
  return decision === 'pending' && !machine && origin === 'model' && !conflict;
}

/** The later run finds it again; what it says of it otherwise is listed. */
function carried(item: ReviewItem, same: Fact, runId: string): ReviewItem {
  const next: ReviewItem = {
    ...withoutConflict(item),
    // That it was accepted with others must not be forgotten.
    ...(item.review === 'single' ? { review: 'carried' } : {}),
  };
  const isNews =
    item.decision !== 'rejected' &&
    !sameSaying(same, item.fact) &&
    (!item.machine || !sameSaying(same, item.machine));
  return isNews ? { ...next, conflict: { runId, fact: same } } : next;
}

/** The later run does not find it: it says something else of the place, or nothing. */
function contested(
  item: ReviewItem,
  against: Fact | undefined,
  run: Pick<StoredRun, 'id' | 'status'>,
): ReviewItem {
  const next = withoutConflict(item);
  if (against) return { ...next, conflict: { runId: run.id, fact: against } };
  // Nor does any run by its silence on what no model ever found.
  const isMissed =
    run.status === 'completed' && item.origin === 'model' && item.decision === 'accepted';
  return isMissed ? { ...next, conflict: { runId: run.id, fact: null } } : next;
}

/** The facts of a run that no item has taken yet. */
class Found {
  readonly #facts: (Fact | null)[];

  constructor(facts: readonly Fact[]) {
    this.#facts = [...facts];
  }

  /** The same place and type as the item has, or had before a person changed it. */
  take({ fact, machine }: ReviewItem): Fact | undefined {
    return (
      this.#take((each) => samePlace(each, fact) && sameSaying(each, fact)) ??
      this.#take((each) => samePlace(each, fact)) ??
      (machine && this.#take((each) => samePlace(each, machine)))
    );
  }

  /** What cannot be true beside the item. */
  takeAgainst({ fact }: ReviewItem): Fact | undefined {
    return this.#take((each) => isAgainst(each, fact));
  }

  rest(): { fact: Fact; index: number }[] {
    return this.#facts.flatMap((fact, index) => (fact ? [{ fact, index }] : []));
  }

  #take(test: (fact: Fact) => boolean): Fact | undefined {
    const index = this.#facts.findIndex((fact) => fact !== null && test(fact));
    const fact = this.#facts[index] ?? undefined;
    if (fact) this.#facts[index] = null;
    return fact;
  }
}

function samePlace(a: Fact, b: Fact): boolean {
  return (
    a.kind === b.kind &&
    a.type === b.type &&
    a.start === b.start &&
    a.end === b.end &&
    sameJson(a.group, b.group)
  );
}

/** The same of a place: flags, value and unit. Where else it is quoted, and how sure, says nothing. */
function sameSaying(a: Fact, b: Fact): boolean {
  const saying = ({ attributes, value, unit }: Fact): unknown => [
    {
      ...attributes,
      negated: attributes.negated === true,
      uncertain: attributes.uncertain === true,
      historical: attributes.historical === true,
      experiencer: attributes.experiencer ?? 'patient',
    },
    value ?? null,
    unit ?? null,
  ];
  return sameJson(saying(a), saying(b));
}

/**
 * The same field with another answer; another type for the same words; another stretch for the same
 * type. A mention inside one of another type is nested, and no contradiction.
 */
function isAgainst(later: Fact, decided: Fact): boolean {
  if (later.kind !== decided.kind) return false;
  if (later.kind === 'field') {
    return later.type === decided.type && sameJson(later.group, decided.group);
  }
  if (later.start === null || later.end === null) return false;
  if (decided.start === null || decided.end === null) return false;
  if (later.start === decided.start && later.end === decided.end) return true;
  return later.type === decided.type && later.start < decided.end && decided.start < later.end;
}
