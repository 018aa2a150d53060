import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '@domain/contract/policy';
import { startReview } from '@domain/review/review';
import { field, mention, run, text } from '@domain/review/review.fixture';
import type { Fact } from '@domain/contract/fact';
import type { StoredReview } from '@domain/contract/review';
import type { Versioned } from '../../data/repository';
import { ReviewState, type ReviewKind } from './review.svelte';

const sections = [
  { name: '主诉', start: 0, body: 0, end: 10 },
  { name: '现病史', start: 10, body: 10, end: text.length },
];

const note = { id: 'record-1', textSha256: 'text-1', text };

async function shown(
  found = [mention('高血压'), mention('糖尿病')],
  bulkAllowed = true,
  kind: ReviewKind | null = null,
) {
  const kept = new Map<string, Versioned<StoredReview>>();
  const state = new ReviewState({
    kind: () => kind,
    review: async () => null,
    primaryReviews: async () => [...kept.values()],
    sections: async () => null,
    saveReview: async (review, base) => {
      kept.set(review.id, { value: review, version: base + 1 });
      return { version: base + 1 };
    },
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
  await state.show(note, run('run-1', found), 'ccks2019');
  const items = () => state.session?.items ?? [];
  return { state, items, kept, decisions: () => items().map(({ decision }) => decision) };
}
/** As if the first review that was kept had been confirmed. */
function signFirst(kept: Map<string, Versioned<StoredReview>>): void {
  const [stored] = [...kept.values()];
  if (!stored) throw new Error('a review');
  const signed = { by: 'd', name: '王', title: '', at: 1, contentSha256: '', signature: '' };
  kept.set(stored.value.id, { ...stored, value: { ...stored.value, confirmation: signed } });
}
const underLab = (id: string, found: readonly Fact[] = [mention('胸部CT', '检验')]) =>
  run(id, found, { run: { ...run(id, []).run, schema: 'lab' } });

describe('each schema has its own review', () => {
  it('a run under another one leaves the review of the first as it was, and either can be gone on with', async () => {
    const { state, items, kept, decisions } = await shown();
    state.do({ kind: 'accept' });
    await state.show(note, underLab('lab-1'), 'ccks2019');
    expect(items().map(({ fact, decision }) => [fact.text, decision])).toEqual([
      ['胸部CT', 'pending'],
    ]);
    const first = kept.get('record-1.primary')?.value;
    expect(first).toMatchObject({ schema: 'ccks2019', runId: 'run-1' });
    expect(first?.items.map(({ decision }) => decision)).toEqual(['accepted', 'pending']);
    state.do({ kind: 'reject' });
    await state.putAway();
    expect(kept.get('record-1.primary.2')?.value).toMatchObject({ schema: 'lab', runId: 'lab-1' });
    expect(kept.get('record-1.primary')?.value).toBe(first);

    await state.show(note, run('run-1', [mention('高血压'), mention('糖尿病')]), 'lab');
    expect(state.session?.review.id).toBe('record-1.primary');
    expect(decisions()).toEqual(['accepted', 'pending']);
    await state.show(note, underLab('lab-2'), 'ccks2019');
    expect(state.session?.review.id).toBe('record-1.primary.2');
    expect(state.session?.review.runId).toBe('lab-2');
    expect(decisions()).toEqual(['rejected']);
  });

  it('a later run under the same schema carries over, though its review is not the first one', async () => {
    const { state, items, kept } = await shown();
    state.do({ kind: 'accept' });
    await state.show(note, underLab('lab-1'), 'ccks2019');
    state.do({ kind: 'accept' });
    const later = underLab('lab-2', [mention('胸部CT', '检验'), mention('肺部', '检验')]);
    await state.show(note, later, 'ccks2019');
    expect(items().map(({ decision, review }) => [decision, review])).toEqual([
      ['pending', undefined],
      ['accepted', 'carried'],
    ]);
    await state.putAway();
    expect([...kept.keys()]).toEqual(['record-1.primary', 'record-1.primary.2']);
  });

  it('a run under another one that failed and found nothing takes no review away', async () => {
    const { state } = await shown();
    await state.show(note, { ...underLab('lab-1', []), status: 'failed' }, 'lab');
    expect(state.session?.review.schema).toBe('ccks2019');
    state.do({ kind: 'accept' });
    await state.putAway();
    state.close();
    // Nor when the record is opened with it; and what is shown has nothing to do with it.
    await state.show(note, { ...underLab('lab-1', []), status: 'failed' }, 'lab');
    expect(state.session?.review).toMatchObject({ schema: 'ccks2019', runId: 'run-1' });
    expect(state.run).toBeNull();
  });

  it('what failed and found nothing is nothing to confirm, and a confirmed review has nothing of it', async () => {
    const { state, kept } = await shown();
    state.close();
    const failed = { ...run('run-2', []), status: 'failed' as const };
    await state.show(note, failed, 'ccks2019');
    expect(state.session?.review).toMatchObject({ runId: null, items: [] });
    state.close();
    await state.show(note, run('run-1', [mention('高血压')]), 'ccks2019');
    state.do({ kind: 'accept' });
    await state.putAway();
    signFirst(kept);
    state.close();
    await state.show(note, failed, 'ccks2019');
    expect([state.session?.review.runId, state.newerRun]).toEqual(['run-1', null]);
  });

  it('without a run, what was marked by hand last is shown, unless another one is chosen', async () => {
    const { state, kept } = await shown();
    state.do({ kind: 'accept' });
    await state.show(note, underLab('lab-1'), 'ccks2019');
    state.do({ kind: 'accept' });
    await state.putAway();
    const first = kept.get('record-1.primary');
    if (!first) throw new Error('a review');
    const touched = { ...first.value, updatedAt: Date.now() + 1000 };
    kept.set(touched.id, { ...first, value: touched });
    state.close();
    await state.show(note, null, 'medication');
    expect(state.session?.review.schema).toBe('ccks2019');
    await state.show(note, null, 'lab', true);
    expect(state.session?.review.schema).toBe('lab');
  });
});

describe('keys that change nothing', () => {
  it('taking what a later run says is for a conflict only: without one the selection stays', async () => {
    const { state, items, decisions } = await shown();
    const [one] = items();
    state.do({ kind: 'take' });
    expect([state.selectedId, decisions()]).toEqual([one?.id, ['pending', 'pending']]);
  });

  it('a confirmed version says that it takes no change; moving about in it goes on', async () => {
    const { state, items, kept, decisions } = await shown();
    state.do({ kind: 'accept' });
    state.do({ kind: 'accept' });
    await state.putAway();
    signFirst(kept);
    state.close();
    await state.show(note, run('run-1', [mention('高血压'), mention('糖尿病')]), 'ccks2019');
    for (const kind of ['reject', 'types', 'edit', 'accept-type'] as const) {
      state.do({ kind: 'next' });
      expect(state.notice).toBeNull();
      state.do({ kind });
      expect([kind, state.notice]).toEqual([kind, { kind: 'locked' }]);
    }
    expect(decisions()).toEqual(['accepted', 'accepted']);
    expect([state.typesOpen, state.editing]).toEqual([false, false]);
    expect(state.selectedId).toBe(items()[1]?.id);
  });

  it('the caret of a record is nowhere in the next one', async () => {
    const { state } = await shown();
    state.caretAt = 12;
    await state.show({ ...note, id: 'record-2' }, run('run-2', []), 'ccks2019');
    expect(state.caretAt).toBe(0);
  });
});

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
