/** Changing the data key with the real keyring, session and vault. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError, problemOf } from '../domain/contract/errors';
import type { RotationState } from '../domain/contract/rotation';
import type { NewWords, Role } from '../domain/contract/vault';
import { journalKeyId } from './journal';
import { KeyRotation, type KeyRotationParts } from './key-rotation';
import { opens, passphrase, save, sessionOf, vaultOf } from './rotation.fixture';
import type { SessionEvent, VaultSession } from './session';
import { Vault, type DataKeyBytes } from './vault';

const script = fileURLToPath(new URL('./rotation.fixture.ts', import.meta.url));
const other = 'correct horse battery staple';
let folder: string;
let session: VaultSession;
let events: SessionEvent[];
let words: NewWords;
let founder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'chimed-rotation-')), 'data');
  events = [];
  session = await sessionOf(folder, (event) => events.push(event));
  words = await session.found({ name: '王建国', title: '', staffNumber: 'D-1' }, passphrase);
  await session.confirmFounding(words.ask.map((at) => words.words.en[at] ?? ''));
  founder = session.user?.id ?? '';
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const add = async (staffNumber: string, ...roles: Role[]): Promise<string> =>
  (await session.addUser({ name: '李敏', title: '', staffNumber, roles }, other)).id;
const code = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return problemOf(error).code;
  }
};
const withVault = <T>(of: VaultSession, work: (vault: Vault) => Promise<T>): Promise<T> =>
  withVaultOf(of.dataKey(), work);
async function withVaultOf<T>(
  { keyId, bytes }: { keyId: string; bytes: Uint8Array },
  work: (vault: Vault) => Promise<T>,
): Promise<T> {
  const vault = await Vault.open(folder, { keyId, key: bytes });
  try {
    return await work(vault);
  } finally {
    await vault.close();
  }
}
const rotated = (): Promise<void> =>
  withVault(session, (vault) => session.rotateDataKey((key) => vault.rotate(key)));

describe('a new data key', () => {
  test('reaches everybody who had the old one, and the recovery words, without their passphrases', async () => {
    const doctor = await add('D-2', 'doctor');
    const administrator = await add('A-1', 'administrator');
    await withVault(session, (vault) => save(vault, 'a'));
    const old = session.dataKey();
    await rotated();
    const fresh = session.dataKey();
    expect(fresh.keyId).not.toBe(old.keyId);
    expect(fresh.bytes).not.toEqual(old.bytes);
    expect(await journalKeyId(folder)).toBe(fresh.keyId);
    expect(await withVault(session, (vault) => opens(vault, 'a'))).toBe(true);
    expect(events.at(-1)).toEqual({ kind: 'key-rotated', userId: founder });

    session = await sessionOf(folder);
    await session.signIn(doctor, other);
    expect(session.dataKey()).toEqual(fresh);
    session.lock('asked');
    await session.signIn(administrator, other);
    expect(await code(() => session.dataKey())).toBe('FORBIDDEN_ROLE');
    session.lock('asked');
    await session.recover(words.words.en.join(' '), founder, 'another long passphrase 26');
    expect(session.dataKey()).toEqual(fresh);
  });

  test('is made by a doctor who is also an administrator; by any doctor where the policy parts the roles', async () => {
    const doctor = await add('D-2', 'doctor');
    const administrator = await add('A-1', 'administrator');
    const refused: Record<string, string> = {};
    for (const id of [doctor, administrator]) {
      session.lock('asked');
      await session.signIn(id, other);
      refused[id] = await code(() => session.rotateDataKey(() => Promise.resolve()));
    }
    expect(Object.values(refused)).toEqual(['FORBIDDEN_ROLE', 'FORBIDDEN_ROLE']);
    await writeFile(
      join(folder, '..', 'policy.json'),
      JSON.stringify({ format: 1, roles: { doctorMayAdminister: false } }),
    );
    session = await sessionOf(folder);
    await session.signIn(administrator, other);
    expect(await code(() => session.demandRotation())).toBe('FORBIDDEN_ROLE');
    session.lock('asked');
    await session.signIn(doctor, other);
    const old = session.dataKey();
    await rotated();
    expect(session.dataKey()).not.toEqual(old);
  });

  test('that could not be carried out leaves the old one, alone', async () => {
    await withVault(session, (vault) => save(vault, 'a'));
    const old = session.dataKey();
    const failing = session.rotateDataKey(() => Promise.reject(new AppError('DISK_FULL')));
    expect(await code(() => failing)).toBe('DISK_FULL');
    expect(session.dataKey()).toEqual(old);
    expect(events.some(({ kind }) => kind === 'key-rotated')).toBe(false);
    // A new doctor gets one key, not the one that never came to be.
    const doctor = await add('D-2', 'doctor');
    session.lock('asked');
    await session.signIn(doctor, other);
    expect(session.dataKey()).toEqual(old);
    expect(await withVault(session, (vault) => opens(vault, 'a'))).toBe(true);
  });

  test('that was carried out before something failed holds', async () => {
    await withVault(session, async (vault) => {
      await save(vault, 'a');
      const failing = session.rotateDataKey(async (key) => {
        await vault.rotate(key);
        throw new AppError('WORKER_DIED');
      });
      expect(await code(() => failing)).toBe('WORKER_DIED');
    });
    expect(session.dataKey().keyId).toBe(await journalKeyId(folder));
    expect(await withVault(session, (vault) => opens(vault, 'a'))).toBe(true);
  });
});

test('killed a dozen times while the key is changed, every saved record opens under the key that holds', async () => {
  const saved = new Set<string>();
  let changes = 0;
  for (let round = 0; round < 12; round += 1) {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', script, folder, founder, `k${round}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const closed = once(child, 'close');
    let output = '';
    let died = false;
    await new Promise<void>((resolve) => {
      child.once('exit', (exitCode) => {
        died = exitCode !== null;
        resolve();
      });
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        resolve();
      });
    });
    await sleep((round * 67) % 330);
    child.kill('SIGKILL');
    await closed;
    expect(died).toBe(false);
    for (const line of output.split('\n').slice(0, -1)) {
      if (line === 'k') changes += 1;
      else if (line !== 'o') saved.add(line);
    }
    session = await sessionOf(folder);
    await session.signIn(founder, passphrase);
    await withVault(session, async (vault) => {
      expect(vault.lostKeys).toBe(0);
      for (const id of saved) expect(await opens(vault, id), id).toBe(true);
    });
  }
  expect(saved.size).toBeGreaterThan(10);
  expect(changes).toBeGreaterThan(5);
});

describe('while somebody works', () => {
  let done: string[];
  let states: RotationState['phase'][];
  const rotation = (changes: Partial<KeyRotationParts> = {}): KeyRotation =>
    new KeyRotation({
      session,
      putAway: async () => void done.push('put away'),
      head: () => withVault(session, async (vault) => vault.journal.head),
      anchor: async () => void done.push('anchor'),
      carryOut: (key, at) => withVault(session, (vault) => vault.rotate(key, { at })),
      reopen: async () => void done.push('reopen'),
      reload: () => void done.push('reload'),
      onState: ({ phase }) => states.push(phase),
      ...changes,
    });
  beforeEach(() => {
    done = [];
    states = [];
  });

  test('pages put away what they hold, the log is anchored before and after, and the pages begin anew', async () => {
    const old = session.dataKey().keyId;
    const work = rotation();
    const running = work.run(passphrase);
    expect(await code(() => work.run(passphrase))).toBe('BAD_REQUEST');
    await running;
    expect(done).toEqual(['put away', 'anchor', 'anchor', 'reload']);
    expect(states).toEqual(['running', 'done']);
    expect(session.dataKey().keyId).not.toBe(old);
    work.seen();
    expect(work.state).toEqual({ phase: 'idle' });
  });

  test('with a wrong passphrase nothing is begun', async () => {
    const old = session.dataKey();
    const work = rotation();
    expect(await code(() => work.run(other))).toBe('PASSPHRASE_WRONG');
    expect(done).toEqual([]);
    expect(work.state).toEqual({ phase: 'idle' });
    expect(session.dataKey()).toEqual(old);
  });

  test('one that fails says so after the data was opened anew', async () => {
    const work = rotation({ carryOut: () => Promise.reject(new AppError('DISK_FULL')) });
    await work.run(passphrase);
    expect(done).toEqual(['put away', 'anchor', 'reopen', 'reload']);
    expect(work.state).toEqual({ phase: 'failed', problem: { code: 'DISK_FULL' } });
  });

  test('what is saved after the log was anchored makes it anchor anew, so that the log always fits', async () => {
    let anchored = '';
    let saves = 2;
    const work = rotation({
      anchor: () =>
        withVault(session, async (vault) => {
          done.push('anchor');
          anchored = JSON.stringify(vault.journal.head);
          if (saves > 0) await save(vault, `late-${saves--}`);
        }),
      carryOut: (key, at) =>
        withVault(session, async (vault) => {
          await vault.rotate(key, { at });
          expect(vault.journal.holds(JSON.parse(anchored) as typeof at)).toBe(true);
        }),
    });
    await work.run(passphrase);
    expect(work.state).toEqual({ phase: 'done' });
    expect(done).toEqual(['put away', ...Array<string>(4).fill('anchor'), 'reload']);
    expect(await withVault(session, (vault) => opens(vault, 'late-1'))).toBe(true);
  });

  test('who signs in before a locked session has let go of the data waits for it, and no key is lost', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const work = rotation({
      carryOut: async (key, at) => {
        session.lock('idle');
        await held;
        await withVaultOf(oldKey, (vault) => vault.rotate(key, { at }));
        throw new AppError('WORKER_DIED');
      },
    });
    const oldKey = session.dataKey();
    const running = work.run(passphrase);
    await vi.waitFor(() => expect(session.user).toBeNull(), 20_000);
    const signingIn = session.signIn(founder, passphrase);
    // Long enough for one that does not wait.
    await Promise.race([signingIn, sleep(2_000)]);
    letGo();
    await Promise.all([running, signingIn]);
    expect(session.dataKey().keyId).toBe(await journalKeyId(folder));
    await withVault(session, async (vault) => expect(vault.lostKeys).toBe(0));
  });

  test('a process that outlives its main and still changes the key loses no key either', async () => {
    const vault = await vaultOf(session, folder);
    await save(vault, 'a');
    let brought: DataKeyBytes | null = null;
    const failing = session.rotateDataKey((key) => {
      brought = key;
      session.lock('idle');
      return Promise.reject(new AppError('WORKER_DIED'));
    });
    expect(await code(() => failing)).toBe('WORKER_DIED');
    await session.signIn(founder, passphrase);
    session.lock('asked');
    if (brought) await vault.rotate(brought);
    await vault.close();
    await session.signIn(founder, passphrase);
    expect(session.dataKey().keyId).toBe(await journalKeyId(folder));
    expect(await withVault(session, (opened) => opens(opened, 'a'))).toBe(true);
  });

  test('a lock in the middle leaves the gate, and the next sign-in finds the key that holds', async () => {
    const work = rotation({
      carryOut: async (key) => {
        await withVault(session, (vault) => vault.rotate(key));
        session.lock('idle');
        throw new AppError('WORKER_DIED');
      },
    });
    await work.run(passphrase);
    expect(done).toEqual(['put away', 'anchor']);
    await session.signIn(founder, passphrase);
    expect(session.dataKey().keyId).toBe(await journalKeyId(folder));
    expect(events.map(({ kind }) => kind)).toContain('key-rotated');
  });
});
