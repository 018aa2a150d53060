import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testKeys } from './keys.fixture';
import { Journal, journalFileName } from './journal';
import { keyFileName, openDataKey } from './key-file';

let dir = '';
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'chimed-key-')), 'data');
});
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }));

test('the key is made once and read back afterwards', async () => {
  const made = await openDataKey(dir);
  expect(made.bytes).toHaveLength(32);
  expect(made.bytes.some((byte) => byte !== 0)).toBe(true);
  expect(made.keyId).toMatch(/^[0-9a-f]{16}$/);
  expect(await openDataKey(dir)).toEqual(made);
  expect(await readdir(dir)).toEqual([keyFileName]);
});

test.runIf(process.platform !== 'win32')('only its owner may read it', async () => {
  await mkdir(dir);
  // A leftover of an interrupted attempt that everyone may read.
  await writeFile(join(dir, `${keyFileName}.new`), 'half', { mode: 0o644 });
  await openDataKey(dir);
  expect((await stat(join(dir, keyFileName))).mode & 0o777).toBe(0o600);
});

test('two folders have two keys', async () => {
  const one = await openDataKey(dir);
  const other = await openDataKey(join(dir, 'other'));
  expect(other.keyId).not.toBe(one.keyId);
  expect(other.bytes).not.toEqual(one.bytes);
});

test('any damaged byte, and any other length, is named; the file is not replaced', async () => {
  await openDataKey(dir);
  const path = join(dir, keyFileName);
  const sound = await readFile(path);
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
    await expect(openDataKey(dir)).rejects.toMatchObject({
      code: at >= 8 && at < 12 ? 'STORE_NEWER' : 'KEY_UNREADABLE',
    });
    expect((await readFile(path)).equals(content)).toBe(true);
  }
});

test('a lost key beside a journal is never replaced by a new one', async () => {
  await openDataKey(dir);
  await (await Journal.open(dir, await testKeys())).close();
  await rm(join(dir, keyFileName));
  await expect(openDataKey(dir)).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
  expect(await readdir(dir)).toEqual([journalFileName]);
});

test('a key that is a folder is named as unreadable', async () => {
  await mkdir(join(dir, keyFileName), { recursive: true });
  await expect(openDataKey(dir)).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
});
