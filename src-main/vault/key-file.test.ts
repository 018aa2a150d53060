import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testKeys } from './keys.fixture';
import { Journal, journalFileName } from './journal';
import { destroyPlainKey, keyFileName, readPlainKey } from './key-file';

let dir = '';
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'chimed-key-')), 'data');
  await mkdir(dir);
});
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }));

/** Such a file as the program wrote before there were users. */
function plainKeyFile(): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write('CMDKEY\r\n', 0, 'latin1');
  bytes.writeUInt32BE(1, 8);
  Buffer.from('0011223344556677', 'hex').copy(bytes, 12);
  for (let at = 0; at < 32; at += 1) bytes[20 + at] = at;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

test('the key of an earlier program is read', async () => {
  await writeFile(join(dir, keyFileName), plainKeyFile());
  const key = await readPlainKey(dir);
  expect(key?.id).toBe('0011223344556677');
  expect([...(key?.bytes ?? [])]).toEqual(Array.from({ length: 32 }, (_, at) => at));
});

test('a folder without one has none, and none is made', async () => {
  expect(await readPlainKey(dir)).toBeNull();
  expect(await readdir(dir)).toEqual([]);
});

test('a destroyed one is gone, and destroying none is no error', async () => {
  await writeFile(join(dir, keyFileName), plainKeyFile());
  await destroyPlainKey(dir);
  expect(await readdir(dir)).toEqual([]);
  await destroyPlainKey(dir);
});

test('any damaged byte, and any other length, is named; the file is not replaced', async () => {
  const path = join(dir, keyFileName);
  const sound = plainKeyFile();
  const damaged = [
    ...Array.from(sound, (_, at) => {
      const copy = Buffer.from(sound);
      copy[at] = (copy[at] ?? 0) ^ 0x40;
      return copy;
    }),
    Buffer.alloc(0),
    sound.subarray(0, 11),
    sound.subarray(0, 63),
    Buffer.concat([sound, Buffer.alloc(1)]),
    Buffer.alloc(1_000_000),
  ];
  for (const [at, content] of damaged.entries()) {
    await writeFile(path, content);
    await expect(readPlainKey(dir)).rejects.toMatchObject({
      code: at >= 8 && at < 12 ? 'STORE_NEWER' : 'KEY_UNREADABLE',
    });
    expect((await readFile(path)).equals(content)).toBe(true);
  }
});

test('a lost key beside a journal is never replaced by a new one', async () => {
  await writeFile(join(dir, keyFileName), plainKeyFile());
  await (await Journal.open(dir, await testKeys())).close();
  await rm(join(dir, keyFileName));
  await expect(readPlainKey(dir)).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
  expect(await readdir(dir)).toEqual([journalFileName]);
});

test('a key that is a folder is named as unreadable', async () => {
  await mkdir(join(dir, keyFileName), { recursive: true });
  await expect(readPlainKey(dir)).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
});
