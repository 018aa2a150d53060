import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { problemOf, type ErrorCode } from '../domain/contract/errors';
import type { StoredReview } from '../domain/contract/review';
import { stepOf, type ReviewAction } from '../domain/review/actions';
import { choiceOf, disputesOf, startAdjudication } from '../domain/review/adjudication';
import { confirmationBytes, contentSha256 } from '../domain/review/confirmation';
import { applyPatch } from '../domain/review/patch';
import { nextVersion, startReview } from '../domain/review/review';
import { mention, run, text } from '../domain/review/review.fixture';
import { publicHexOf } from '../vault/keyring/boxes';
import { Vault } from '../vault/vault';
import { RecordStore } from './store';

interface Doctor {
  readonly id: string;
  readonly key: KeyObject;
  readonly store: RecordStore;
}

let dir = '';
let vault: Vault;
let first: Doctor;
let second: Doctor;
let third: Doctor;
const textSha256 = createHash('sha256').update(text).digest('hex');
const found = [mention('高血压'), mention('糖尿病'), mention('肺部感染')];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-study-'));
  vault = await Vault.open(dir, { keyId: '0011223344556677', key: new Uint8Array(32).fill(7) });
  [first, second, third] = [doctor('1'), doctor('2'), doctor('3')];
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});

function doctor(digit: string): Doctor {
  const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');
  const id = `${digit.repeat(8)}-1111-4111-8111-111111111111`;
  const signPublic = publicHexOf(publicKey);
  return { id, key, store: new RecordStore({ vault, userId: id, signPublic }) };
}
async function code(work: Promise<unknown>): Promise<ErrorCode | 'no error'> {
  return work.then(
    () => 'no error' as const,
    (error: unknown) => problemOf(error).code,
  );
}
function acted(review: StoredReview, by: Doctor, actions: readonly ReviewAction[]): StoredReview {
  const actor = { at: 50, by: by.id };
  return actions.reduce((state, action) => {
    const step = stepOf(state, action, actor);
    return step ? applyPatch(state, step, actor) : state;
  }, review);
}
const acceptAll = (review: StoredReview, but: readonly string[] = []): ReviewAction[] =>
  review.items.map(({ id, fact }) => ({
    kind: but.includes(fact.text ?? '') ? 'reject' : 'accept',
    id,
  }));
async function signed(review: StoredReview, by: Doctor): Promise<StoredReview> {
  const said = { by: by.id, name: '王', title: '', at: 60 };
  const content = { ...said, contentSha256: await contentSha256(review) };
  const signature = sign(null, confirmationBytes(review.recordId, content), by.key);
  return { ...review, confirmation: { ...content, signature: signature.toString('hex') } };
}

/** A record that the first doctor confirmed. */
async function confirmedRecord(n: number, but: readonly string[] = []): Promise<StoredReview> {
  const source = { kind: 'paste' as const, notices: [] };
  const { recordId } = await first.store.create({ title: `第${n}份`, text, source });
  const ran = run(`run-${n}`, found, { recordId, textSha256 });
  await first.store.saveRun(ran);
  const subject = { recordId, textSha256, role: 'primary' as const };
  const begun = startReview(subject, ran, { at: 40, by: first.id });
  const review = await signed(acted(begun, first, acceptAll(begun, but)), first);
  await first.store.saveReview(review, 0);
  return review;
}

/** The second review of a record as it begins. */
function secondOf(primary: StoredReview, study: string): StoredReview {
  const { recordId, runId } = primary;
  const subject = { recordId, textSha256, role: 'second' as const, study };
  return startReview(subject, run(runId ?? '', found), { at: 45, by: second.id });
}

/** A sample of one record, compared: the second reviewer accepted what the first one did not. */
async function disputed(): Promise<{
  one: StoredReview;
  done: StoredReview;
  studyId: string;
}> {
  const one = await confirmedRecord(1, ['糖尿病']);
  const { studyId } = await first.store.studies.draw('ccks2019', 1);
  await second.store.studies.begin(studyId);
  const begun = secondOf(one, studyId);
  const done = await signed(acted(begun, second, acceptAll(begun)), second);
  await second.store.saveReview(done, 0);
  await second.store.studies.compare(studyId);
  return { one, done, studyId };
}

describe('a sample', () => {
  test('is drawn of confirmed records of one schema outside the bin, and can be drawn again', async () => {
    const reviews = [];
    for (let n = 0; n < 6; n += 1) reviews.push(await confirmedRecord(n));
    await first.store.delete(reviews[0]?.recordId ?? '');
    const open = await confirmedRecord(9);
    await first.store.saveReview(nextVersion(open, { at: 70, by: first.id }), 1);
    expect(await first.store.studies.population('ccks2019')).toBe(5);
    const { studyId } = await first.store.studies.draw('ccks2019', 3);
    const { study, records } = await first.store.studies.overview(studyId);
    expect(study).toMatchObject({ population: 5, by: first.id, second: null, result: null });
    const inTheBin = reviews[0]?.recordId;
    expect(new Set(records.map(({ recordId }) => recordId)).size).toBe(3);
    expect(records.map(({ recordId }) => recordId)).not.toContain(inTheBin);
    expect(await code(first.store.studies.draw('other', 3))).toBe('SAMPLE_EMPTY');
    const trial = new RecordStore({ vault });
    expect(await code(trial.studies.draw('ccks2019', 3))).toBe('FORBIDDEN_ROLE');
    expect(await first.store.studies.list()).toEqual([study]);
  });

  test('is of the reviews of its schema, also where a record has others before it', async () => {
    const { recordId } = await confirmedRecord(1);
    await confirmedRecord(2);
    const identity = { ...run('x', []).run, schema: 'lab' };
    const ran = run('lab-1', found, { recordId, textSha256, run: identity });
    await first.store.saveRun(ran);
    const subject = { recordId, textSha256, role: 'primary' as const, ordinal: 2 };
    const begun = startReview(subject, ran, { at: 40, by: first.id });
    await first.store.saveReview(begun, 0);
    expect(await first.store.studies.population('lab')).toBe(0);
    const done = await signed(acted(begun, first, acceptAll(begun, ['糖尿病'])), first);
    await first.store.saveReview(done, 1);
    expect(await first.store.studies.population('ccks2019')).toBe(2);
    expect(await first.store.studies.population('lab')).toBe(1);
    const { studyId } = await first.store.studies.draw('lab', 9);
    await second.store.studies.begin(studyId);
    const blind = startReview({ recordId, textSha256, role: 'second', study: studyId }, ran, {
      at: 45,
      by: second.id,
    });
    await second.store.saveReview(await signed(acted(blind, second, acceptAll(blind)), second), 0);
    await second.store.studies.compare(studyId);
    const { study } = await second.store.studies.overview(studyId);
    expect(study.result?.agreement.strict).toEqual({ both: 2, onlyFirst: 0, onlySecond: 1 });
  });

  test('is reviewed by one other doctor, who begins with the machine’s facts and nothing else', async () => {
    const primary = await confirmedRecord(1, ['糖尿病']);
    const { studyId } = await first.store.studies.draw('ccks2019', 1);
    const begun = secondOf(primary, studyId);
    expect(await code(second.store.saveReview(begun, 0))).toBe('SAMPLE_TAKEN');
    expect(await code(first.store.studies.begin(studyId))).toBe('SAMPLE_NOT_BLIND');
    await second.store.studies.begin(studyId);
    expect(await code(third.store.studies.begin(studyId))).toBe('SAMPLE_TAKEN');
    expect(await code(third.store.saveReview(begun, 0))).toBe('SAMPLE_TAKEN');
    // What the first one changed or left out cannot come in.
    const [item] = begun.items;
    if (!item) throw new Error('an item');
    const other = { ...item, fact: { ...item.fact, type: '药物' } };
    const changed = { ...begun, items: [other, ...begun.items.slice(1)] };
    expect(await code(second.store.saveReview(changed, 0))).toBe('BAD_REQUEST');
    const fewer = { ...begun, items: begun.items.slice(1) };
    expect(await code(second.store.saveReview(fewer, 0))).toBe('BAD_REQUEST');
    const nowhere = { ...begun, study: undefined, id: `${begun.recordId}.second` };
    expect(await code(second.store.saveReview(nowhere, 0))).toBe('BAD_REQUEST');
    expect(await code(second.store.saveReview(begun, 0))).toBe('no error');
    expect((await second.store.studies.overview(studyId)).methods).toBeNull();
  });

  test('is compared once both are done; then its differences are adjudicated and signed', async () => {
    const one = await confirmedRecord(1, ['糖尿病']);
    const two = await confirmedRecord(2);
    const { studyId } = await first.store.studies.draw('ccks2019', 9);
    await second.store.studies.begin(studyId);
    const seconds: StoredReview[] = [];
    for (const primary of [one, two]) {
      expect(await code(second.store.studies.compare(studyId))).toBe('SAMPLE_NOT_READY');
      const begun = secondOf(primary, studyId);
      // Begun is not done.
      await second.store.saveReview(begun, 0);
      expect(await code(second.store.studies.compare(studyId))).toBe('SAMPLE_NOT_READY');
      const done = await signed(acted(begun, second, acceptAll(begun)), second);
      await second.store.saveReview(done, 1);
      seconds.push(done);
    }
    const early = startAdjudication(one, seconds[0] ?? one, studyId, { at: 70, by: third.id });
    expect(await code(third.store.saveReview(early, 0))).toBe('SAMPLE_NOT_READY');
    // What the first reviewer makes of it afterwards is not what was compared.
    await first.store.saveReview(nextVersion(one, { at: 70, by: first.id }), 1);
    await third.store.studies.compare(studyId);
    const compared = await third.store.studies.overview(studyId);
    expect(compared.study.result?.agreement.strict).toEqual({
      ...{ both: 5, onlyFirst: 0, onlySecond: 1 },
    });
    expect(new Map(compared.records.map((each) => [each.recordId, each.disputes]))).toEqual(
      new Map([
        [one.recordId, 1],
        [two.recordId, 0],
      ]),
    );
    const [dispute] = disputesOf(one.items, seconds[0]?.items ?? []);
    if (!dispute) throw new Error('a dispute');
    const choice = { kind: 'choose' as const, ...choiceOf(dispute, 'second') };
    const settled = await signed(acted(early, third, [choice]), third);
    const dropped = { ...settled, items: settled.items.slice(1) };
    expect(await code(third.store.saveReview(dropped, 0))).not.toBe('no error');
    await third.store.saveReview(settled, 0);
    const next = nextVersion(settled, { at: 90, by: third.id });
    expect(await code(third.store.saveReview(next, 1))).toBe('REVIEW_LOCKED');
    const { methods, records } = await third.store.studies.overview(studyId);
    expect(records.find(({ recordId }) => recordId === one.recordId)?.adjudication).toBe('done');
    expect(methods).toMatchObject({
      machineFacts: 6,
      first: { reviewers: 1, records: 2, facts: 5, bulk: 0 },
      second: { records: 2, facts: 6, bulk: 0 },
      disputes: { records: 1, total: 1, first: 0, second: 1, own: 0, open: 0 },
      adjudicators: { total: 1, reviewed: 0, own: 0 },
      models: [{ name: 'm', sha256: 'x', records: 2 }],
    });
  });

  test('is not adjudicated by who reviewed the record, unless who drew it allows that', async () => {
    const { one, done, studyId } = await disputed();
    const [dispute] = disputesOf(one.items, done.items);
    if (!dispute) throw new Error('a dispute');
    const choice = { kind: 'choose' as const, ...choiceOf(dispute, 'second') };
    const settledBy = async (by: Doctor): Promise<StoredReview> => {
      const open = startAdjudication(one, done, studyId, { at: 70, by: by.id });
      return signed(acted(open, by, [choice]), by);
    };
    for (const by of [first, second]) {
      expect(await code(by.store.saveReview(await settledBy(by), 0))).toBe('SAMPLE_OWN_REVIEW');
    }
    // Of one that a third person has begun, too.
    const open = startAdjudication(one, done, studyId, { at: 70, by: third.id });
    await third.store.saveReview(open, 0);
    const settled = await settledBy(second);
    expect(await code(second.store.saveReview(settled, 1))).toBe('SAMPLE_OWN_REVIEW');
    for (const by of [second, third]) {
      expect(await code(by.store.studies.allowOwn(studyId))).toBe('FORBIDDEN_ROLE');
    }
    await first.store.studies.allowOwn(studyId);
    await second.store.saveReview(settled, 1);
    const { study, drawnBy, methods } = await third.store.studies.overview(studyId);
    expect(study.ownAllowed?.by).toBe(first.id);
    expect(drawnBy).toBe(first.id);
    expect(methods?.adjudicators).toEqual({ total: 1, reviewed: 1, own: 1 });
  });

  test('says so where a reviewer decided and a third person signed', async () => {
    const { one, done, studyId } = await disputed();
    await first.store.studies.allowOwn(studyId);
    const open = startAdjudication(one, done, studyId, { at: 70, by: first.id });
    const decided = acted(open, first, acceptAll(open));
    await first.store.saveReview(decided, 0);
    await third.store.saveReview(await signed(decided, third), 1);
    const { methods } = await third.store.studies.overview(studyId);
    expect(methods?.adjudicators).toEqual({ total: 1, reviewed: 0, own: 1 });
  });

  test('goes on without a record that was deleted for good', async () => {
    const one = await confirmedRecord(1);
    const two = await confirmedRecord(2);
    const { studyId } = await first.store.studies.draw('ccks2019', 2);
    await second.store.studies.begin(studyId);
    const begun = secondOf(two, studyId);
    await second.store.saveReview(await signed(acted(begun, second, acceptAll(begun)), second), 0);
    await first.store.shred(one.recordId);
    await second.store.studies.compare(studyId);
    const { study, records } = await second.store.studies.overview(studyId);
    expect(study.result?.agreement).toMatchObject({ records: 1, kappa: 1 });
    expect(records.find(({ recordId }) => recordId === one.recordId)?.second).toBe('gone');
  });
});
