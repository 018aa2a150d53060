import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '@domain/contract/policy';
import { startReview } from '@domain/review/review';
import { field, mention, run, text } from '@domain/review/review.fixture';
import { ReviewState, type ReviewKind } from './review.svelte';

const sections = [
  { name: '主诉', start: 0, body: 0, end: 10 },
  { name: '现病史', start: 10, body: 10, end: text.length },
];

async function shown(
  found = [mention('高血压'), mention('糖尿病')],
  bulkAllowed = true,
  kind: ReviewKind | null = null,
) {
  const state = new ReviewState({
    kind: () => kind,
    review: async () => null,
    sections: async () => null,
    saveReview: async (_review, base) => ({ version: base + 1 }),
    saveSections: async (_sections, base) => ({ version: base + 1 }),
    sign: () => Promise.reject(new Error('nobody signs here')),
    schema: () => undefined,
    findSections: () => sections,
    user: () => ({ id: 'doctor-1', name: '王', title: '' }),
    policy: () => ({ review: { bulkAllowed } }),
    nextRecord: () => undefined,
    history: async () => [],
  });
  state.attach({ inView: (items) => new Set(items.map(({ id }) => id)), reveal: () => undefined });
  await state.show({ id: 'record-1', textSha256: 'text-1', text }, run('run-1', found), 'ccks2019');
  const items = () => state.session?.items ?? [];
  return { state, items, decisions: () => items().map(({ decision }) => decision) };
}

describe('a screen of facts', () => {
  it('is not accepted by section from a fact that stands in none', async () => {
    const { state, decisions } = await shown();
    state.do({ kind: 'accept-section' });
    expect(decisions()).toEqual(['pending', 'pending']);
    state.do({ kind: 'accept-type' });
    expect(decisions()).toEqual(['accepted', 'accepted']);
  });

  it('is not accepted at once where the policy forbids that', async () => {
    expect(defaultPolicy.review.bulkAllowed).toBe(true);
    const { state, decisions } = await shown(undefined, false);
    state.do({ kind: 'accept-type' });
    expect(decisions()).toEqual(['pending', 'pending']);
    expect(state.notice).toEqual({ kind: 'bulk-forbidden' });
  });

  it('takes all fields together of which the record says nothing, and no other', async () => {
    const { state, items } = await shown([
      field('过敏史', null),
      field('手术史', null),
      field('年龄', '10年'),
      mention('高血压'),
    ]);
    state.select(items().find(({ fact }) => fact.text === null)?.id ?? null);
    state.do({ kind: 'accept-type' });
    const accepted = items().filter(({ decision }) => decision === 'accepted');
    expect(accepted.map(({ fact, review }) => [fact.text, review])).toEqual([
      [null, 'bulk'],
      [null, 'bulk'],
    ]);
  });

  it('adopts no last open difference of two doctors by the key that confirms, and says that it is open', async () => {
    const study = '11111111-1111-4111-8111-111111111111';
    const subject = { recordId: 'record-1', textSha256: 'text-1', study };
    const kind: ReviewKind = {
      ...{ role: 'adjudication', study },
      begin: (of, actor) => startReview({ ...subject, role: 'adjudication' }, of, actor),
    };
    const { state, items, decisions } = await shown([mention('高血压')], true, kind);
    state.select(items()[0]?.id ?? null);
    expect(state.canConfirm).toBe(false);
    state.do({ kind: 'confirm' });
    await Promise.resolve();
    expect(decisions()).toEqual(['pending']);
    expect(state.problem).toMatchObject({ code: 'REVIEW_INCOMPLETE', params: { open: 1 } });
    state.do({ kind: 'accept' });
    expect(state.canConfirm).toBe(true);

    const own = await shown([mention('高血压')]);
    own.state.select(own.items()[0]?.id ?? null);
    expect(own.state.canConfirm).toBe(true);
    own.state.do({ kind: 'confirm' });
    await Promise.resolve();
    expect(own.decisions()).toEqual(['accepted']);
  });

  it('has the sections as they are corrected, whatever is taken back', async () => {
    const { state, items } = await shown([mention('高血压', '疾病和诊断', { section: '主诉' })]);
    state.do({ kind: 'accept' });
    state.sections?.rename(0, '既往史');
    expect(items()[0]).toMatchObject({ fact: { section: '既往史' }, decision: 'accepted' });
    state.do({ kind: 'undo' });
    expect(items()[0]).toMatchObject({ fact: { section: '既往史' }, decision: 'pending' });
  });
});
