import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { problemOf, type ErrorCode } from '../domain/contract/errors';
import { storedReviewSchema, type ReviewItem, type StoredReview } from '../domain/contract/review';
import { storedSectionsSchema, type StoredSections } from '../domain/contract/section';
import { stepOf, type ReviewAction } from '../domain/review/actions';
import { carryOver } from '../domain/review/carry-over';
import { confirmationBytes, contentSha256 } from '../domain/review/confirmation';
import { applyPatch } from '../domain/review/patch';
import { nextVersion, startReview } from '../domain/review/review';
import { anyStep, mention, random, run, text } from '../domain/review/review.fixture';
import { redo, reviewing, take, undo } from '../domain/review/undo';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { publicHexOf } from '../vault/keyring/boxes';
import { Vault } from '../vault/vault';
import { storeReview } from './review-rows.fixture';
import { RecordStore } from './store';

const actor = { at: 50, by: 'doctor-1' };
const textSha256 = createHash('sha256').update(text).digest('hex');

let dir = '';
let vault: Vault;
let store: RecordStore;
let key: KeyObject;
let recordId = '';
let fresh: StoredReview;
let clock = 1000;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-review-'));
  const pair = generateKeyPairSync('ed25519');
  key = pair.privateKey;
  vault = await Vault.open(dir, { keyId: '0011223344556677', key: new Uint8Array(32).fill(7) });
  store = storeOf('doctor-1', publicHexOf(pair.publicKey));
  const source = { kind: 'paste' as const, notices: [] };
  ({ recordId } = await store.create({ title: '随访', text, source }));
  const subject = { recordId, textSha256, role: 'primary' as const };
  fresh = startReview(subject, run('run-1', [mention('高血压'), mention('糖尿病')]), actor);
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});

function storeOf(userId: string | null, signPublic: string | null): RecordStore {
  return new RecordStore({ vault, userId, signPublic, now: () => clock++ });
}

async function code(work: Promise<unknown>): Promise<ErrorCode | 'no error'> {
  return work.then(
    () => 'no error' as const,
    (error: unknown) => problemOf(error).code,
  );
}
function after(review: StoredReview, ...actions: ReviewAction[]): StoredReview {
  return actions.reduce((state, action) => {
    const step = stepOf(state, action, actor);
    return step ? applyPatch(state, step, actor) : state;
  }, review);
}
const acceptAll = (review: StoredReview): StoredReview =>
  after(review, ...review.items.map(({ id }) => ({ kind: 'accept' as const, id })));

async function confirmed(review: StoredReview, by = 'doctor-1', signer = key) {
  const said = { by, name: '王', title: '', at: 60, contentSha256: await contentSha256(review) };
  const signature = sign(null, confirmationBytes(review.recordId, said), signer).toString('hex');
  return { ...review, confirmation: { ...said, signature } };
}
async function stored(id = fresh.id): Promise<StoredReview> {
  const row = await vault.journal.latest('review', id);
  if (!row) throw new Error('no row');
  const keyId = keyIdOfSealed(row.sealed);
  return openJson(await vault.recordKeys.key(keyId), keyId, row, row.sealed, storedReviewSchema);
}

describe('a review', () => {
  test('is saved version after version, by who is signed in, under the key of its record', async () => {
    expect(await store.saveReview(fresh, 0)).toMatchObject({ version: 1, amends: false });
    const decided = acceptAll({ ...fresh, by: 'somebody-else' });
    expect(await store.saveReview(decided, 1)).toMatchObject({ version: 2, amends: false });
    expect(await stored()).toMatchObject({ by: 'doctor-1', items: decided.items });
    const record = await vault.journal.latest('record', recordId);
    const row = await vault.journal.latest('review', fresh.id);
    expect(keyIdOfSealed(row?.sealed ?? new Uint8Array())).toBe(
      keyIdOfSealed(record?.sealed ?? new Uint8Array()),
    );
  });

  test('made of an older version, or of another text, is refused', async () => {
    await store.saveReview(fresh, 0);
    expect(await code(store.saveReview(fresh, 0))).toBe('VERSION_CONFLICT');
    expect(await code(store.saveReview(fresh, 2))).toBe('VERSION_CONFLICT');
    const other = { ...fresh, textSha256: 'f'.repeat(64) };
    expect(await code(store.saveReview(other, 1))).toBe('VERSION_CONFLICT');
    const nobody = { ...fresh, recordId: 'nobody', id: 'nobody.primary' };
    expect(await code(store.saveReview(nobody, 0))).toBe('RECORD_NOT_FOUND');
    expect(await code(store.saveReview({ ...fresh, id: 'else' }, 0))).toBe('BAD_REQUEST');
    expect(await code(store.saveReview({ ...fresh, version: 2 }, 1))).toBe('VERSION_CONFLICT');
  });

  test('what was changed is only ever added to, and in nobody else’s name', async () => {
    const decided = acceptAll(fresh);
    await store.saveReview(decided, 0);
    expect(await code(store.saveReview({ ...decided, changes: [] }, 1))).toBe('BAD_REQUEST');
    const [first, ...rest] = decided.changes;
    if (!first) throw new Error('a change');
    const rewritten = { ...decided, changes: [{ ...first, at: 1 }, ...rest] };
    expect(await code(store.saveReview(rewritten, 1))).toBe('BAD_REQUEST');
    const foreign = { ...decided, changes: [...decided.changes, { ...first, by: 'doctor-2' }] };
    expect(await code(store.saveReview(foreign, 1))).toBe('BAD_REQUEST');
    const own = { ...decided, changes: [...decided.changes, first] };
    expect(await code(store.saveReview(own, 1))).toBe('no error');
  });

  test('accepted by one act is refused where the policy forbids it; what was so before stays', async () => {
    const [first, second] = fresh.items.map(({ id }) => id) as [string, string];
    const strict = new RecordStore({
      ...{ vault, userId: 'doctor-1', now: () => clock++, bulkAllowed: false },
    });
    const bulk = after(fresh, { kind: 'accept-all', ids: [first] });
    expect(await code(strict.saveReview(bulk, 0))).toBe('POLICY_FORBIDS');
    await store.saveReview(bulk, 0);
    const more = after(bulk, { kind: 'accept-all', ids: [second] });
    expect(await code(strict.saveReview(more, 1))).toBe('POLICY_FORBIDS');
    await strict.saveReview(after(bulk, { kind: 'accept', id: second }), 1);
    expect((await stored()).items.map(({ review }) => review).sort()).toEqual(['bulk', 'single']);
  });

  test('of a trial is kept, without a name, and cannot be confirmed', async () => {
    const trial = storeOf(null, null);
    const nameless = after(fresh);
    expect(await code(trial.saveReview(nameless, 0))).toBe('no error');
    const step = stepOf(
      fresh,
      { kind: 'accept-all', ids: fresh.items.map(({ id }) => id) },
      {
        at: 1,
        by: '',
      },
    );
    if (!step) throw new Error('a step');
    const decided = applyPatch(fresh, step, { at: 1, by: '' });
    expect(await code(trial.saveReview(decided, 1))).toBe('no error');
    expect(await code(trial.saveReview(await confirmed(decided), 2))).toBe('CONFIRMATION_INVALID');
  });

  test('goes with its record when that is deleted for good', async () => {
    await store.saveReview(fresh, 0);
    await store.shred(recordId);
    expect(await vault.journal.latest('review', fresh.id)).toBeNull();
    expect(await code(store.saveReview(fresh, 1))).toBe('RECORD_NOT_FOUND');
  });
});

describe('a decision', () => {
  const later = { at: 90, by: 'doctor-2' };
  const acted = (review: StoredReview, action: ReviewAction, who = later): StoredReview => {
    const step = stepOf(review, action, who);
    if (!step) throw new Error('a step');
    return applyPatch(review, step, who);
  };
  const withFirst = (review: StoredReview, more: Partial<ReviewItem>): StoredReview => {
    const [item, ...rest] = review.items;
    if (!item) throw new Error('an item');
    return { ...review, items: [{ ...item, ...more }, ...rest] };
  };

  test('is of who is signed in, and of no moment to come', async () => {
    const decided = acceptAll(fresh);
    const soon = clock + 3_600_000;
    const forgeries = [
      { by: 'doctor-2' },
      { by: undefined },
      { by: '' },
      { at: soon },
      { at: undefined },
    ].map((more) => withFirst(decided, more));
    for (const forged of forgeries) {
      expect(await code(store.saveReview(forged, 0))).toBe('BAD_REQUEST');
    }
    const unmade = withFirst(fresh, { at: 50, by: 'doctor-1' });
    expect(await code(store.saveReview(unmade, 0))).toBe('BAD_REQUEST');
    const [change] = decided.changes;
    if (!change) throw new Error('a change');
    const ahead = { ...decided, changes: [{ ...change, at: soon }] };
    expect(await code(store.saveReview(ahead, 0))).toBe('BAD_REQUEST');
    expect(await code(store.saveReview(decided, 0))).toBe('no error');
  });

  test('of somebody else stays as they made it, also when a change of it is taken back', async () => {
    await store.saveReview(acceptAll(fresh), 0);
    const other = storeOf('doctor-2', null);
    const [id = '', second = ''] = fresh.items.map((item) => item.id);
    const mine = await stored();
    const rejected = acted(mine, { kind: 'reject', id });
    for (const more of [{ by: 'doctor-1' }, { by: 'doctor-1', at: 50 }]) {
      expect(await code(other.saveReview(withFirst(rejected, more), 1))).toBe('BAD_REQUEST');
    }
    const reworded = withFirst(mine, { fact: mention('肺部感染') });
    expect(await code(other.saveReview(reworded, 1))).toBe('BAD_REQUEST');
    await other.saveReview(rejected, 1);
    const undone = { ...rejected, items: mine.items, updatedAt: 95 };
    await other.saveReview(undone, 2);
    await other.saveReview(acted(undone, { kind: 'reopen', id: second }), 3);
    expect((await stored()).items.find((item) => item.id === id)?.by).toBe('doctor-1');
  });

  test('that a later run carries on, or a corrected heading moves, keeps its maker', async () => {
    await store.saveReview(acceptAll(fresh), 0);
    const other = storeOf('doctor-2', null);
    const mine = await stored();
    const again = run('run-2', [mention('高血压'), mention('肺部感染')], { textSha256 });
    const patch = carryOver(mine, again);
    if (!patch) throw new Error('a step');
    const carried = applyPatch(mine, patch, later);
    await other.saveReview(carried, 1);
    const made = (await stored()).items.filter(({ review }) => review === 'carried');
    expect(made.map(({ by, at }) => [by, at])).toEqual([['doctor-1', 50]]);
    const moved = carried.items.map((item) => ({
      ...item,
      fact: { ...item.fact, section: '既往史' },
    }));
    expect(await code(other.saveReview({ ...carried, items: moved }, 2))).toBe('no error');
    // Back to what it was before the run.
    const back = { ...mine, changes: carried.changes };
    expect(await code(other.saveReview(back, 3))).toBe('no error');
  });

  test('is taken whatever two doctors do, take back, do again and have run anew', async () => {
    const stores = [store, storeOf('doctor-2', null)];
    await store.saveReview(fresh, 0);
    const draw = random(20_261_129);
    let base = 1;
    for (let sitting = 0; sitting < 12; sitting += 1) {
      const by = sitting % 2 === 0 ? 'doctor-1' : 'doctor-2';
      let state = reviewing(await stored());
      for (let act = 0; act < 40; act += 1) {
        const who = { at: clock, by };
        const found = [mention('高血压'), mention('糖尿病'), mention('胸部CT')].filter(
          () => draw() < 0.7,
        );
        const again = run(`run-${sitting}-${act}`, found, { textSha256 });
        const chance = draw();
        if (chance < 0.2) state = undo(state, who);
        else if (chance < 0.3) state = redo(state, who);
        else {
          const patch =
            chance < 0.35 ? carryOver(state.review, again) : anyStep(state.review, draw, who);
          if (patch) state = take(state, patch, who);
        }
        if (draw() < 0.8) continue;
        await stores[sitting % 2]?.saveReview(state.review, base);
        base += 1;
      }
    }
    const makers = new Set((await stored()).items.flatMap((item) => item.by ?? []));
    expect([...makers].sort()).toEqual(['doctor-1', 'doctor-2']);
  });

  test('of before makers were looked at stays as it is stored', async () => {
    const old = acceptAll(fresh);
    const nameless = old.items.map((item) => ({ ...item, at: undefined, by: undefined }));
    await storeReview(vault, { ...old, items: nameless });
    expect(await code(store.saveReview({ ...old, items: nameless }, 1))).toBe('no error');
  });
});

describe('each schema has its own review', () => {
  const second = (more: Partial<StoredReview> = {}): StoredReview => {
    const subject = { recordId, textSha256, role: 'primary' as const, ordinal: 2 };
    const of = run('lab-1', [mention('胸部CT')], { run: { ...run('x', []).run, schema: 'lab' } });
    return { ...startReview(subject, of, actor), ...more };
  };

  test('with its own confirmation and versions; a confirmed one of another is left as it was', async () => {
    const first = await confirmed(acceptAll(fresh));
    await store.saveReview(first, 0);
    expect(await store.saveReview(second(), 0)).toMatchObject({ version: 1, amends: false });
    const done = await confirmed(acceptAll(second()));
    expect(await store.saveReview(done, 1)).toMatchObject({ version: 2, amends: false });
    expect((await stored()).confirmation).toEqual(first.confirmation);
    expect((await stored(done.id)).confirmation).toEqual(done.confirmation);
    expect(done.confirmation.contentSha256).not.toBe(first.confirmation.contentSha256);
    await store.saveReview(nextVersion(done, actor), 2);
    expect(await store.reviewHistory(fresh.id)).toHaveLength(1);
    expect(await store.reviewHistory(done.id)).toHaveLength(2);
    await store.shred(recordId);
    expect(await vault.journal.latest('review', done.id)).toBeNull();
  });

  test('never two of one schema, no number left out, and none becomes that of another schema', async () => {
    expect(await code(store.saveReview(second(), 0))).toBe('VERSION_CONFLICT');
    await store.saveReview(fresh, 0);
    expect(await code(store.saveReview(second({ schema: fresh.schema }), 0))).toBe(
      'VERSION_CONFLICT',
    );
    const third = second({ id: `${recordId}.primary.3` });
    expect(await code(store.saveReview(third, 0))).toBe('VERSION_CONFLICT');
    const named = second({ id: `${recordId}.primary.lab` });
    expect(await code(store.saveReview(named, 0))).toBe('BAD_REQUEST');
    expect(await code(store.saveReview({ ...fresh, schema: 'lab' }, 1))).toBe('BAD_REQUEST');
    expect(await code(store.saveReview(second(), 0))).toBe('no error');
  });

  test('one of before, with facts of two schemas, stays that of the schema it names', async () => {
    const [item] = fresh.items;
    if (!item) throw new Error('an item');
    const flagged = { ...item, id: 'of-another', fact: mention('胸部CT', '影像检查') };
    const mixed = { ...fresh, items: [...fresh.items, flagged] };
    await store.saveReview(mixed, 0);
    const again = run('run-2', [mention('高血压')], { textSha256 });
    const patch = carryOver(acceptAll(mixed), again);
    if (!patch) throw new Error('a step');
    await store.saveReview(applyPatch(acceptAll(mixed), patch, actor), 1);
    expect((await stored()).items.map(({ fact, decision }) => [fact.text, decision])).toEqual(
      expect.arrayContaining([
        ['胸部CT', 'accepted'],
        ['高血压', 'accepted'],
      ]),
    );
    expect(await code(store.saveReview(second(), 0))).toBe('no error');
  });
});

describe('a confirmation', () => {
  test('signed by who is signed in is stored, and locks the version', async () => {
    const decided = acceptAll(fresh);
    await store.saveReview(decided, 0);
    const signed = await confirmed(decided);
    await store.saveReview(signed, 1);
    expect((await stored()).confirmation).toEqual(signed.confirmation);
    expect(await code(store.saveReview(decided, 2))).toBe('REVIEW_LOCKED');
    expect(await code(store.saveReview(signed, 2))).toBe('REVIEW_LOCKED');
  });

  test('that nobody signed, that another signed, or of something else, is refused', async () => {
    const decided = acceptAll(fresh);
    const signed = await confirmed(decided);
    const { privateKey } = generateKeyPairSync('ed25519');
    const { confirmation } = signed;
    const forgeries: StoredReview[] = [
      { ...signed, confirmation: { ...confirmation, signature: '0'.repeat(128) } },
      await confirmed(decided, 'doctor-1', privateKey),
      await confirmed(decided, 'doctor-2'),
      { ...signed, confirmation: { ...confirmation, name: '李' } },
      { ...signed, confirmation: { ...confirmation, at: 61 } },
      { ...after(decided, { kind: 'reject', id: decided.items[0]?.id ?? '' }), confirmation },
    ];
    for (const forged of forgeries) {
      expect(await code(store.saveReview(forged, 0))).toBe('CONFIRMATION_INVALID');
    }
    expect(await code(storeOf('doctor-1', null).saveReview(signed, 0))).toBe(
      'CONFIRMATION_INVALID',
    );
    expect(await code(store.saveReview(signed, 0))).toBe('no error');
  });

  test('of what is not wholly decided is refused, whoever signed it', async () => {
    expect(await code(store.saveReview(await confirmed(fresh), 0))).toBe('REVIEW_INCOMPLETE');
  });

  test('stays in the journal while a new version follows it', async () => {
    const first = await confirmed(acceptAll(fresh));
    await store.saveReview(first, 0);
    const second = nextVersion(first, actor);
    expect(await code(store.saveReview({ ...second, version: 3 }, 1))).toBe('VERSION_CONFLICT');
    expect(await store.saveReview(second, 1)).toMatchObject({ version: 2, amends: true });
    const changed = after(second, { kind: 'reject', id: second.items[0]?.id ?? '' });
    expect(await store.saveReview(changed, 2)).toMatchObject({ version: 3, amends: false });
    const history = await store.reviewHistory(fresh.id);
    expect(history.map(({ version }) => version)).toEqual([1, 3]);
    const [row] = history;
    if (!row) throw new Error('a row');
    const keyId = keyIdOfSealed(row.sealed);
    const own = await vault.recordKeys.key(keyId);
    const kept = await openJson(own, keyId, row, row.sealed, storedReviewSchema);
    expect(kept.confirmation).toEqual(first.confirmation);
  });
});

describe('corrected sections', () => {
  const sections = (all: StoredSections['sections']): StoredSections => ({
    ...{ recordId, textSha256, sections: all, at: 0 },
  });
  const two = [
    { name: '主诉', start: 0, body: 3, end: 10 },
    { name: '既往史', start: 10, body: 10, end: text.length },
  ];

  test('are saved with who and when, over the version that they were made of', async () => {
    expect(await store.saveSections(sections(two), 0)).toMatchObject({ version: 1 });
    expect(await store.saveSections(sections(two.slice(0, 1)), 1)).toMatchObject({ version: 2 });
    expect(await code(store.saveSections(sections(two), 1))).toBe('VERSION_CONFLICT');
    const row = await vault.journal.latest('sections', recordId);
    const keyId = keyIdOfSealed(row?.sealed ?? new Uint8Array());
    if (!row) throw new Error('a row');
    const own = await vault.recordKeys.key(keyId);
    expect(await openJson(own, keyId, row, row.sealed, storedSectionsSchema)).toMatchObject({
      by: 'doctor-1',
      sections: two.slice(0, 1),
    });
  });

  test('out of order, outside the text or without length are refused', async () => {
    const [first, second] = two;
    if (!first || !second) throw new Error('two');
    const wrong = [
      [second, first],
      [first, { ...second, start: 9 }],
      [first, { ...second, end: text.length + 1 }],
      [{ ...first, body: 11 }],
      [{ ...first, end: 0, body: 0 }],
    ];
    for (const all of wrong) {
      expect(await code(store.saveSections(sections(all), 0))).toBe('BAD_REQUEST');
    }
  });
});
