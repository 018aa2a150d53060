import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRow, sealRow } from '../domain/sealing/row';
import { deriveVaultKeys, importRootKey, type VaultKeys } from '../domain/sealing/vault-keys';
import type { OpenVaultFile } from './files';
import { RecordKeys } from './record-keys';
import { recordKeysFileName, slotBytes, slotsAt } from './record-keys-format';

const dataKeyId = '0011223344556677';
const address = { table: 'record', id: 'r', version: 1 };
const plain = new TextEncoder().encode('头痛');

let dir = '';
let path = '';
let wrapping: VaultKeys;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-keys-'));
  path = join(dir, recordKeysFileName);
  wrapping = await deriveVaultKeys(await importRootKey(new Uint8Array(32).fill(3)), dataKeyId);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const opened = (
  used: readonly string[] = [],
  mayCreate = true,
  openFile?: OpenVaultFile,
): Promise<RecordKeys> =>
  RecordKeys.open(dir, wrapping, {
    isUsed: (keyId) => used.includes(keyId),
    mayCreate,
    ...(openFile ? { openFile } : {}),
  });

/** Takes `count` keys and seals a row under each. */
async function madeKeys(count: number): Promise<{ keyId: string; sealed: Uint8Array }[]> {
  const keys = await opened();
  const made: { keyId: string; sealed: Uint8Array }[] = [];
  for (let at = 0; at < count; at += 1) {
    const { keyId } = await keys.take();
    made.push({ keyId, sealed: await sealRow(await keys.key(keyId), keyId, address, plain) });
  }
  await keys.close();
  return made;
}

/** Where the slot of a key lies. */
async function slotOf(keyId: string): Promise<number> {
  const at = (await readFile(path)).indexOf(Buffer.from(keyId, 'hex'), slotsAt);
  return at - 4;
}
async function flip(offset: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  await writeFile(path, bytes);
}

test('every record has a key of its own, which opens its rows after reopening', async () => {
  const made = await madeKeys(300);
  expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(300);
  const keys = await opened(made.map(({ keyId }) => keyId));
  for (const { keyId, sealed } of made)
    expect(await openRow(await keys.key(keyId), keyId, address, sealed)).toEqual(plain);
  const [first, second] = made;
  await expect(
    keys
      .key(first?.keyId ?? '')
      .then((key) => openRow(key, second?.keyId ?? '', address, second?.sealed ?? plain)),
  ).rejects.toMatchObject({ code: 'SEAL_INVALID' });
  await keys.close();
});

test('a used key is never given to another record, an unused one is given later', async () => {
  const [used] = await madeKeys(1);
  const keys = await opened([used?.keyId ?? '']);
  const { unused } = keys;
  expect(unused).toBe(255);
  const taken = new Set<string>();
  for (let at = 0; at < unused; at += 1) taken.add((await keys.take()).keyId);
  expect(taken.has(used?.keyId ?? '')).toBe(false);
  expect(taken.size).toBe(unused);
  await keys.close();
});

test('a thousand new records cost a handful of syncs', async () => {
  let syncs = 0;
  const counting: OpenVaultFile = async (at) => {
    const file = await open(at, 'r+');
    return {
      read: (...args) => file.read(...args),
      write: (...args) => file.write(...args),
      truncate: (length) => file.truncate(length),
      datasync: () => {
        syncs += 1;
        return file.datasync();
      },
      stat: () => file.stat(),
      close: () => file.close(),
    };
  };
  const keys = await opened([], true, counting);
  for (let at = 0; at < 1000; at += 1) await keys.take();
  await keys.close();
  expect(syncs).toBeLessThan(7);
});

describe('a shredded key', () => {
  test('is gone from the disk and from memory, and stays gone', async () => {
    const [gone, kept] = await madeKeys(2);
    if (!gone || !kept) throw new Error('two keys');
    const keys = await opened([gone.keyId, kept.keyId]);
    const wrapped = Buffer.from(keys.wrapped(gone.keyId) ?? []);
    expect((await readFile(path)).includes(wrapped)).toBe(true);
    await keys.key(gone.keyId);
    await keys.shred(gone.keyId);
    await keys.shred(gone.keyId);
    expect((await readFile(path)).includes(wrapped.subarray(0, 16))).toBe(false);
    expect(keys.wrapped(gone.keyId)).toBeNull();
    await expect(keys.key(gone.keyId)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
    await keys.close();

    const again = await opened([gone.keyId, kept.keyId]);
    await expect(again.key(gone.keyId)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
    expect([...again.shredded()]).toEqual([gone.keyId]);
    expect(await openRow(await again.key(kept.keyId), kept.keyId, address, kept.sealed)).toEqual(
      plain,
    );
    await again.close();
  });

  test('is gone although someone put a copy of it into another place of the file', async () => {
    const [gone] = await madeKeys(1);
    if (!gone) throw new Error('a key');
    const bytes = await readFile(path);
    const at = await slotOf(gone.keyId);
    bytes.copy(bytes, slotsAt + 20 * slotBytes, at, at + slotBytes);
    await writeFile(path, bytes);
    const keys = await opened([gone.keyId]);
    const wrapped = Buffer.from(keys.wrapped(gone.keyId) ?? []);
    await keys.shred(gone.keyId);
    await keys.close();
    expect((await readFile(path)).includes(wrapped)).toBe(false);
  });

  test('is gone although its slot is damaged', async () => {
    const [gone] = await madeKeys(1);
    if (!gone) throw new Error('a key');
    const at = await slotOf(gone.keyId);
    const wrapped = (await readFile(path)).subarray(at + 12, at + 72);
    await flip(at + slotBytes - 10);
    const keys = await opened([gone.keyId]);
    await expect(keys.key(gone.keyId)).rejects.toMatchObject({ code: 'RECORD_KEY_LOST' });
    await keys.shred(gone.keyId);
    await keys.close();
    expect((await readFile(path)).includes(wrapped)).toBe(false);
  });
});

describe('a damaged file', () => {
  test('loses one record for one damaged slot, and says so for that one', async () => {
    const made = await madeKeys(3);
    const [first, hurt, last] = made;
    if (!first || !hurt || !last) throw new Error('three keys');
    const used = made.map(({ keyId }) => keyId);
    const at = await slotOf(hurt.keyId);
    for (const offset of [0, 5, 13, 40, 71, 90, 127]) {
      await flip(at + offset);
      const keys = await opened(used);
      await expect(keys.key(hurt.keyId), `byte ${offset}`).rejects.toMatchObject({
        code: 'RECORD_KEY_LOST',
      });
      for (const { keyId, sealed } of [first, last])
        expect(await openRow(await keys.key(keyId), keyId, address, sealed)).toEqual(plain);
      await keys.close();
      await flip(at + offset);
    }
  });

  test('slots that changed places are harmless, and one with the key of another is refused', async () => {
    const [one, two] = await madeKeys(2);
    if (!one || !two) throw new Error('two keys');
    const sound = await readFile(path);
    const [a, b] = [await slotOf(one.keyId), await slotOf(two.keyId)];
    const swapped = Buffer.from(sound);
    sound.copy(swapped, a, b, b + slotBytes);
    sound.copy(swapped, b, a, a + slotBytes);
    await writeFile(path, swapped);
    let keys = await opened([one.keyId, two.keyId]);
    expect(await openRow(await keys.key(one.keyId), one.keyId, address, one.sealed)).toEqual(plain);
    await keys.close();

    // The wrapped key of two under the name of one, with a right checksum.
    const { crc32 } = await import('node:zlib');
    const forged = Buffer.from(sound);
    sound.copy(forged, a + 12, b + 12, b + 72);
    forged.writeUInt32BE(crc32(forged.subarray(a, a + 124)), a + 124);
    await writeFile(path, forged);
    keys = await opened([one.keyId, two.keyId]);
    await expect(keys.key(one.keyId)).rejects.toMatchObject({ code: 'RECORD_KEY_LOST' });
    await keys.close();
  });

  test('one damaged header is survived, two are not, and nothing is modified then', async () => {
    await madeKeys(1);
    for (const offset of [0, 15, 126]) {
      const sound = await readFile(path);
      await flip(offset);
      await (await opened([], false)).close();
      await flip(offset + slotBytes);
      const damaged = await readFile(path);
      await expect(opened([], false)).rejects.toMatchObject({ code: 'RECORD_KEYS_MISSING' });
      expect((await readFile(path)).equals(damaged)).toBe(true);
      await writeFile(path, sound);
    }
  });

  test('a batch cut short at any length leaves what was used before, and keys can be made again', async () => {
    const made = await madeKeys(200);
    const used = made.map(({ keyId }) => keyId);
    const full = (await stat(path)).size;
    expect(full).toBe(slotsAt + 512 * slotBytes);
    const sound = await readFile(path);
    for (const cut of [1, 60, slotBytes, 100 * slotBytes + 5, 256 * slotBytes]) {
      await writeFile(path, sound);
      await truncate(path, full - cut);
      const keys = await opened(used);
      for (let at = 0; at < 300; at += 1) used.push((await keys.take()).keyId);
      for (const { keyId, sealed } of made.slice(0, 3))
        expect(await openRow(await keys.key(keyId), keyId, address, sealed)).toEqual(plain);
      await keys.close();
      const again = await opened(used);
      await again.key(used.at(-1) ?? '');
      await again.close();
      used.length = 200;
    }
  });

  test('a missing, empty, foreign, newer or other vault’s file is refused and left as it is', async () => {
    await expect(opened([], false)).rejects.toMatchObject({ code: 'RECORD_KEYS_MISSING' });
    await madeKeys(1);
    const sound = await readFile(path);
    const newer = Buffer.from(sound);
    newer.writeUInt32BE(2, 8);
    const cases: [Buffer, string][] = [
      [Buffer.alloc(0), 'RECORD_KEYS_MISSING'],
      [Buffer.from('x'.repeat(5000)), 'RECORD_KEYS_MISSING'],
      [sound.subarray(0, 100), 'RECORD_KEYS_MISSING'],
      [newer, 'STORE_NEWER'],
    ];
    for (const [content, code] of cases) {
      await writeFile(path, content);
      await expect(opened()).rejects.toMatchObject({ code });
      expect((await readFile(path)).equals(content)).toBe(true);
    }
    await writeFile(path, sound);
    await expect(
      RecordKeys.open(
        dir,
        { ...wrapping, keyId: 'ffffffffffffffff' },
        {
          isUsed: () => true,
          mayCreate: true,
        },
      ),
    ).rejects.toMatchObject({ code: 'STORE_OTHER_KEY' });
  });
});

test('when no batch can be written, it says why, and goes on once it can', async () => {
  let full = true;
  const filling: OpenVaultFile = async (at) => {
    const file = await open(at, 'r+');
    return {
      read: (...args) => file.read(...args),
      write: (buffer, offset, length, position) => {
        if (full && position > slotsAt + 900)
          throw Object.assign(new Error('write'), { code: 'ENOSPC' });
        return file.write(buffer, offset, Math.min(length, 1000), position);
      },
      truncate: (length) => file.truncate(length),
      datasync: () => file.datasync(),
      stat: () => file.stat(),
      close: () => file.close(),
    };
  };
  const keys = await opened([], true, filling);
  await expect(keys.take()).rejects.toMatchObject({ code: 'DISK_FULL' });
  full = false;
  const { keyId } = await keys.take();
  const sealed = await sealRow(await keys.key(keyId), keyId, address, plain);
  await keys.close();
  const again = await opened([keyId]);
  expect(await openRow(await again.key(keyId), keyId, address, sealed)).toEqual(plain);
  await again.close();
});
