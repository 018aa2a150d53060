import { describe, expect, it } from 'vitest';
import type { StoredReview } from '../contract/review';
import { stepOf } from './actions';
import { canonicalJson, sameJson } from './canonical-json';
import { checkConfirmable, confirmationBytes, contentSha256 } from './confirmation';
import { applyPatch } from './patch';
import { doctor, fresh } from './review.fixture';

function decided(): StoredReview {
  const review = fresh();
  const step = stepOf(
    review,
    { kind: 'accept-all', ids: review.items.map(({ id }) => id) },
    doctor,
  );
  if (!step) throw new Error('no step');
  return applyPatch(review, step, doctor);
}

describe('canonical JSON', () => {
  it('is the same whatever the order of keys, and without what is undefined', () => {
    expect(canonicalJson({ b: 1, a: [{ d: null, c: undefined, 药: '片' }] })).toBe(
      '{"a":[{"d":null,"药":"片"}],"b":1}',
    );
    expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(sameJson({ a: 1 }, { a: '1' })).toBe(false);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
  });

  it('survives being stored: parsed and written again it is the same', () => {
    const review = decided();
    expect(canonicalJson(JSON.parse(canonicalJson(review)))).toBe(canonicalJson(review));
  });
});

describe('what is confirmed', () => {
  it('changes with every fact, decision, way of deciding, record, text, run and version', async () => {
    const base = decided();
    const [first, ...rest] = base.items;
    if (!first) throw new Error('an item');
    const withFirst = (change: Partial<typeof first>): StoredReview => ({
      ...base,
      items: [{ ...first, ...change }, ...rest],
    });
    const others: StoredReview[] = [
      withFirst({ fact: { ...first.fact, type: '手术' } }),
      withFirst({ fact: { ...first.fact, attributes: { negated: true } } }),
      withFirst({ decision: 'rejected' }),
      withFirst({ review: 'single' }),
      withFirst({ by: 'doctor-2' }),
      withFirst({ at: 1 }),
      withFirst({ machine: first.fact }),
      { ...base, items: rest },
      { ...base, recordId: 'record-2' },
      { ...base, textSha256: 'text-2' },
      { ...base, runId: 'run-2' },
      { ...base, schema: 'ccks2019-symptom' },
      { ...base, version: 2 },
      { ...base, role: 'second' },
    ];
    const hashes = await Promise.all([base, ...others].map(contentSha256));
    expect(new Set(hashes).size).toBe(others.length + 1);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not change with the notes of how it came about, nor with when it was saved', async () => {
    const base = decided();
    const later = { ...base, updatedAt: 9, by: 'x', changes: [] };
    expect(await contentSha256(later)).toBe(await contentSha256(base));
  });

  it('is signed with who, their title and when', () => {
    const said = { by: 'd', name: '王', title: '主任医师', at: 7, contentSha256: 'ab' };
    const bytes = (change: object, id = 'r') =>
      new TextDecoder().decode(confirmationBytes(id, { ...said, ...change }));
    const all = [
      bytes({}),
      bytes({}, 'r2'),
      ...[{ by: 'e' }, { name: '李' }, { title: '' }, { at: 8 }, { contentSha256: 'cd' }].map(
        (change) => bytes(change),
      ),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(all[0]).toBe('["chimed/review-confirmation/1","r","ab","d","王","主任医师",7]');
  });

  it('is refused while something is open, and once it is confirmed', () => {
    expect(() => checkConfirmable(fresh())).toThrow('REVIEW_INCOMPLETE');
    expect(() => checkConfirmable(decided())).not.toThrow();
    expect(() => checkConfirmable(fresh([]))).not.toThrow();
    const [first, ...rest] = decided().items;
    if (!first) throw new Error('an item');
    const contested = { ...first, conflict: { runId: 'r', fact: null } };
    expect(() => checkConfirmable({ ...decided(), items: [contested, ...rest] })).toThrow(
      'REVIEW_INCOMPLETE',
    );
    const confirmation = {
      ...{ by: 'd', name: 'n', title: '', at: 1, contentSha256: '0'.repeat(64) },
      signature: '0'.repeat(128),
    };
    expect(() => checkConfirmable({ ...decided(), confirmation })).toThrow('REVIEW_LOCKED');
  });
});
