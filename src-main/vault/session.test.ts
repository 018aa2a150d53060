import { verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { problemOf, type ErrorCode } from '../domain/contract/errors';
import type { ChannelAccess, NewWords, Role, VaultState } from '../domain/contract/vault';
import { confirmationBytes } from '../domain/review/confirmation';
import { journalFileName } from './journal-format';
import { keyFileName } from './key-file';
import { publicKeyOf } from './keyring/boxes';
import { keyringFileName } from './keyring/keyring-file';
import { confirmReview } from './confirm-review';
import { VaultSession, type SessionEvent } from './session';

const founder = { name: '王建国', title: '主任医师', staffNumber: 'D-001' };
const passphrase = '青山不改绿水长流啊';
const longPassphrase = '青山不改绿水长流二〇二六';
const other = 'correct horse battery staple';

let folder: string;
let states: VaultState[];
let events: SessionEvent[];
let now: number;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'chimed-session-')), 'data');
  states = [];
  events = [];
  now = 1_000_000;
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

async function opened(): Promise<VaultSession> {
  const session = new VaultSession({
    folder,
    policyPath: join(folder, '..', 'policy.json'),
    cost: { memoryKiB: 64, iterations: 1, parallelism: 1 },
    now: () => now,
    onState: (state) => states.push(state),
    onEvent: (event) => events.push(event),
  });
  await session.load();
  return session;
}

const answersTo = ({ words, ask }: NewWords): string[] => ask.map((at) => words.en[at] ?? '');

async function founded(): Promise<{ session: VaultSession; userId: string; words: NewWords }> {
  const session = await opened();
  const words = await session.found(founder, longPassphrase);
  await session.confirmFounding(answersTo(words));
  return { session, userId: session.user?.id ?? '', words };
}

async function code(work: () => unknown): Promise<ErrorCode | 'no error'> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return problemOf(error).code;
  }
}

const allAccess: ChannelAccess[] = ['anyone', 'user', 'records', 'models', 'users', 'audit'];
async function allowedOf(session: VaultSession): Promise<ChannelAccess[]> {
  const codes = await Promise.all(allAccess.map((each) => code(() => session.demand(each))));
  return allAccess.filter((_, index) => codes[index] === 'no error');
}

describe('the first start', () => {
  test('nothing is there, nothing may be done, and nothing is written', async () => {
    const session = await opened();
    expect(session.state).toEqual({ phase: 'absent', trial: false });
    expect(await allowedOf(session)).toEqual(['anyone']);
    expect(existsSync(folder)).toBe(false);
  });

  test('the samples can be tried under a key that is stored nowhere', async () => {
    const session = await opened();
    session.beginTrial();
    expect(session.state).toEqual({ phase: 'absent', trial: true });
    expect(await allowedOf(session)).toEqual(['anyone', 'records', 'models']);
    expect(session.dataKey().bytes).toHaveLength(32);
    expect(existsSync(folder)).toBe(false);
  });

  test('a vault exists once the asked words were repeated, in either language', async () => {
    const session = await opened();
    expect(await code(() => session.found(founder, passphrase))).toBe('PASSPHRASE_TOO_SHORT');
    const made = await session.found(founder, longPassphrase);
    expect(made.ask).toHaveLength(3);
    expect(await code(() => session.confirmFounding(['', '', '']))).toBe('RECOVERY_WORDS_INVALID');
    expect(existsSync(join(folder, keyringFileName))).toBe(false);
    expect(session.state.phase).toBe('absent');
    await session.confirmFounding(made.ask.map((at) => ` ${made.words['zh-CN'][at]} `));
    expect(session.state).toMatchObject({ phase: 'open', user: founder });
    expect((await opened()).state.phase).toBe('locked');
  });

  test('records of an earlier program keep their key, and its file is destroyed', async () => {
    const plain = Buffer.alloc(64);
    plain.write('CMDKEY\r\n', 0, 'latin1');
    plain.writeUInt32BE(1, 8);
    plain.fill(7, 12, 52);
    const { crc32 } = await import('node:zlib');
    plain.writeUInt32BE(crc32(plain.subarray(0, 60)), 60);
    const session = await opened();
    const { mkdir } = await import('node:fs/promises');
    await mkdir(folder);
    await writeFile(join(folder, keyFileName), plain);
    const made = await session.found(founder, longPassphrase);
    expect(await readdir(folder)).toContain(keyFileName);
    await session.confirmFounding(answersTo(made));
    expect(await readdir(folder)).not.toContain(keyFileName);
    expect(session.dataKey()).toEqual({
      keyId: '07'.repeat(8),
      bytes: new Uint8Array(32).fill(7),
    });
  });

  test('no vault is founded over data whose key is gone', async () => {
    const session = await opened();
    const { mkdir } = await import('node:fs/promises');
    await mkdir(folder);
    await writeFile(join(folder, journalFileName), 'x');
    expect(await code(() => session.found(founder, longPassphrase))).toBe('KEY_UNREADABLE');
  });
});

describe('signing in and locking', () => {
  test('a lock forgets the keys; only the passphrase brings them back', async () => {
    const { session, userId } = await founded();
    const before = session.dataKey();
    session.lock('asked');
    expect(session.state).toMatchObject({ phase: 'locked', lastUserId: userId, reason: 'asked' });
    expect(await allowedOf(session)).toEqual(['anyone']);
    expect(await code(() => session.dataKey())).toBe('VAULT_LOCKED');
    expect(await code(() => session.sign(new Uint8Array(1)))).toBe('VAULT_LOCKED');
    expect(await code(() => session.addUser({ ...founder, roles: ['doctor'] }, other))).toBe(
      'VAULT_LOCKED',
    );
    expect(await code(() => session.signIn(userId, other))).toBe('PASSPHRASE_WRONG');
    await session.signIn(userId, longPassphrase);
    expect(session.dataKey()).toEqual(before);
  });

  test('guessing is slowed down, over restarts, and each failure is reported', async () => {
    const { userId } = await founded();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const session = await opened();
      expect(await code(() => session.signIn(userId, other))).toBe('PASSPHRASE_WRONG');
    }
    const session = await opened();
    expect(await code(() => session.signIn(userId, longPassphrase))).toBe('SIGN_IN_DELAYED');
    now += 15_001;
    await session.signIn(userId, longPassphrase);
    expect(events.filter(({ kind }) => kind === 'sign-in-failed')).toHaveLength(5);
  });

  test('two sign-ins at once count as two tries', async () => {
    const { userId } = await founded();
    const session = await opened();
    const tries = Array.from({ length: 6 }, () => code(() => session.signIn(userId, other)));
    const codes = await Promise.all(tries);
    expect(codes.filter((each) => each === 'PASSPHRASE_WRONG').length).toBeLessThanOrEqual(4);
    expect(codes).toContain('SIGN_IN_DELAYED');
  });

  test('a damaged keyring is said as that, and nothing is made in its place', async () => {
    await founded();
    await writeFile(join(folder, keyringFileName), '{');
    const session = await opened();
    expect(session.state).toMatchObject({ phase: 'failed', problem: { code: 'KEYRING_DAMAGED' } });
    expect(await code(() => session.found(founder, longPassphrase))).toBe('BAD_REQUEST');
    expect(await code(() => session.beginTrial())).toBe('BAD_REQUEST');
  });

  test('the recovery words set a new passphrase, also after too many wrong ones', async () => {
    const { session, userId, words } = await founded();
    session.lock('asked');
    for (let attempt = 0; attempt < 5; attempt += 1)
      await code(() => session.signIn(userId, other));
    expect(
      await code(() => session.recover(words.words.en.slice(1).join(' '), userId, other)),
    ).toBe('RECOVERY_WORDS_INVALID');
    expect(events.at(-1)).toMatchObject({ kind: 'recovery-failed', userId });
    await session.recover(words.words['zh-CN'].join(' '), userId, other);
    expect(session.state.phase).toBe('open');
    expect(events.map(({ kind }) => kind)).toContain('recovered');
  });

  test('new recovery words hold once they were repeated', async () => {
    const { session, userId, words } = await founded();
    const fresh = session.renewRecovery();
    expect(await code(() => session.confirmRecovery(['a', 'b', 'c']))).toBe(
      'RECOVERY_WORDS_INVALID',
    );
    await session.confirmRecovery(answersTo(fresh));
    session.lock('asked');
    expect(await code(() => session.recover(words.words.en.join(' '), userId, other))).toBe(
      'RECOVERY_WRONG',
    );
  });
});

describe('what each role may do', () => {
  const staff = (roles: Role[], staffNumber: string) => ({
    name: '李敏',
    title: '',
    staffNumber,
    roles,
  });

  test('doctor, administrator, auditor', async () => {
    const { session } = await founded();
    expect(await allowedOf(session)).toEqual(allAccess);
    const made = {
      doctor: await session.addUser(staff(['doctor'], '1'), other),
      administrator: await session.addUser(staff(['administrator'], '2'), other),
      auditor: await session.addUser(staff(['auditor'], '3'), other),
    };
    const allowed: Record<string, ChannelAccess[]> = {};
    for (const [role, { id }] of Object.entries(made)) {
      session.lock('asked');
      await session.signIn(id, other);
      allowed[role] = await allowedOf(session);
    }
    expect(allowed).toEqual({
      doctor: ['anyone', 'user', 'records', 'models'],
      administrator: ['anyone', 'user', 'models', 'users', 'audit'],
      auditor: ['anyone', 'user', 'audit'],
    });
  });

  test('a doctor added by a plain administrator reads after a doctor has signed in', async () => {
    const { session, userId } = await founded();
    const admin = await session.addUser(staff(['administrator'], '2'), other);
    session.lock('asked');
    await session.signIn(admin.id, other);
    const doctor = await session.addUser(staff(['doctor'], '1'), other);
    session.lock('asked');
    await session.signIn(doctor.id, other);
    expect(await code(() => session.dataKey())).toBe('FORBIDDEN_ROLE');
    session.lock('asked');
    await session.signIn(userId, longPassphrase);
    session.lock('asked');
    await session.signIn(doctor.id, other);
    expect(session.dataKey().bytes).toHaveLength(32);
    expect(events).toContainEqual({ kind: 'user-let-in', userId, subject: doctor.id });
  });

  test('nobody sets their own passphrase without the old one; others change theirs alone', async () => {
    const { session, userId } = await founded();
    expect(await code(() => session.resetPassphrase(userId, other))).toBe('BAD_REQUEST');
    expect(await code(() => session.changePassphrase(other, other))).toBe('PASSPHRASE_WRONG');
    await session.changePassphrase(longPassphrase, other);
    session.lock('asked');
    await session.signIn(userId, other);
  });

  test('who removes their own account is locked out at once', async () => {
    const { session, userId } = await founded();
    await session.addUser(staff(['doctor', 'administrator'], '1'), other);
    await session.removeUser(userId);
    expect(session.state).toMatchObject({ phase: 'locked', reason: 'user-removed' });
  });

  test('the policy of the machine holds: roles, the audit log, and a file that is wrong', async () => {
    const { session } = await founded();
    const rules = { doctorMayAdminister: false, administratorReadsAudit: false };
    const path = join(folder, '..', 'policy.json');
    await writeFile(path, JSON.stringify({ format: 1, roles: rules }));
    const again = await opened();
    await again.signIn(session.user?.id ?? '', longPassphrase);
    expect(await allowedOf(again)).not.toContain('audit');
    const both = staff(['doctor', 'administrator'], '9');
    expect(await code(() => again.addUser(both, other))).toBe('POLICY_FORBIDS');
    await writeFile(path, '{"format":1,"roels":{}}');
    expect((await opened()).state).toMatchObject({
      phase: 'failed',
      problem: { code: 'POLICY_INVALID', params: { at: 'roels' } },
    });
  });
});

describe('a confirmation of a review', () => {
  const content = { recordId: 'r', contentSha256: 'a'.repeat(64) };

  test('is signed with the key of the doctor who is signed in', async () => {
    const { session, userId } = await founded();
    const { signature, ...said } = confirmReview(session, content, 77);
    expect(said).toEqual({
      ...{ by: userId, name: founder.name, title: founder.title, at: 77 },
      contentSha256: content.contentSha256,
    });
    const key = publicKeyOf('ed25519', session.user?.signPublic ?? '');
    const bytes = confirmationBytes('r', said);
    expect(verify(null, bytes, key, Buffer.from(signature, 'hex'))).toBe(true);
  });

  test('is not to be had in a trial, while locked, or by who is no doctor', async () => {
    const trial = await opened();
    trial.beginTrial();
    expect(await code(() => confirmReview(trial, content))).toBe('VAULT_LOCKED');
    const { session } = await founded();
    const details = {
      name: '管',
      title: '',
      staffNumber: 'A-1',
      roles: ['administrator' as const],
    };
    const admin = await session.addUser(details, other);
    session.lock('asked');
    expect(await code(() => confirmReview(session, content))).toBe('VAULT_LOCKED');
    await session.signIn(admin.id, other);
    expect(await code(() => confirmReview(session, content))).toBe('FORBIDDEN_ROLE');
  });
});
