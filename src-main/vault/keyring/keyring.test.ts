import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../domain/contract/errors';
import { publicKeyOf } from './boxes';
import { deriveKey, passphraseCost } from './kdf';
import { Keyring, type KeyringOptions, type UserKeys } from './keyring';
import { keyringFileName, parseKeyring } from './keyring-file';

const options: KeyringOptions = { cost: { memoryKiB: 64, iterations: 1, parallelism: 1 } };
const founder = { name: '王建国', title: '主任医师', staffNumber: 'D-001' };
const passphrase = '青山 不改 绿水长流 2026';
const other = 'correct horse battery staple';
const dataKey = { id: '0011223344556677', bytes: Uint8Array.from({ length: 32 }, (_, i) => i) };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-keyring-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function founded(): Promise<{ keyring: Keyring; userId: string; words: string }> {
  const made = await Keyring.found(folder, founder, passphrase, dataKey, options);
  await made.save();
  return { keyring: made.keyring, userId: made.userId, words: made.words['zh-CN'].join('') };
}

async function reopened(): Promise<Keyring> {
  const keyring = await Keyring.open(folder, options);
  if (!keyring) throw new Error('no keyring');
  return keyring;
}

async function adminKeys(keyring: Keyring, userId: string) {
  const keys = await keyring.signIn(userId, passphrase);
  if (!keys.access) throw new Error('no access');
  return { keys, access: keys.access };
}

async function code(work: () => unknown): Promise<ErrorCode | 'no error' | 'unknown'> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return (error as { code?: ErrorCode }).code ?? 'unknown';
  }
}

async function edit(change: (file: ReturnType<typeof parseKeyring>) => void): Promise<void> {
  const path = join(folder, keyringFileName);
  const file = parseKeyring(await readFile(path, 'utf-8'));
  change(file);
  await writeFile(path, JSON.stringify(file));
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('founding', () => {
  test('the founder signs in after a restart and holds the data key', async () => {
    const { userId } = await founded();
    const keys = await (await reopened()).signIn(userId, passphrase);
    expect(keys.dataKey?.id).toBe(dataKey.id);
    expect(hex(keys.dataKey?.bytes)).toBe(hex(dataKey.bytes));
  });

  test('nothing is written before the words are confirmed', async () => {
    await Keyring.found(folder, founder, passphrase, dataKey, options);
    expect(await Keyring.open(folder, options)).toBeNull();
  });

  test('the file holds neither the data key, nor a passphrase, nor a private key', async () => {
    const { userId, words } = await founded();
    const text = await readFile(join(folder, keyringFileName), 'utf-8');
    const keys = await (await reopened()).signIn(userId, passphrase);
    const secrets = [dataKey.bytes, keys.access?.memberKey ?? new Uint8Array()];
    for (const secret of secrets) {
      expect(text).not.toContain(hex(secret));
      expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, 40));
    }
    expect(text).not.toContain(passphrase);
    expect(text).not.toContain(words);
  });

  test('the cost of a new passphrase is 64 MiB and three passes', () => {
    expect(passphraseCost).toEqual({ memoryKiB: 65_536, iterations: 3, parallelism: 1 });
  });

  test('Argon2id is that of the reference program, by one of its own test vectors', async () => {
    const salt = Buffer.from('somesalt').toString('hex');
    const kdf = { id: 'argon2id' as const, memoryKiB: 256, iterations: 2, parallelism: 1, salt };
    expect(hex(await deriveKey('password', kdf))).toBe(
      '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe',
    );
  });
});

describe('passphrases', () => {
  test('a wrong one, an empty one and one of 10 MB are refused, the last before any work', async () => {
    const { keyring, userId } = await founded();
    expect(await code(() => keyring.signIn(userId, `${passphrase}x`))).toBe('PASSPHRASE_WRONG');
    expect(await code(() => keyring.signIn(userId, ''))).toBe('PASSPHRASE_WRONG');
    expect(await code(() => keyring.signIn(userId, 'x'.repeat(10_000_000)))).toBe(
      'PASSPHRASE_TOO_LONG',
    );
    expect(await code(() => keyring.signIn('5f0b8c1e-0000-4000-8000-000000000000', 'x'))).toBe(
      'USER_UNKNOWN',
    );
  });

  test('full width and half width are one passphrase', async () => {
    const { keyring, userId } = await founded();
    const wide = passphrase.replace('2026', '２０２６').replaceAll(' ', '\u3000');
    expect((await keyring.signIn(userId, wide)).userId).toBe(userId);
  });

  test('short, common, counting, repeating ones and the own name or number are not taken', async () => {
    const refused = [
      ['九个字的口令不够长', 'PASSPHRASE_TOO_SHORT'],
      ['1234567890', 'PASSPHRASE_COMMON'],
      ['１２３４５６７８９０', 'PASSPHRASE_COMMON'],
      ['abababababab', 'PASSPHRASE_COMMON'],
      ['zyxwvutsrqponm', 'PASSPHRASE_COMMON'],
      ['王建国王建国王建国a1', 'PASSPHRASE_COMMON'],
      ['D-001d-001D-001', 'PASSPHRASE_COMMON'],
      ['好'.repeat(513), 'PASSPHRASE_TOO_LONG'],
    ] as const;
    for (const [tried, expected] of refused) {
      const found = () => Keyring.found(folder, founder, tried, dataKey, options);
      expect([tried.slice(0, 12), await code(found)]).toEqual([tried.slice(0, 12), expected]);
    }
  });

  test('changing it closes the old one and keeps the keys', async () => {
    const { keyring, userId } = await founded();
    const before = await keyring.signIn(userId, passphrase);
    expect(await code(() => keyring.changePassphrase(userId, other, other))).toBe(
      'PASSPHRASE_WRONG',
    );
    await keyring.changePassphrase(userId, passphrase, other);
    const again = await reopened();
    expect(await code(() => again.signIn(userId, passphrase))).toBe('PASSPHRASE_WRONG');
    const after = await again.signIn(userId, other);
    expect(hex(after.dataKey?.bytes)).toBe(hex(before.dataKey?.bytes));
    expect(hex(after.sign(Buffer.from('x')))).toBe(hex(before.sign(Buffer.from('x'))));
  });
});

describe('users and roles', () => {
  const nurse = { name: '李敏', title: '', staffNumber: 'A-7' };

  test('a doctor is let in, an administrator holds no data key, an auditor holds nothing', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const doctor = await keyring.addUser(access, { ...nurse, roles: ['doctor'] }, other);
    const admin = await keyring.addUser(
      access,
      { ...nurse, staffNumber: 'A-8', roles: ['administrator'] },
      other,
    );
    const auditor = await keyring.addUser(
      access,
      { ...nurse, staffNumber: 'A-9', roles: ['auditor'] },
      other,
    );
    const again = await reopened();
    expect(hex((await again.signIn(doctor.id, other)).dataKey?.bytes)).toBe(hex(dataKey.bytes));
    const adminHolds = await again.signIn(admin.id, other);
    expect(adminHolds.dataKey).toBeNull();
    expect(adminHolds.access?.memberKey).toHaveLength(32);
    expect((await again.signIn(auditor.id, other)).access).toBeNull();
  });

  test('a doctor added by an administrator without data keys waits until a doctor signs in', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const admin = await keyring.addUser(access, { ...nurse, roles: ['administrator'] }, other);
    const plain = (await keyring.signIn(admin.id, other)).access;
    if (!plain) throw new Error('no access');
    const doctor = await keyring.addUser(
      plain,
      { ...nurse, staffNumber: 'A-9', roles: ['doctor'] },
      other,
    );
    expect(doctor.waitsForAccess).toBe(true);
    expect((await keyring.signIn(doctor.id, other)).dataKey).toBeNull();
    expect(await keyring.letIn(plain)).toEqual([]);
    expect(await keyring.letIn(access)).toEqual([doctor.id]);
    const keys = await (await reopened()).signIn(doctor.id, other);
    expect(hex(keys.dataKey?.bytes)).toBe(hex(dataKey.bytes));
  });

  test('one staff number, however it is typed, has one user', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const twice = { ...nurse, staffNumber: 'ｄ-００１', roles: ['doctor' as const] };
    expect(await code(() => keyring.addUser(access, twice, other))).toBe('STAFF_NUMBER_TAKEN');
  });

  test('a removed user cannot sign in, and their signing key is kept', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const doctor = await keyring.addUser(access, { ...nurse, roles: ['doctor'] }, other);
    await keyring.removeUser(access, doctor.id);
    const again = await reopened();
    expect(await code(() => again.signIn(doctor.id, other))).toBe('USER_UNKNOWN');
    expect(again.signingKeysOf(doctor.id)).toEqual([doctor.signPublic]);
  });

  test('the last administrator and the last doctor who can read stay', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const doctor = await keyring.addUser(access, { ...nurse, roles: ['doctor'] }, other);
    expect(await code(() => keyring.removeUser(access, userId))).toBe('LAST_OF_ROLE');
    await keyring.removeUser(access, doctor.id);
    expect(await code(() => keyring.removeUser(access, userId))).toBe('LAST_OF_ROLE');
  });

  test('a new passphrase by an administrator means new keys; the old signing key is kept', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const doctor = await keyring.addUser(access, { ...nurse, roles: ['doctor'] }, other);
    await keyring.resetPassphrase(access, doctor.id, passphrase);
    const again = await reopened();
    expect(await code(() => again.signIn(doctor.id, other))).toBe('PASSPHRASE_WRONG');
    expect(hex((await again.signIn(doctor.id, passphrase)).dataKey?.bytes)).toBe(
      hex(dataKey.bytes),
    );
    expect(again.signingKeysOf(doctor.id)).toHaveLength(2);
    expect(again.signingKeysOf(doctor.id)[1]).toBe(doctor.signPublic);
  });

  test('what one user signs, only their public key confirms', async () => {
    const { keyring, userId } = await founded();
    const { access, keys } = await adminKeys(keyring, userId);
    const doctor = await keyring.addUser(access, { ...nurse, roles: ['doctor'] }, other);
    const bytes = Buffer.from('facts confirmed');
    const signature = keys.sign(bytes);
    const key = (id: string) => publicKeyOf('ed25519', keyring.signingKeysOf(id)[0] ?? '');
    expect(createPublicKey(key(userId).export({ format: 'pem', type: 'spki' }))).toBeDefined();
    expect(verify(null, bytes, key(userId), signature)).toBe(true);
    expect(verify(null, bytes, key(doctor.id), signature)).toBe(false);
  });

  test('after the lock the keys are zero and sign nothing', async () => {
    const { keyring, userId } = await founded();
    const keys: UserKeys = await keyring.signIn(userId, passphrase);
    const { dataKey: held, access } = keys;
    keys.wipe();
    expect(hex(held?.bytes)).toBe('00'.repeat(32));
    expect(hex(access?.memberKey)).toBe('00'.repeat(32));
    expect(await code(() => keys.sign(Buffer.from('x')))).toBe('VAULT_LOCKED');
    expect(await code(() => keys.dataKey)).toBe('VAULT_LOCKED');
  });
});

describe('the recovery key', () => {
  test('either language opens the vault, however the words are spaced', async () => {
    const made = await Keyring.found(folder, founder, passphrase, dataKey, options);
    await made.save();
    const { 'zh-CN': zh, en } = made.words;
    expect(zh).toHaveLength(12);
    for (const typed of [
      zh.join(''),
      zh.join('、'),
      `  ${en.join('  ')}\n`,
      en.join(', ').toUpperCase(),
    ]) {
      expect(hex(made.keyring.recover(typed).dataKeys[0]?.bytes)).toBe(hex(dataKey.bytes));
    }
  });

  test('it gives a user who forgot their passphrase a new one', async () => {
    const { userId, words } = await founded();
    const keyring = await reopened();
    await keyring.resetPassphrase(keyring.recover(words), userId, other);
    const keys = await (await reopened()).signIn(userId, other);
    expect(hex(keys.dataKey?.bytes)).toBe(hex(dataKey.bytes));
  });

  test('new words close the old ones, once they are confirmed', async () => {
    const { keyring, userId, words } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const fresh = keyring.newRecovery(access);
    expect(await code(() => keyring.recover(words))).toBe('no error');
    await fresh.save();
    expect(await code(() => keyring.recover(words))).toBe('RECOVERY_WRONG');
    expect(await code(() => keyring.recover(fresh.words.en.join(' ')))).toBe('no error');
  });

  test('a miscopied word is named by its place', async () => {
    const { keyring, words } = await founded();
    const reason = (typed: string) => {
      try {
        keyring.recover(typed);
        return null;
      } catch (error) {
        return (error as { params?: unknown }).params;
      }
    };
    expect(reason(words.slice(0, 11))).toEqual({ reason: 'count', got: 11, wanted: 12 });
    expect(reason(`${words.slice(0, 3)}龘${words.slice(4)}`)).toEqual({ reason: 'word', at: 4 });
    const swapped = [...words].reverse().join('');
    expect(['checksum', undefined]).toContain(
      (reason(swapped) as { reason?: string } | null)?.reason,
    );
    expect(reason('')).toEqual({ reason: 'count', got: 0, wanted: 12 });
  });
});

describe('changes from outside', () => {
  test('a changed name, role, key or a user put in is noticed at the next sign-in', async () => {
    const changes: ((file: ReturnType<typeof parseKeyring>) => void)[] = [
      (file) => Object.assign(file.users[0] ?? {}, { name: '李四' }),
      (file) => Object.assign(file.users[0] ?? {}, { waitsForAccess: true }),
      (file) => Object.assign(file, { revision: file.revision + 1 }),
      (file) =>
        file.retired.push({
          ...founder,
          roles: ['doctor'],
          userId: file.users[0]?.id ?? '',
          signPublic: '0'.repeat(64),
          from: 0,
          until: 1,
        }),
      (file) =>
        file.users.push({
          ...(file.users[0] as (typeof file.users)[0]),
          id: '5f0b8c1e-0000-4000-8000-000000000000',
        }),
    ];
    for (const change of changes) {
      const { userId } = await founded();
      await edit(change);
      const again = await reopened();
      expect(await code(() => again.signIn(userId, passphrase))).toBe('KEYRING_TAMPERED');
    }
  });

  test('another role, or another vault, makes the box of the data keys useless', async () => {
    const { userId } = await founded();
    await edit((file) => Object.assign(file.users[0] ?? {}, { roles: ['doctor'] }));
    const again = await reopened();
    expect(await code(() => again.signIn(userId, passphrase))).toBe('KEYRING_TAMPERED');
  });

  test('the boxes of two users exchanged open for neither', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    const details = { name: '李敏', title: '', staffNumber: 'A-7', roles: ['doctor' as const] };
    const doctor = await keyring.addUser(access, details, other);
    await edit((file) => {
      const [a, b] = file.users;
      if (a && b) [a.passphrase, b.passphrase] = [b.passphrase, a.passphrase];
    });
    const again = await reopened();
    for (const id of [userId, doctor.id]) {
      for (const tried of [passphrase, other]) {
        expect(await code(() => again.signIn(id, tried))).toBe('PASSPHRASE_WRONG');
      }
    }
  });

  test('a truncated, an emptied, a huge and a newer file are each named, and left as they are', async () => {
    await founded();
    const path = join(folder, keyringFileName);
    const whole = await readFile(path, 'utf-8');
    const bad: [string, ErrorCode][] = [
      [whole.slice(0, whole.length / 2), 'KEYRING_DAMAGED'],
      ['', 'KEYRING_DAMAGED'],
      ['{}', 'KEYRING_DAMAGED'],
      [' '.repeat(5 * 1024 * 1024), 'KEYRING_DAMAGED'],
      [whole.replace('"format": 1', '"format": 2'), 'STORE_NEWER'],
      [whole.replace(/"memoryKiB": \d+/, '"memoryKiB": 99999999'), 'KEYRING_DAMAGED'],
    ];
    for (const [text, expected] of bad) {
      await writeFile(path, text);
      expect(await code(() => Keyring.open(folder, options))).toBe(expected);
      expect(await readFile(path, 'utf-8')).toBe(text);
    }
  });

  test('a change that cannot be written leaves the keyring as it was', async () => {
    const { keyring, userId } = await founded();
    const { access } = await adminKeys(keyring, userId);
    await rm(folder, { recursive: true });
    const details = { name: '李敏', title: '', staffNumber: 'A-7', roles: ['doctor' as const] };
    expect(await code(() => keyring.addUser(access, details, other))).toBe('STORE_WRITE_FAILED');
    expect(keyring.users).toHaveLength(1);
    expect(keyring.revision).toBe(1);
  });
});
