import { describe, expect, it } from 'vitest';
import type { ReviewItem } from '../contract/review';
import { applyPatch } from './patch';
import { stepOf } from './actions';
import { differencesOf } from './difference';
import { newMention, withType } from './edit-fact';
import { nextOpen, ordered } from './order';
import { doctor, fresh, idOf, mention, of } from './review.fixture';
import { nextVersion } from './review';

describe('the order of a review', () => {
  it('is of the text, or begins with what the model was least sure of', () => {
    const { items } = fresh();
    expect(ordered(items, 'place')).toEqual(items);
    expect(ordered(items, 'doubt').map(({ fact }) => fact.text)).toEqual([
      ...['肺部感染', '硝苯地平控释片', '高血压', '肺部', '胸部CT', '糖尿病'],
    ]);
  });

  it('by doubt stays as it is while facts are decided and corrected; what a person added is last', () => {
    const before = fresh();
    const ids = ordered(before.items, 'doubt').map(({ id }) => id);
    // The one that the model was surest of: corrected, it has no number of its own any more.
    const id = idOf(before, '糖尿病');
    const fact = withType(mention('糖尿病', '疾病和诊断', { confidence: 0.9 }), '症状');
    let review = before;
    for (const action of [
      { kind: 'edit', id, fact } as const,
      { kind: 'accept', id } as const,
      { kind: 'add', id: 'x', fact: newMention('x', '症状', { start: 0, end: 2 }, of) } as const,
    ]) {
      const step = stepOf(review, action, doctor);
      if (step) review = applyPatch(review, step, doctor);
    }
    expect(ordered(review.items, 'doubt').map((each) => each.id)).toEqual([...ids, 'x']);
  });

  it('facts without a place come last, and a model without numbers comes first by doubt', () => {
    const silent = { ...mention('高血压'), start: null, end: null, text: null };
    const review = fresh([silent, mention('糖尿病'), mention('肺部', 'x', { confidence: null })]);
    expect(ordered(review.items, 'place').at(-1)?.fact.text).toBeNull();
    expect(ordered(review.items, 'doubt')[0]?.fact.text).toBe('肺部');
  });
});

describe('the next open one', () => {
  const decided = (indices: readonly number[]): ReviewItem[] =>
    fresh().items.map((item, index) =>
      indices.includes(index) ? { ...item, decision: 'accepted' } : item,
    );
  const places = (items: readonly ReviewItem[], from: number | null, by?: 1 | -1) => {
    const id = from === null ? null : (items[from]?.id ?? null);
    const next = nextOpen(items, id, by);
    return next ? items.indexOf(next) : null;
  };

  it('is the first for a start, then the following, then from the beginning', () => {
    expect(places(decided([]), null)).toBe(0);
    expect(places(decided([0, 1]), 0)).toBe(2);
    expect(places(decided([3, 4, 5]), 4)).toBe(0);
    expect(places(decided([]), 5)).toBe(0);
    expect(places(decided([]), null, -1)).toBe(5);
    expect(places(decided([5]), 0, -1)).toBe(4);
  });

  it('is none where nothing else is open', () => {
    expect(places(decided([0, 1, 2, 3, 4, 5]), 2)).toBeNull();
    expect(places(decided([0, 1, 2, 4, 5]), 3)).toBeNull();
    expect(nextOpen([], null)).toBeNull();
  });
});

it('the difference between versions is of accepted facts: added, removed, changed', () => {
  const first = fresh();
  const act = (review: typeof first, action: Parameters<typeof stepOf>[1]) => {
    const step = stepOf(review, action, doctor);
    return step ? applyPatch(review, step, doctor) : review;
  };
  const ids = first.items.map(({ id }) => id);
  const all = act(first, { kind: 'accept-all', ids });
  let next = nextVersion(all, { at: 5000, by: 'doctor-2' });
  expect(next).toMatchObject({ version: 2, confirmation: null, changes: [], by: 'doctor-2' });
  expect(differencesOf(all, next)).toEqual([]);
  next = act(next, { kind: 'reject', id: idOf(next, '高血压') });
  next = act(next, {
    kind: 'edit',
    id: idOf(next, '肺部感染'),
    fact: withType(mention('肺部感染'), '症状'),
  });
  const fact = newMention('x', '症状', { start: 0, end: 2 }, of);
  next = act(next, { kind: 'add', id: 'x', fact });
  expect(
    differencesOf(all, next).map((each) => [
      each.kind,
      'before' in each ? each.before.type : null,
      'after' in each ? each.after.type : null,
    ]),
  ).toEqual([
    ['added', null, '症状'],
    ['removed', '疾病和诊断', null],
    ['changed', '疾病和诊断', '症状'],
  ]);
});
