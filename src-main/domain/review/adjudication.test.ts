import { describe, expect, it } from 'vitest';
import type { StoredReview } from '../contract/review';
import { agreementOf } from '../rules/agreement-report';
import { f1Of } from '../rules/agreement';
import { stepOf, type ReviewAction } from './actions';
import { adjudicatedId, choiceOf, disputesOf, outcomeOf, startAdjudication } from './adjudication';
import { checkConfirmable, confirmedContent } from './confirmation';
import { newMention, withEdgeMoved } from './edit-fact';
import { applyPatch } from './patch';
import { doctor, fresh, idOf, of, text } from './review.fixture';
import { reviewing, take, undo } from './undo';

const study = '11111111-1111-4111-8111-111111111111';

function act(review: StoredReview, ...actions: ReviewAction[]): StoredReview {
  return actions.reduce((state, action) => {
    const step = stepOf(state, action, doctor);
    return step ? applyPatch(state, step, doctor) : state;
  }, review);
}
const all = (review: StoredReview, kind: 'accept' | 'reject'): ReviewAction[] =>
  review.items.map(({ id }) => ({ kind, id }));
const edge = (review: StoredReview, words: string): ReviewAction => {
  const id = idOf(review, words);
  const item = review.items.find((each) => each.id === id);
  if (!item) throw new Error('no item');
  return { kind: 'edit', id, fact: withEdgeMoved(item.fact, 'end', 1, of) };
};

// The first accepts everything; the second has 高血压 one character longer, rejects 肺部感染, adds 否认.
const begun = fresh();
const first = act(begun, ...all(begun, 'accept'));
const added = { id: 'added', fact: newMention('added', '症状', { start: 21, end: 23 }, of) };
const second: StoredReview = {
  ...act(
    begun,
    edge(begun, '高血压'),
    ...all(begun, 'accept'),
    { kind: 'reject', id: idOf(begun, '肺部感染') },
    { kind: 'add', ...added },
  ),
  role: 'second',
};
const disputes = disputesOf(first.items, second.items);

describe('where two reviews differ', () => {
  it('what overlaps is one dispute, and the order is that of the text', () => {
    const words = disputes.map((each) => [
      each.first.map(({ fact }) => fact.text),
      each.second.map(({ fact }) => fact.text),
    ]);
    expect(words).toEqual([
      [['高血压'], ['高血压病']],
      [[], [text.slice(21, 23)]],
      [['肺部感染'], []],
    ]);
    expect(disputesOf(first.items, first.items)).toEqual([]);
  });

  it('a flag alone is a difference, how sure a model was is not', () => {
    const [item] = first.items;
    if (!item) throw new Error('no item');
    const sure = { ...item, fact: { ...item.fact, confidence: 0.1 } };
    expect(disputesOf([item], [sure])).toEqual([]);
    const negated = { ...item, fact: { ...item.fact, attributes: { negated: true } } };
    expect(disputesOf([item], [negated])).toHaveLength(1);
  });
});

describe('an adjudication', () => {
  const adjudication = startAdjudication(first, second, study, doctor);
  const decide = (...outcomes: ('first' | 'second' | 'own')[]): ReviewAction[] =>
    outcomes.flatMap((outcome, at): ReviewAction[] => {
      const dispute = disputes[at];
      return dispute ? [{ kind: 'choose', ...choiceOf(dispute, outcome) }] : [];
    });

  it('holds what both accepted, and asks for everything else', () => {
    const states = adjudication.items.map(({ fact, decision, review }) => [
      ...[fact.text, decision, review],
    ]);
    expect(states).toEqual([
      ['高血压', 'pending', undefined],
      ['高血压病', 'pending', undefined],
      ['硝苯地平控释片', 'accepted', 'carried'],
      [text.slice(21, 23), 'pending', undefined],
      ['糖尿病', 'accepted', 'carried'],
      ['肺部', 'accepted', 'carried'],
      ['肺部感染', 'pending', undefined],
      ['胸部CT', 'accepted', 'carried'],
    ]);
    expect(() => checkConfirmable(adjudication)).toThrow();
    expect(confirmedContent(adjudication)).toContain(study);
  });

  it('takes the first, the second or neither, each by one act that can be taken back', () => {
    const done = act(adjudication, ...decide('second', 'first', 'own'));
    expect(disputes.map((dispute) => outcomeOf(dispute, adjudication.items))).toEqual(
      disputes.map(() => null),
    );
    // Only the first had 肺部感染: to take neither is what the second said.
    expect(disputes.map((dispute) => outcomeOf(dispute, done.items))).toEqual([
      ...['second', 'first', 'second'],
    ]);
    expect(() => checkConfirmable(done)).not.toThrow();
    const [step] = decide('first').map((action) => stepOf(adjudication, action, doctor));
    if (!step) throw new Error('no step');
    const back = undo(take(reviewing(adjudication), step, doctor), doctor);
    expect(back.review.items).toEqual(adjudication.items);
  });

  it('what was changed in it is the adjudicator’s own', () => {
    const chosen = act(adjudication, ...decide('first', 'first', 'first'));
    const [dispute] = disputes;
    const [item] = dispute?.first ?? [];
    if (!dispute || !item) throw new Error('no dispute');
    const fact = withEdgeMoved(item.fact, 'start', -1, of);
    const changed = act(chosen, { kind: 'edit', id: adjudicatedId('first', item), fact });
    expect(outcomeOf(dispute, changed.items)).toBe('own');
    const neither = act(adjudication, ...decide('own'));
    expect(outcomeOf(dispute, neither.items)).toBe('own');
  });
});

describe('the agreement of a sample', () => {
  it('is of the sums, overall and by type: 4 of 6 and 6 facts are the same, 5 are near', () => {
    const agreement = agreementOf([
      { first: first.items, second: second.items, chars: text.length },
    ]);
    expect(agreement.strict).toEqual({ both: 4, onlyFirst: 2, onlySecond: 2 });
    expect(agreement.relaxed).toEqual({ both: 5, onlyFirst: 1, onlySecond: 1 });
    expect(f1Of(agreement.strict)).toBeCloseTo(8 / 12, 12);
    const disease = agreement.byType.find(({ type }) => type === '疾病和诊断');
    expect(disease?.strict).toEqual({ both: 1, onlyFirst: 2, onlySecond: 1 });
    expect(agreement.byType.find(({ type }) => type === '药物')?.kappa).toBe(1);
    expect(agreement.kappa).toBeGreaterThan(0);
    expect(agreement.kappa).toBeLessThan(1);
  });

  it('of nothing is unknown', () => {
    expect(agreementOf([])).toMatchObject({ records: 0, kappa: null, byType: [] });
  });
});
