import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { problemOf } from '../domain/contract/errors';
import { newKeyId, sealRow } from '../domain/sealing/row';
import { backUp } from './backup';
import { Keyring } from './keyring/keyring';
import { examineBackup, finishRestore, restore, setAsideOf, type RestoreProof } from './restore';
import { Vault } from './vault';

const cost = { memoryKiB: 64, iterations: 1, parallelism: 1 };
const passphrase = '青山不改绿水长流二〇二六';
const now = Date.UTC(2026, 0, 5, 8, 30);

let root: string;
let disk: string;
/** Where it is restored to: another machine. */
let dataDir: string;
let user: { userId: string; passphrase: string };
let words: string;
let folder: string;

/** A vault with a user and a record, and its backup. */
async function backedUp(name: string): Promise<string> {
  const home = join(root, name);
  await mkdir(home);
  const dataKey = { id: newKeyId(), bytes: crypto.getRandomValues(new Uint8Array(32)) };
  const details = { name: '王建国', title: '', staffNumber: 'D-001' };
  const made = await Keyring.found(home, details, passphrase, dataKey, { cost });
  await made.save();
  user = { userId: made.userId, passphrase };
  words = made.words.en.join(' ');
  const vault = await Vault.open(home, { keyId: dataKey.id, key: dataKey.bytes });
  const { keyId } = await vault.takeKey();
  const key = await vault.recordKeys.key(keyId);
  const address = { table: 'record' as const, id: name, version: 1 };
  const sealed = await sealRow(key, keyId, address, new Uint8Array(100));
  await vault.journal.append([{ ...address, sealed }]);
  const report = await backUp(vault, {
    destination: disk,
    extraFiles: [{ name: 'vault.json', path: join(home, 'vault.json') }],
  });
  await vault.close();
  return report.folder;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-restore-'));
  disk = join(root, 'disk');
  await mkdir(join(root, 'new'));
  dataDir = join(root, 'new', 'data');
  await mkdir(disk);
  folder = await backedUp('old');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function code(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => problemOf(error).code,
  );
}
const run = (proof: RestoreProof = user) => restore(folder, dataDir, proof, now);

/** The vault opens with the passphrase and holds the record. */
async function expectRestored(): Promise<void> {
  const keyring = await Keyring.open(dataDir);
  const keys = await keyring?.signIn(user.userId, passphrase);
  if (!keys?.dataKey) throw new Error('no data key');
  const vault = await Vault.open(dataDir, { keyId: keys.dataKey.id, key: keys.dataKey.bytes });
  expect([...vault.journal.idsOf('record')]).toEqual(['old']);
  await vault.close();
}

describe('another machine', () => {
  test('a passphrase of the backup brings back records and users', async () => {
    expect(await run()).toEqual({ records: 1 });
    await expectRestored();
    expect(await readdir(join(root, 'new'))).toEqual(['data']);
  });

  test('the recovery words do too', async () => {
    expect(await run({ words })).toEqual({ records: 1 });
    await expectRestored();
  });

  test('the folder of backups stands for the newest in it; a half one is none', async () => {
    await cp(folder, join(disk, 'chimed-backup-20200101T000000'), { recursive: true });
    await cp(folder, join(disk, 'chimed-backup-99990101T000000.part'), { recursive: true });
    const chosen = await examineBackup(disk);
    expect(chosen).toMatchObject({ folder, users: [{ name: '王建国' }] });
    expect(await code(examineBackup(root))).toBe('BACKUP_NOT_FOUND');
  });
});

describe('refused, and nothing landed', () => {
  const refusal = async (proof?: RestoreProof): Promise<string> => {
    const said = await code(run(proof));
    expect(await readdir(join(root, 'new'))).toEqual([]);
    return said;
  };

  test('a wrong passphrase, wrong words, words that are none', async () => {
    expect(await refusal({ ...user, passphrase: '不是这个口令，也不是那个' })).toBe(
      'PASSPHRASE_WRONG',
    );
    const mine = user;
    await backedUp('stranger');
    expect(await refusal({ words })).toBe('RECOVERY_WRONG');
    expect(await refusal({ words: 'abc' })).toBe('RECOVERY_WORDS_INVALID');
    expect(await refusal({ ...user })).toBe('USER_UNKNOWN');
    user = mine;
  });

  test('a keyring or a journal that was cut short or edited, or is another vault’s', async () => {
    const other = await backedUp('stranger').then((path) => path);
    for (const name of ['vault.json', 'journal.cmj', 'manifest.json']) {
      const path = join(folder, name);
      const sound = await readFile(path);
      const theirs = user;
      user = { userId: (await examineBackup(folder)).users[0]?.id ?? '', passphrase };
      await truncate(path, sound.length - 20);
      expect(await refusal(), name).toBe('BACKUP_INCOMPLETE');
      await cp(join(other, name), path);
      if (name === 'vault.json') user = theirs;
      expect(await refusal(), name).toMatch(/^BACKUP_(TAMPERED|INCOMPLETE)$/);
      await writeFile(path, sound);
    }
  });

  test('a newer format', async () => {
    const path = join(folder, 'manifest.json');
    await writeFile(path, (await readFile(path, 'utf-8')).replace('"format": 1', '"format": 2'));
    expect(await refusal()).toBe('STORE_NEWER');
  });
});

describe('data that lies there', () => {
  beforeEach(async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'vault.json'), 'damaged');
  });

  test('is moved aside as it was, each time under another name', async () => {
    await run();
    await run();
    await expectRestored();
    const aside = await setAsideOf(dataDir);
    expect(aside).toHaveLength(2);
    expect(await readFile(join(aside[0] ?? '', 'vault.json'), 'utf-8')).toBe('damaged');
  });

  test('is untouched when the backup is refused', async () => {
    await truncate(join(folder, 'journal.cmj'), 300);
    expect(await code(run())).toBe('BACKUP_INCOMPLETE');
    expect(await readdir(join(root, 'new'))).toEqual(['data']);
    expect(await readFile(join(dataDir, 'vault.json'), 'utf-8')).toBe('damaged');
  });

  test('ended before the data moved aside: begins anew; ended after: is finished', async () => {
    await cp(folder, `${dataDir}.restored`, { recursive: true });
    await finishRestore(dataDir);
    expect(await readdir(join(root, 'new'))).toEqual(['data']);
    await run();
    await rename(dataDir, `${dataDir}.restored`);
    await finishRestore(dataDir);
    await expectRestored();
  });
});
