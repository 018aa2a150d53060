import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeSlot, recordKeysFileName, slotBytes } from '../vault/record-keys-format';
import { nextKeysFileName, Vault } from '../vault/vault';
import { EarlyKeys } from './early-keys';
import { RecordStore } from './store';

const keyId = '0011223344556677';
const source = { kind: 'paste' as const, notices: [] };
let dir = '';
let ids: { kept: string; gone: string };

/** A folder with a record, and one that was deleted for good; and what the open vault says of their keys. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-early-'));
  const vault = await Vault.open(dir, { keyId, key: new Uint8Array(32).fill(7) });
  const store = new RecordStore({ vault });
  const keyOf = async (): Promise<{ recordId: string; key: string }> => {
    const { recordId } = await store.create({ title: 'x', text: '头痛', source });
    return { recordId, key: vault.journal.keyIdOf('record', recordId) ?? '' };
  };
  const kept = await keyOf();
  const gone = await keyOf();
  await store.shred(gone.recordId);
  ids = { kept: kept.key, gone: gone.key };
  asOpened = store.wrappedKeys([ids.kept, ids.gone, 'ffffffffffffffff']);
  await vault.close();
});
afterEach(() => rm(dir, { recursive: true, force: true }));
let asOpened: ReturnType<RecordStore['wrappedKeys']>;

test('before the journal is read, keys are what they are afterwards; a destroyed one is none', async () => {
  const early = await EarlyKeys.read(dir, keyId);
  const keys = early?.wrappedKeys([ids.kept, ids.gone, 'ffffffffffffffff']);
  expect(keys).toEqual(asOpened);
  expect(keys?.map(({ wrapped }) => wrapped === null)).toEqual([false, true, true]);
});

test('of a key that stands twice, the destroyed one counts', async () => {
  const path = join(dir, recordKeysFileName);
  const before = await readFile(path);
  const at = before.indexOf(Buffer.from(ids.kept, 'hex')) - 4;
  const slot = before.subarray(at, at + slotBytes);
  const destroyed = Buffer.from(encodeSlot({ state: 'shredded', keyId: ids.kept }));
  for (const added of [
    [slot, destroyed],
    [destroyed, slot],
  ]) {
    await writeFile(path, Buffer.concat([before, ...added]));
    const early = await EarlyKeys.read(dir, keyId);
    expect(early?.wrappedKeys([ids.kept])).toEqual([{ keyId: ids.kept, wrapped: null }]);
  }
});

test('whatever is out of the ordinary is left to the opening: another data key, a rotation, damage, no file', async () => {
  expect(await EarlyKeys.read(dir, '7766554433221100')).toBeNull();
  await copyFile(join(dir, recordKeysFileName), join(dir, nextKeysFileName));
  expect(await EarlyKeys.read(dir, keyId)).toBeNull();
  await rm(join(dir, nextKeysFileName));
  expect(await EarlyKeys.read(dir, keyId)).not.toBeNull();
  await writeFile(join(dir, recordKeysFileName), Buffer.alloc(1024, 3));
  expect(await EarlyKeys.read(dir, keyId)).toBeNull();
  await rm(join(dir, recordKeysFileName));
  expect(await EarlyKeys.read(dir, keyId)).toBeNull();
});
