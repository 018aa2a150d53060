import { describe, expect, it } from 'vitest';
import { storedReviewSchema, type StoredReview } from '../contract/review';
import { stepOf, type ReviewAction } from './actions';
import { newMention, withEdgeMoved, withFlag, withType } from './edit-fact';
import { applyPatch } from './patch';
import { isOpen, progressOf } from './progress';
import { anyStep, doctor, facts, fresh, idOf, mention, of, random } from './review.fixture';
import { redo, reviewing, take, undo, type Reviewing } from './undo';

function after(review: StoredReview, ...actions: ReviewAction[]): StoredReview {
  return actions.reduce((state, action) => {
    const step = stepOf(state, action, doctor);
    return step ? applyPatch(state, step, doctor) : state;
  }, review);
}
const item = (review: StoredReview, id: string) => review.items.find((each) => each.id === id);

describe('a review that was just begun', () => {
  it('has every fact of the run, in the order of the text, none decided, and is of the stored shape', () => {
    const review = fresh([...facts].reverse());
    expect(review.items.map(({ fact }) => fact.text)).toEqual([
      ...['高血压', '硝苯地平控释片', '糖尿病', '肺部', '肺部感染', '胸部CT'],
    ]);
    expect(progressOf(review.items)).toEqual({
      ...{ total: 6, decided: 0, open: 6, accepted: 0, rejected: 0, conflicts: 0, bulk: 0 },
    });
    expect(storedReviewSchema.parse(review)).toEqual(review);
  });

  it('keeps facts apart that have the same id', () => {
    const twins = [mention('高血压', '药物', { id: 'f' }), mention('糖尿病', '药物', { id: 'f' })];
    expect(new Set(fresh(twins).items.map(({ id }) => id)).size).toBe(2);
  });
});

describe('a decision', () => {
  it('is kept with who made it, when and how, and written down', () => {
    const id = idOf(fresh(), '高血压');
    const review = after(fresh(), { kind: 'accept', id });
    expect(item(review, id)).toMatchObject({
      ...{ decision: 'accepted', review: 'single', at: 1000, by: 'doctor-1' },
    });
    expect(review.changes).toEqual([
      { at: 1000, by: 'doctor-1', item: id, kind: 'accept', review: 'single' },
    ]);
  });

  it('can be made otherwise, and taken back to be open', () => {
    const id = idOf(fresh(), '高血压');
    const rejected = after(fresh(), { kind: 'accept', id }, { kind: 'reject', id });
    expect(item(rejected, id)?.decision).toBe('rejected');
    const reopened = after(rejected, { kind: 'reopen', id });
    expect(item(reopened, id)).toEqual(item(fresh(), id));
    expect(reopened.changes.map(({ kind }) => kind)).toEqual(['accept', 'reject', 'reopen']);
  });

  it('that is there already is no step', () => {
    const id = idOf(fresh(), '高血压');
    const accepted = after(fresh(), { kind: 'accept', id });
    expect(stepOf(accepted, { kind: 'accept', id }, { ...doctor, at: 2000 })).toBeNull();
    expect(stepOf(accepted, { kind: 'take', id }, doctor)).toBeNull();
    expect(stepOf(accepted, { kind: 'accept', id: 'nobody' }, doctor)).toBeNull();
    expect(stepOf(fresh(), { kind: 'reopen', id }, doctor)).toBeNull();
  });

  it('of many at once is for the named ones that are open, and is remembered as such', () => {
    const [first, second, third] = fresh().items.map(({ id }) => id);
    if (!first || !second || !third) throw new Error('three items');
    const review = after(
      fresh(),
      { kind: 'reject', id: first },
      { kind: 'accept', id: second },
      { kind: 'accept-all', ids: [first, second, third, 'nobody'] },
    );
    expect(review.items.map(({ decision }) => decision)).toEqual([
      ...['rejected', 'accepted', 'accepted', 'pending', 'pending', 'pending'],
    ]);
    expect([first, second, third].map((id) => item(review, id)?.review)).toEqual([
      ...['single', 'single', 'bulk'],
    ]);
    expect(review.changes.at(-1)).toMatchObject({ kind: 'accept', review: 'bulk', item: third });
    expect(progressOf(review.items).bulk).toBe(1);
  });
});

describe('a correction', () => {
  it('keeps what the model said, and is not as sure as the model was', () => {
    const id = idOf(fresh(), '高血压');
    const { fact } = fresh().items[0] ?? { fact: mention('高血压') };
    const review = after(fresh(), { kind: 'edit', id, fact: withType(fact, '手术') });
    expect(item(review, id)).toMatchObject({
      fact: { type: '手术', confidence: null },
      machine: { type: '疾病和诊断', confidence: 0.8 },
      decision: 'pending',
    });
    expect(review.changes[0]).toMatchObject({
      kind: 'edit',
      before: { type: '疾病和诊断' },
      after: { type: '手术' },
    });
  });

  it('back to what the model said leaves no trace on the item, and its traces in the history', () => {
    const id = idOf(fresh(), '高血压');
    const fact = mention('高血压');
    const there = after(fresh(), { kind: 'edit', id, fact: withType(fact, '手术') });
    const changed = item(there, id)?.fact ?? fact;
    const back = after(there, { kind: 'edit', id, fact: withType(changed, '疾病和诊断') });
    expect(item(back, id)).toEqual(item(fresh(), id));
    expect(back.changes).toHaveLength(2);
  });

  it('of what was accepted stays accepted by who made it; of what was rejected it is open again', () => {
    const id = idOf(fresh(), '高血压');
    const edit: ReviewAction = {
      kind: 'edit',
      id,
      fact: withFlag(mention('高血压'), 'negated', true),
    };
    const accepted = after(fresh(), { kind: 'accept-all', ids: [id] }, edit);
    expect(item(accepted, id)).toMatchObject({ decision: 'accepted', review: 'single' });
    const rejected = after(fresh(), { kind: 'reject', id }, edit);
    expect(item(rejected, id)?.decision).toBe('pending');
    expect(item(rejected, id)?.by).toBeUndefined();
  });

  it('that changes nothing is no step', () => {
    const id = idOf(fresh(), '高血压');
    expect(stepOf(fresh(), { kind: 'edit', id, fact: mention('高血压') }, doctor)).toBeNull();
  });

  it('that moves a fact puts it in its new place in the order', () => {
    const review = fresh([mention('肺部'), mention('肺部感染')]);
    const id = idOf(review, '肺部');
    const twice = withEdgeMoved(withEdgeMoved(mention('肺部'), 'start', 1, of), 'end', 1, of);
    const moved = after(review, { kind: 'edit', id, fact: twice });
    expect(moved.items.map(({ fact }) => fact.text)).toEqual(['肺部感染', '部感']);
  });
});

describe('what a person adds', () => {
  const fact = newMention('x', '症状', { start: 0, end: 2 }, of);

  it('is accepted as theirs, in its place; rejecting it takes it away', () => {
    const added = after(fresh(), { kind: 'add', id: 'x', fact });
    expect(added.items[0]).toMatchObject({ id: 'x', origin: 'doctor', decision: 'accepted' });
    const removed = after(added, { kind: 'reject', id: 'x' });
    expect(removed.items).toEqual(fresh().items);
    expect(removed.changes.map(({ kind }) => kind)).toEqual(['add', 'remove']);
    expect(removed.changes[1]).toMatchObject({ before: { text: '患者' }, after: null });
  });

  it('is never open: it cannot be taken back to be decided', () => {
    const added = after(fresh(), { kind: 'add', id: 'x', fact });
    expect(stepOf(added, { kind: 'reopen', id: 'x' }, doctor)).toBeNull();
    expect(stepOf(added, { kind: 'add', id: 'x', fact }, doctor)).toBeNull();
  });

  it('has no model behind it when it is corrected', () => {
    const added = after(fresh(), { kind: 'add', id: 'x', fact });
    const changed = after(added, { kind: 'edit', id: 'x', fact: withType(fact, '手术') });
    expect(item(changed, 'x')).toMatchObject({ fact: { type: '手术' }, origin: 'doctor' });
    expect(item(changed, 'x')?.machine).toBeUndefined();
  });
});

describe('a conflict', () => {
  const contested = (later: ReturnType<typeof mention> | null): StoredReview => {
    const review = after(fresh(), { kind: 'accept', id: idOf(fresh(), '高血压') });
    const [first, ...rest] = review.items;
    if (!first) throw new Error('an item');
    return { ...review, items: [{ ...first, conflict: { runId: 'run-2', fact: later } }, ...rest] };
  };
  const later = mention('高血压病', '疾病和诊断', { confidence: 0.5 });

  it('is open until it is settled: by keeping, by taking, or by rejecting', () => {
    const review = contested(later);
    const { id } = review.items[0] ?? { id: '' };
    expect(review.items.filter(isOpen)).toHaveLength(6);
    const kept = item(after(review, { kind: 'accept', id }), id);
    expect(kept).toMatchObject({ fact: { text: '高血压' }, decision: 'accepted' });
    const taken = item(after(review, { kind: 'take', id }), id);
    expect(taken).toMatchObject({ fact: later, decision: 'accepted', review: 'single' });
    const rejected = item(after(review, { kind: 'reject', id }), id);
    expect(rejected?.decision).toBe('rejected');
    for (const settled of [kept, taken, rejected]) expect(settled?.conflict).toBeUndefined();
  });

  it('with a run that finds it no more, taken, means that it is rejected', () => {
    const review = contested(null);
    const { id } = review.items[0] ?? { id: '' };
    expect(item(after(review, { kind: 'take', id }), id)).toMatchObject({
      fact: { text: '高血压' },
      decision: 'rejected',
    });
  });

  it('is never settled by accepting many at once', () => {
    const review = contested(later);
    const ids = review.items.map(({ id }) => id);
    const all = after(review, { kind: 'accept-all', ids });
    expect(all.items[0]?.conflict).toBeDefined();
    expect(progressOf(all.items)).toMatchObject({ open: 1, conflicts: 1 });
    // Nor where a person corrected it and has not decided it yet.
    const [first, ...rest] = review.items;
    if (!first) throw new Error('an item');
    const undecided: StoredReview = {
      ...review,
      items: [{ ...first, decision: 'pending' }, ...rest],
    };
    expect(after(undecided, { kind: 'accept-all', ids }).items[0]?.decision).toBe('pending');
  });
});

it('a confirmed review takes no act, and nothing of it can be undone', () => {
  const state = take(reviewing(fresh()), stepOrThrow(fresh()), doctor);
  const confirmation = {
    ...{ by: 'doctor-1', name: 'n', title: '', at: 1 },
    ...{ contentSha256: '0'.repeat(64), signature: '0'.repeat(128) },
  };
  const locked: Reviewing = { ...state, review: { ...state.review, confirmation } };
  expect(() => anyStep(locked.review, () => 0.5, doctor)).toThrow('REVIEW_LOCKED');
  expect(undo(locked, doctor)).toBe(locked);
  expect(redo(locked, doctor)).toBe(locked);
});

function stepOrThrow(review: StoredReview) {
  const step = stepOf(review, { kind: 'accept', id: review.items[0]?.id ?? '' }, doctor);
  if (!step) throw new Error('no step');
  return step;
}

describe('undo and redo', () => {
  it('are exact inverses over any acts', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const draw = random(seed);
      let state = reviewing(fresh());
      const stages = [state.review];
      for (let at = 0; at < 25; at += 1) {
        const step = anyStep(state.review, draw, { at: 2000 + at, by: 'doctor-1' });
        if (!step) continue;
        state = take(state, step, { at: 2000 + at, by: 'doctor-1' });
        stages.push(state.review);
      }
      for (let at = stages.length - 2; at >= 0; at -= 1) {
        state = undo(state, doctor);
        expect(state.review.items).toEqual(stages[at]?.items);
      }
      expect(undo(state, doctor)).toBe(state);
      for (const stage of stages.slice(1)) {
        state = redo(state, doctor);
        expect(state.review.items).toEqual(stage.items);
      }
      expect(redo(state, doctor)).toBe(state);
      // Nothing of it is forgotten.
      expect(state.review.changes.length).toBeGreaterThanOrEqual(3 * (stages.length - 1));
      expect(storedReviewSchema.safeParse(state.review).success).toBe(true);
    }
  });

  it('a new act forgets what was taken back', () => {
    let state = take(reviewing(fresh()), stepOrThrow(fresh()), doctor);
    state = undo(state, doctor);
    const step = stepOf(state.review, { kind: 'reject', id: idOf(fresh(), '胸部CT') }, doctor);
    if (!step) throw new Error('no step');
    state = take(state, step, doctor);
    expect(redo(state, doctor)).toBe(state);
  });
});
