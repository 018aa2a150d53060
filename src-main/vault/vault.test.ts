import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deletionSchema } from '../domain/contract/record';
import { openJson, openRow, sealRow } from '../domain/sealing/row';
import { journalFileName, journalKeyId, type NewRow } from './journal';
import { testDataKey } from './keys.fixture';
import { recordKeysFileName } from './record-keys-format';
import { nextKeysFileName, Vault } from './vault';

let dir = '';
let vault: Vault;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-vault-'));
  vault = await Vault.open(dir, testDataKey());
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});
async function reopen(fill = 7): Promise<void> {
  await vault.close();
  vault = await Vault.open(dir, testDataKey(fill));
}

const plainOf = (id: string): Uint8Array => new TextEncoder().encode(`头痛 ${id}`.repeat(50));

/** Saves a record of two versions under a key of its own. @returns the key's id */
async function saved(id: string): Promise<string> {
  const { keyId } = await vault.takeKey();
  const key = await vault.recordKeys.key(keyId);
  const rows: NewRow[] = [];
  for (const version of [1, 2]) {
    const address = { table: 'record' as const, id, version };
    rows.push({ ...address, sealed: await sealRow(key, keyId, address, plainOf(id)) });
  }
  await vault.journal.append(rows);
  return keyId;
}
async function read(id: string): Promise<Uint8Array | null> {
  const row = await vault.journal.latest('record', id);
  if (!row) return null;
  const keyId = vault.journal.keyIdOf('record', id) ?? '';
  return openRow(await vault.recordKeys.key(keyId), keyId, row, row.sealed);
}
const deletion = (recordId: string) => ({ recordId, at: 5, by: 'user-1' });
const bytesOf = (name: string): Promise<Buffer> => readFile(join(dir, name));
const filesNow = async (): Promise<string[]> =>
  (await readdir(dir)).filter((name) => name !== 'journal.lock').sort();

describe('deleting for good', () => {
  test('a deletion that was interrupted before the key was destroyed is finished at the next opening', async () => {
    const keyId = await saved('a');
    await saved('b');
    const before = await bytesOf(recordKeysFileName);
    const wrapped = Buffer.from(vault.recordKeys.wrapped(keyId) ?? []);
    expect(before.includes(wrapped)).toBe(true);
    await vault.shred(keyId, deletion('a'));
    await vault.close();
    // As if the process had died between the row and the slot.
    await writeFile(join(dir, recordKeysFileName), before);
    vault = await Vault.open(dir, testDataKey());
    expect((await bytesOf(recordKeysFileName)).includes(wrapped)).toBe(false);
    expect(await read('a')).toBeNull();
    expect(await read('b')).toEqual(plainOf('b'));
    expect(await vault.shred(keyId, deletion('a'))).toBe(5);
  });

  test('the key of the vault itself cannot be destroyed that way', async () => {
    await expect(vault.shred(vault.keys.keyId, deletion('a'))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  test('keys that are missing beside records are no reason to make new ones', async () => {
    await saved('a');
    await vault.close();
    const keys = await bytesOf(recordKeysFileName);
    await rm(join(dir, recordKeysFileName));
    const opening = Vault.open(dir, testDataKey());
    await expect(opening).rejects.toMatchObject({ code: 'RECORD_KEYS_MISSING' });
    await writeFile(join(dir, recordKeysFileName), keys);
    vault = await Vault.open(dir, testDataKey());
    expect(await read('a')).toEqual(plainOf('a'));
  });
});

describe('compacting', () => {
  test('takes deleted rows out of the file; numbers, head and everything else stay', async () => {
    const gone = await saved('a');
    await saved('b');
    await vault.shred(gone, deletion('a'));
    const { head, journalId } = vault.journal;
    const rows = (await vault.journal.read(0, 100)).rows;
    expect(rows.map((row) => row.seq)).toEqual([3, 4, 5]);
    const sealed = (await bytesOf(journalFileName)).length;
    const shrunk = await vault.compact();
    expect(shrunk).toBeGreaterThan(700);
    expect((await bytesOf(journalFileName)).length).toBe(sealed - shrunk);
    for (let round = 0; round < 2; round += 1) {
      expect(vault.journal.head).toEqual(head);
      expect(vault.journal.holds(head)).toBe(true);
      expect(vault.journal.journalId).toBe(journalId);
      expect(await vault.journal.read(0, 100)).toEqual({ rows, upTo: 5 });
      expect(await read('b')).toEqual(plainOf('b'));
      await reopen();
    }
    await saved('c');
    expect(vault.journal.lastSeq).toBe(7);
    // The deleted record's id is never given out again, and its number of versions is kept.
    expect(vault.journal.latestVersion('record', 'a')).toBe(2);
    expect(await vault.compact()).toBe(0);
    expect(await filesNow()).toEqual([journalFileName, recordKeysFileName]);
  });

  test('is done by itself once deleted rows are a quarter of the file, and some megabytes', async () => {
    const large = async (id: string, bytes: number): Promise<string> => {
      const { keyId } = await vault.takeKey();
      const address = { table: 'record' as const, id, version: 1 };
      const plain = new Uint8Array(bytes);
      const sealed = await sealRow(await vault.recordKeys.key(keyId), keyId, address, plain);
      await vault.journal.append([{ ...address, sealed }]);
      return keyId;
    };
    const megabyte = 1024 * 1024;
    const small = await saved('small');
    await vault.shred(small, deletion('small'));
    // All of it, and little.
    expect(await vault.compactIfWorth()).toBeNull();
    await large('kept', 13 * megabyte);
    const first = await large('first', 4 * megabyte);
    await vault.shred(first, deletion('first'));
    // Much, and a small part.
    expect(await vault.compactIfWorth()).toBeNull();
    const second = await large('second', megabyte);
    await vault.shred(second, deletion('second'));
    await reopen();
    expect(await vault.compactIfWorth()).toBeGreaterThan(5 * megabyte);
    expect(vault.journal.droppableBytes).toBe(0);
    expect(await vault.compactIfWorth()).toBeNull();
    await reopen();
    expect(vault.journal.bytes).toBeLessThan(14 * megabyte);
  });

  test('goes on beside saving and reading, and loses nothing of it', async () => {
    for (let at = 0; at < 20; at += 1) {
      const keyId = await saved(`old-${at}`);
      if (at % 2) await vault.shred(keyId, deletion(`old-${at}`));
    }
    const work = Array.from({ length: 30 }, (_, at) => saved(`new-${at}`));
    const reads = Array.from({ length: 30 }, () => vault.journal.read(0, 100));
    const [, , ...results] = await Promise.all([vault.compact(), vault.compact(), ...reads]);
    await Promise.all(work);
    for (const { rows } of results) expect(rows.length).toBeGreaterThanOrEqual(30);
    await reopen();
    for (let at = 0; at < 30; at += 1)
      expect(await read(`new-${at}`)).toEqual(plainOf(`new-${at}`));
    for (let at = 0; at < 20; at += 2)
      expect(await read(`old-${at}`)).toEqual(plainOf(`old-${at}`));
  });

  test('waits for a backup that is written and for what is being saved, and both come out whole', async () => {
    const deleted = await saved('a');
    await saved('b');
    await vault.shred(deleted, deletion('a'));
    const order: string[] = [];
    let finishBackup = (): void => undefined;
    const backup = vault.onSnapshot(async ({ journalFile, journalBytes }) => {
      await new Promise<void>((resolve) => (finishBackup = resolve));
      const bytes = new Uint8Array(journalBytes);
      await journalFile.read(bytes, 0, journalBytes, 0);
      order.push('backup');
      return bytes;
    });
    const atFirst = await bytesOf(journalFileName);
    const compacting = vault.compact().then(() => order.push('compacted'));
    await saved('c').then(() => order.push('saved'));
    const meanwhile = [...order];
    finishBackup();
    expect(meanwhile).toEqual(['saved']);
    const inBackup = await backup;
    // The file that the backup copies is not the one that compacting puts in its place.
    expect(Buffer.from(inBackup)).toEqual(atFirst);
    const saving = saved('d').then(() => order.push('saved'));
    await Promise.all([compacting, saving]);
    expect(order.slice(0, 2)).toEqual(['saved', 'backup']);
    await reopen();
    for (const id of ['b', 'c', 'd']) expect(await read(id)).toEqual(plainOf(id));
    expect(await read('a')).toBeNull();
  });

  test('that cannot write leaves the journal as it is', async () => {
    const gone = await saved('a');
    await vault.shred(gone, deletion('a'));
    const before = await bytesOf(journalFileName);
    // A folder stands where the new journal would be written.
    await mkdir(join(dir, `${journalFileName}.new`, 'x'), { recursive: true });
    await expect(vault.compact()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
    expect((await bytesOf(journalFileName)).equals(before)).toBe(true);
    await rm(join(dir, `${journalFileName}.new`), { recursive: true });
    await saved('b');
    expect(await vault.compact()).toBeGreaterThan(0);
    expect(await read('b')).toEqual(plainOf('b'));
  });
});

describe('rotating the data key', () => {
  test('everything opens under the new key only, deletions stay, and the old head is still known', async () => {
    const a = await saved('a');
    const gone = await saved('b');
    await vault.shred(gone, deletion('b'));
    const { head, journalId } = vault.journal;
    const rows = (await vault.journal.read(0, 100)).rows;
    await vault.rotate(testDataKey(9));
    expect(await journalKeyId(dir)).toBe(testDataKey(9).keyId);
    for (let round = 0; round < 2; round += 1) {
      expect(await read('a')).toEqual(plainOf('a'));
      expect(await read('b')).toBeNull();
      expect(vault.journal.journalId).toBe(journalId);
      expect(vault.journal.head).not.toEqual(head);
      expect(vault.journal.holds(head)).toBe(true);
      expect(vault.journal.holds({ ...head, mac: 'ab'.repeat(32) })).toBe(false);
      // Rows of records are not touched, so windows need not read them again.
      const now = (await vault.journal.read(0, 100)).rows;
      expect(now.slice(0, 2)).toEqual(rows.slice(0, 2));
      const [said] = now.slice(-1);
      if (!said) throw new Error('no deletion');
      const { row, keyId } = vault.keys;
      expect(await openJson(row, keyId, said, said.sealed, deletionSchema)).toEqual(deletion('b'));
      await reopen(9);
    }
    expect(vault.recordKeys.wrapped(a)).not.toBeNull();
    await saved('c');
    await vault.close();
    await expect(Vault.open(dir, testDataKey())).rejects.toMatchObject({
      code: 'STORE_OTHER_KEY',
    });
    vault = await Vault.open(dir, testDataKey(9));
    expect(await read('c')).toEqual(plainOf('c'));
    expect(await filesNow()).toEqual([journalFileName, recordKeysFileName]);
  });

  test('beside saving and deleting loses neither', async () => {
    const doomed = await Promise.all(Array.from({ length: 10 }, (_, at) => saved(`d${at}`)));
    const work = Array.from({ length: 300 }, (_, at) => saved(`n${at}`));
    const shreds = doomed.map((keyId, at) => vault.shred(keyId, deletion(`d${at}`)));
    await Promise.all([vault.rotate(testDataKey(8)), ...work, ...shreds]);
    await reopen(8);
    expect(vault.lostKeys).toBe(0);
    expect(new Set(await Promise.all(work)).size).toBe(300);
    for (let at = 0; at < 300; at += 1) expect(await read(`n${at}`)).toEqual(plainOf(`n${at}`));
    for (let at = 0; at < 10; at += 1) expect(await read(`d${at}`)).toBeNull();
  });

  test('interrupted at any step, it was either not begun or is finished', async () => {
    await saved('a');
    await vault.close();
    const old = join(dir, 'old');
    const done = join(dir, 'done');
    const names = [journalFileName, recordKeysFileName];
    await mkdir(old);
    await mkdir(done);
    for (const name of names) await cp(join(dir, name), join(old, name));
    vault = await Vault.open(dir, testDataKey());
    await vault.rotate(testDataKey(9));
    await vault.close();
    for (const name of names) await cp(join(dir, name), join(done, name));

    const state = async (journal: string, keys: string, next: string | null): Promise<void> => {
      await cp(join(journal, journalFileName), join(dir, journalFileName));
      await cp(join(keys, recordKeysFileName), join(dir, recordKeysFileName));
      if (next) await cp(join(next, recordKeysFileName), join(dir, nextKeysFileName));
    };
    // The keys lie ready, the journal is still the old one: not begun.
    await state(old, old, done);
    expect(await journalKeyId(dir)).toBe(testDataKey().keyId);
    vault = await Vault.open(dir, testDataKey());
    expect(await read('a')).toEqual(plainOf('a'));
    expect(await filesNow()).toEqual(['done', ...names, 'old'].sort());
    await vault.close();
    // The journal is the new one, the keys not yet: finished.
    await state(done, old, done);
    expect(await journalKeyId(dir)).toBe(testDataKey(9).keyId);
    vault = await Vault.open(dir, testDataKey(9));
    expect(await read('a')).toEqual(plainOf('a'));
    expect(await filesNow()).toEqual(['done', ...names, 'old'].sort());
    await vault.close();
    // A journal of one and keys of the other, and nothing to finish with: told, and left as it is.
    await state(done, old, null);
    await expect(Vault.open(dir, testDataKey(9))).rejects.toMatchObject({
      code: 'STORE_OTHER_KEY',
    });
    await state(done, done, null);
    vault = await Vault.open(dir, testDataKey(9));
  });

  test('to the same key, or with a key of a wrong length, is refused', async () => {
    await saved('a');
    await expect(vault.rotate(testDataKey())).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    const short = { keyId: 'ff'.repeat(8), key: new Uint8Array(31) };
    await expect(vault.rotate(short)).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
    expect(await read('a')).toEqual(plainOf('a'));
  });
});

test('keys of a newer program are refused untouched, and the lock is free again', async () => {
  await saved('a');
  await vault.close();
  const sound = await bytesOf(recordKeysFileName);
  const newer = Buffer.from(sound);
  newer.writeUInt32BE(2, 8);
  await writeFile(join(dir, recordKeysFileName), newer);
  const opening = Vault.open(dir, testDataKey());
  await expect(opening).rejects.toMatchObject({ code: 'STORE_NEWER' });
  expect((await bytesOf(recordKeysFileName)).equals(newer)).toBe(true);
  await writeFile(join(dir, recordKeysFileName), sound);
  vault = await Vault.open(dir, testDataKey());
  expect(await read('a')).toEqual(plainOf('a'));
});
