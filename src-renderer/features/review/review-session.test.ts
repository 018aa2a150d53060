import { describe, expect, it, vi, afterEach, beforeEach } from 'vitest';
import { AppError } from '@domain/contract/errors';
import type { Confirmation, StoredReview } from '@domain/contract/review';
import { doctor, fresh, mention, run } from '@domain/review/review.fixture';
import { ReviewSession, type ReviewPlace } from './review-session.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const signed: Confirmation = {
  ...{ by: 'doctor-1', name: '王', title: '', at: 1 },
  ...{ contentSha256: '0'.repeat(64), signature: '0'.repeat(128) },
};

function begun(change: Partial<ReviewPlace> = {}, review: StoredReview = fresh()) {
  const saved: { review: StoredReview; base: number }[] = [];
  const session = new ReviewSession(review, 0, {
    save: async (each, base) => {
      saved.push({ review: each, base });
      return { version: base + 1 };
    },
    sign: async () => signed,
    userId: () => doctor.by,
    now: () => doctor.at,
    ...change,
  });
  const ids = review.items.map(({ id }) => id);
  return { session, saved, ids };
}

describe('a review', () => {
  it('is saved by itself within a second, a row of decisions as one', async () => {
    const { session, saved, ids } = begun();
    expect(session.saving).toBe('saved');
    for (const id of ids.slice(0, 3)) session.act({ kind: 'accept', id });
    expect(session.saving).toBe('unsaved');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(session.saving).toBe('saved');
    expect(saved).toHaveLength(1);
    expect(saved[0]?.review.changes).toHaveLength(3);
    session.undo();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(saved.map(({ base }) => base)).toEqual([0, 1]);
  });

  it('stands in the sections that a person corrected, decided as it was and without a change of its own', async () => {
    const { session, saved, ids } = begun();
    session.act({ kind: 'accept', id: ids[0] ?? '' });
    await session.flush();
    const { changes } = session.review;
    const whole = { name: '现病史', start: 0, body: 0, end: 200 };
    session.place([whole]);
    expect(new Set(session.items.map(({ fact }) => fact.section))).toEqual(new Set(['现病史']));
    expect(session.items[0]?.decision).toBe('accepted');
    expect(session.review.changes).toEqual(changes);
    await session.flush();
    expect(saved.at(-1)?.review.items[0]?.fact.section).toBe('现病史');
    const { items } = session;
    session.place([whole]);
    expect(session.items).toBe(items);
    session.place([]);
    expect(session.items.every(({ fact }) => fact.section === undefined)).toBe(true);
  });

  it('that is confirmed keeps the sections that were signed', () => {
    const { session } = begun({}, { ...fresh(), confirmation: signed });
    const { items } = session;
    session.place([{ name: '现病史', start: 0, body: 0, end: 200 }]);
    expect(session.items).toBe(items);
  });

  it('decisions made while it is being saved are saved after it', async () => {
    let release = (): void => undefined;
    const { session, ids } = begun({
      save: async (_review, base) => {
        await new Promise<void>((resolve) => (release = resolve));
        return { version: base + 1 };
      },
    });
    session.act({ kind: 'accept', id: ids[0] ?? '' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(session.saving).toBe('saving');
    session.act({ kind: 'accept', id: ids[1] ?? '' });
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(session.saving).not.toBe('saved');
    await vi.advanceTimersByTimeAsync(1_000);
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(session.saving).toBe('saved');
  });

  it('that cannot be saved says so, keeps everything, and is saved by the next try', async () => {
    let full = true;
    const { session, ids } = begun({
      save: async (_review, base) => {
        if (full) throw new AppError('DISK_FULL');
        return { version: base + 1 };
      },
    });
    session.act({ kind: 'accept', id: ids[0] ?? '' });
    await session.flush();
    expect(session.saving).toBe('failed');
    expect(session.problem).toEqual({ code: 'DISK_FULL' });
    expect(session.items[0]?.decision).toBe('accepted');
    full = false;
    await session.flush();
    expect(session.saving).toBe('saved');
    expect(session.problem).toBeNull();
  });
});

describe('a confirmation', () => {
  it('is refused while something is open, and takes the last open one with it', async () => {
    const { session, saved, ids } = begun();
    for (const id of ids.slice(0, -2)) session.act({ kind: 'accept', id });
    expect(await session.confirm(ids.at(-1) ?? '')).toBe(false);
    expect(session.problem?.code).toBe('REVIEW_INCOMPLETE');
    session.act({ kind: 'reject', id: ids.at(-2) ?? '' });
    expect(await session.confirm(ids.at(-1) ?? '')).toBe(true);
    expect(session.isLocked).toBe(true);
    expect(saved.at(-1)?.review.confirmation).toEqual(signed);
    expect(session.act({ kind: 'reject', id: ids[0] ?? '' })).toBe(false);
    expect(session.undo()).toEqual([]);
    expect(session.carry(run('run-2', []))).toBe(false);
  });

  it('is not asked for while the review cannot be saved, be it for the first time', async () => {
    let asked = 0;
    const { session, ids } = begun({
      save: () => Promise.reject(new AppError('DISK_FULL')),
      sign: () => {
        asked += 1;
        return Promise.resolve(signed);
      },
    });
    session.act({ kind: 'accept-all', ids });
    expect(await session.confirm()).toBe(false);
    expect([asked, session.isLocked, session.problem?.code]).toEqual([0, false, 'DISK_FULL']);
  });

  it('that main does not make leaves the review as it is, open and saved', async () => {
    const { session, ids } = begun({ sign: () => Promise.reject(new AppError('VAULT_LOCKED')) });
    session.act({ kind: 'accept-all', ids });
    expect(await session.confirm()).toBe(false);
    expect(session.problem).toEqual({ code: 'VAULT_LOCKED' });
    expect(session.isLocked).toBe(false);
    expect(session.saving).toBe('saved');
    expect(session.canUndo).toBe(true);
  });

  it('amended, a new version is open, and what was decided is in it', async () => {
    const { session, saved, ids } = begun();
    session.act({ kind: 'accept-all', ids });
    await session.confirm();
    session.amend();
    expect(session.review).toMatchObject({ version: 2, confirmation: null });
    session.carry(run('run-2', [mention('高血压')]));
    await session.flush();
    expect(saved.at(-1)?.review.version).toBe(2);
    expect(session.progress.conflicts).toBe(ids.length - 1);
  });
});
