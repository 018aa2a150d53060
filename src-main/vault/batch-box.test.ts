import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cp,
  link,
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
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import { backUp, restoreBackup } from './backup';
import {
  createBatchBox,
  openBatchBox,
  type BatchBox,
  type BatchBoxKey,
  type BatchEntry,
} from './batch-box';
import { batchFolderOf, settleBoxes, wrapBoxesFor } from './batch-box-files';
import { framesAt, maxEntryBytes, slotBytes } from './batch-box-format';
import { frameHeaderBytes } from './journal-format';
import { testDataKey, testKeys } from './keys.fixture';
import { Vault } from './vault';

const keys = await testKeys();
const vaultKey = { vault: keys };
const loop = fileURLToPath(new URL('./batch-loop.fixture.ts', import.meta.url));
let dir = '';
const open = new Set<BatchBox>();
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-batch-'));
});
afterEach(async () => {
  for (const box of open) await box.close();
  open.clear();
  await rm(dir, { recursive: true, force: true });
});

async function created(id = 'b-1', under = keys): Promise<BatchBox> {
  const box = await createBatchBox(dir, id, under);
  open.add(box);
  return box;
}
async function reopened(path: string, key: BatchBoxKey = vaultKey): Promise<BatchBox> {
  const box = await openBatchBox(path, key);
  open.add(box);
  return box;
}
async function entriesOf(box: BatchBox): Promise<BatchEntry[]> {
  const entries: BatchEntry[] = [];
  for await (const entry of box.entries()) entries.push(entry);
  return entries;
}
const valuesOf = async (box: BatchBox): Promise<unknown[]> =>
  (await entriesOf(box)).map(({ value }) => value);
const code = (promise: Promise<unknown>): Promise<ErrorCode | 'no error'> =>
  promise.then(
    () => 'no error' as const,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );
/** The box's frames after its beginning, one entry each. */
async function framesOf(values: readonly string[], id = 'b-1') {
  const box = await created(id);
  const ends = [(await readFile(box.path)).byteLength];
  for (const value of values) {
    await box.append('item', value);
    ends.push((await readFile(box.path)).byteLength);
  }
  const key = box.batchKey();
  await box.close();
  const bytes = await readFile(box.path);
  const frames = values.map((_, at) => bytes.subarray(ends[at], ends[at + 1]));
  return { path: box.path, key, bytes, begin: bytes.subarray(0, ends[0]), frames };
}
/** A frame whose checksums are right again. */
function signed(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt32BE(crc32(copy.subarray(frameHeaderBytes)), 8);
  copy.writeUInt32BE(crc32(copy.subarray(0, 12)), 12);
  return copy;
}

describe('a box', () => {
  test('gives back what was put in, in order, to the vault and to the batch key alone', async () => {
    const box = await created();
    await box.append('item', { text: '患者头痛三天。𠮷' });
    await Promise.all([box.append('state', 'paused'), box.append('result', [1, null, true])]);
    expect(box.count).toBe(3);
    const expected: BatchEntry[] = [
      { number: 1, kind: 'item', value: { text: '患者头痛三天。𠮷' } },
      { number: 2, kind: 'state', value: 'paused' },
      { number: 3, kind: 'result', value: [1, null, true] },
    ];
    expect(await entriesOf(box)).toEqual(expected);
    const batchKey = box.batchKey();
    await box.close();
    for (const key of [vaultKey, { batchKey }]) {
      const again = await reopened(box.path, key);
      expect(await entriesOf(again)).toEqual(expected);
      expect(again.batchKey()).toEqual(batchKey);
      await again.append('state', expected.length);
      expected.push({ number: expected.length + 1, kind: 'state', value: expected.length });
      await again.close();
    }
  });

  test('shows none of its text and not its key on the disk', async () => {
    const box = await created();
    const key = Buffer.from(box.batchKey());
    await box.append('item', { text: '哨兵头痛 SENTINEL' });
    const bytes = await readFile(box.path);
    for (const hidden of ['哨兵头痛', 'SENTINEL', 'text'])
      expect(bytes.includes(hidden)).toBe(false);
    expect(bytes.includes(key)).toBe(false);
  });

  test('is nobody else’s while it is open, and its name is taken', async () => {
    const box = await created();
    expect(await code(openBatchBox(box.path, vaultKey))).toBe('STORE_LOCKED');
    await box.close();
    expect(await code(createBatchBox(dir, 'b-1', keys))).toBe('BAD_REQUEST');
    for (const bad of ['', '../b', 'a'.repeat(65), '批'])
      expect(await code(createBatchBox(dir, bad, keys))).toBe('BAD_REQUEST');
    await reopened(box.path);
  });

  test('takes what JSON holds, up to 32 MiB, and nothing else', async () => {
    const box = await created();
    expect(await code(box.append('item', undefined))).toBe('BAD_REQUEST');
    expect(await code(box.append('item', 'a'.repeat(maxEntryBytes - 1)))).toBe('TEXT_TOO_LARGE');
    await box.append('item', 'a'.repeat(maxEntryBytes - 2));
    expect(box.count).toBe(1);
    await box.close();
    expect(await code(box.append('item', 1))).toBe('STORE_WRITE_FAILED');
    const again = await reopened(box.path);
    expect(await valuesOf(again)).toEqual(['a'.repeat(maxEntryBytes - 2)]);
  });

  test('that is destroyed has no key any more, also where a disk keeps its bytes', async () => {
    const box = await created();
    await box.append('item', '头痛');
    const kept = join(dir, 'kept');
    await link(box.path, kept);
    await box.destroy();
    expect(await readdir(dir)).toEqual(['kept']);
    expect((await readFile(kept)).subarray(0, framesAt)).toEqual(Buffer.alloc(framesAt));
    expect(await code(openBatchBox(box.path, vaultKey))).toBe('BATCH_MISSING');
    // As if it had been interrupted after the key, before the file.
    await rename(kept, box.path);
    expect(await code(openBatchBox(box.path, vaultKey))).toBe('BATCH_MISSING');
    expect(await readdir(dir)).toEqual(['b-1.cmb.lock'].filter(() => process.platform !== 'linux'));
  });
});

describe('bad input', () => {
  test('a torn end is cut off at every length, anything shorter is damage', async () => {
    const { path, bytes, begin, frames } = await framesOf(['a', 'b']);
    const last = frames[1]?.byteLength ?? 0;
    for (let cut = 1; cut <= last; cut += 1) {
      await writeFile(path, bytes.subarray(0, bytes.byteLength - cut));
      const box = await reopened(path);
      expect(await valuesOf(box), `${cut}`).toEqual(['a']);
      await box.append('item', 'c');
      await box.close();
      expect(await valuesOf(await reopened(path))).toEqual(['a', 'c']);
      await Promise.all([...open].map((each) => each.close()));
    }
    for (const length of [0, 7, 12, slotBytes, framesAt, begin.byteLength - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      expect(await code(openBatchBox(path, vaultKey)), `${length}`).toBe('BATCH_DAMAGED');
      expect((await readFile(path)).byteLength).toBe(length);
    }
  });

  test('a flipped bit before the last frame is damage or a change, and the file stays as it is', async () => {
    const { path, bytes, frames } = await framesOf(['a', 'b']);
    const sound = bytes.byteLength - (frames[1]?.byteLength ?? 0);
    for (let at = framesAt; at < sound; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      expect(await code(openBatchBox(path, vaultKey)), `${at}`).toBe('BATCH_DAMAGED');
      expect((await readFile(path)).equals(changed)).toBe(true);
    }
  });

  test('an entry edited, taken out, doubled, moved or of another batch is found, right checksums or not', async () => {
    const { path, begin, frames } = await framesOf(['a', 'b', 'c']);
    const [a, b, c] = frames as [Buffer, Buffer, Buffer];
    const other = (await framesOf(['x'], 'b-2')).frames[0] as Buffer;
    const edited = Buffer.from(b);
    for (let at = frameHeaderBytes; at < b.byteLength; at += 1) {
      edited[at] = (edited[at] ?? 0) ^ 1;
      await writeFile(path, Buffer.concat([begin, a, signed(edited), c]));
      expect(['BATCH_TAMPERED', 'STORE_NEWER'], `${at}`).toContain(
        await code(openBatchBox(path, vaultKey)),
      );
      edited[at] = (edited[at] ?? 0) ^ 1;
    }
    const renumbered = Buffer.from(c);
    renumbered.writeBigUInt64BE(2n, frameHeaderBytes);
    for (const parts of [
      [a, c],
      [a, signed(renumbered)],
      [b, a, c],
      [a, b, b, c],
      [a, b, c, a],
      [other, b, c],
    ]) {
      await writeFile(path, Buffer.concat([begin, ...parts]));
      expect(await code(openBatchBox(path, vaultKey))).toBe('BATCH_TAMPERED');
    }
    await writeFile(path, Buffer.concat([begin, a, b, c]));
    expect(await valuesOf(await reopened(path))).toEqual(['a', 'b', 'c']);
  });

  test('entries of two histories of one box do not go together', async () => {
    const { path, bytes, begin, frames } = await framesOf(['a', 'b', 'c']);
    const [a, , c] = frames as [Buffer, Buffer, Buffer];
    // Put back to where it stood, it went another way.
    await writeFile(path, Buffer.concat([begin, a]));
    const box = await reopened(path);
    await box.append('item', 'd');
    await box.close();
    const other = await readFile(path);
    await writeFile(path, Buffer.concat([other, c]));
    expect(await code(openBatchBox(path, vaultKey))).toBe('BATCH_TAMPERED');
    await writeFile(path, bytes);
    await reopened(path);
  });

  test('boxes that changed places, and headers that did, are found', async () => {
    const one = await framesOf(['a'], 'b-1');
    const two = await framesOf(['b'], 'b-2');
    await writeFile(one.path, two.bytes);
    expect(await code(openBatchBox(one.path, vaultKey))).toBe('BATCH_TAMPERED');
    // Two boxes of one name.
    const elsewhere = join(dir, 'elsewhere');
    const twin = await createBatchBox(elsewhere, 'b-1', keys);
    await twin.close();
    const header = (await readFile(twin.path)).subarray(0, framesAt);
    await writeFile(one.path, Buffer.concat([header, one.bytes.subarray(framesAt)]));
    expect(await code(openBatchBox(one.path, vaultKey))).toBe('BATCH_TAMPERED');
    const mixed = Buffer.from(one.bytes);
    two.bytes.copy(mixed, slotBytes, slotBytes, framesAt);
    await writeFile(one.path, mixed);
    expect(await code(openBatchBox(one.path, vaultKey))).toBe('BATCH_TAMPERED');
  });

  test('the key of another workstation and of another batch open nothing', async () => {
    const { path } = await framesOf(['a'], 'b-1');
    const { key } = await framesOf(['b'], 'b-2');
    expect(await code(openBatchBox(path, { vault: await testKeys(9) }))).toBe('BATCH_OTHER_KEY');
    expect(await code(openBatchBox(path, { batchKey: key }))).toBe('BATCH_OTHER_KEY');
    expect(await code(openBatchBox(path, { batchKey: key.subarray(1) }))).toBe('BATCH_OTHER_KEY');
    const sameName = { vault: { ...(await testKeys(9)), keyId: keys.keyId } };
    expect(await code(openBatchBox(path, sameName))).toBe('BATCH_TAMPERED');
  });

  test('a newer version is refused untouched; a missing box and one claimed to be huge are named', async () => {
    const { path, bytes } = await framesOf(['a']);
    const newer = Buffer.from(bytes);
    newer.writeUInt32BE(2, 8);
    await writeFile(path, newer);
    expect(await code(openBatchBox(path, vaultKey))).toBe('STORE_NEWER');
    expect((await readFile(path)).equals(newer)).toBe(true);
    expect(await code(openBatchBox(join(dir, 'none.cmb'), vaultKey))).toBe('BATCH_MISSING');
    // Sparse: 200 MB of a frame that claims to be whole.
    const huge = Buffer.alloc(frameHeaderBytes);
    huge.set([0xf5, 0x43, 0x4d, 0x46]);
    huge.writeUInt32BE(200_000_000, 4);
    huge.writeUInt32BE(crc32(Buffer.alloc(200_000_000)), 8);
    huge.writeUInt32BE(crc32(huge.subarray(0, 12)), 12);
    await writeFile(path, Buffer.concat([bytes, huge]));
    await truncate(path, bytes.byteLength + frameHeaderBytes + 200_000_000);
    expect(await code(openBatchBox(path, vaultKey))).toBe('BATCH_DAMAGED');
  });

  test('one damaged copy of the wrapped key is put right from the other', async () => {
    const { path, bytes } = await framesOf(['a']);
    for (const at of [0, slotBytes]) {
      const damaged = Buffer.from(bytes);
      damaged.fill(0xff, at + 20, at + 90);
      await writeFile(path, damaged);
      expect(await valuesOf(await reopened(path))).toEqual(['a']);
      await Promise.all([...open].map((each) => each.close()));
      await settleBoxes(dir, keys);
      expect((await readFile(path)).equals(bytes)).toBe(true);
    }
  });
});

describe('with its vault', () => {
  let vault: Vault;
  const dataDir = (): string => join(dir, 'data');
  beforeEach(async () => {
    vault = await Vault.open(dataDir(), testDataKey());
  });
  afterEach(() => vault.close());

  test('a rotation of the data key takes open and closed boxes along, and leaves no key of before', async () => {
    const closed = await vault.createBatchBox('b-1');
    await closed.append('item', 'a');
    await closed.close();
    const box = await vault.createBatchBox('b-2');
    open.add(box);
    const appends = Array.from({ length: 50 }, (_, at) => box.append('item', at));
    const before = vault.keys;
    await Promise.all([vault.rotate(testDataKey(8)), ...appends]);
    await box.append('state', 'after');
    expect(box.count).toBe(51);
    await box.close();
    for (const path of [closed.path, box.path]) {
      expect(await code(openBatchBox(path, { vault: before }))).toBe('BATCH_OTHER_KEY');
      await (await openBatchBox(path, { vault: vault.keys })).close();
    }
  });

  test('a rotation that was interrupted at any step leaves boxes that open under the key that holds', async () => {
    const box = await vault.createBatchBox('b-1');
    await box.append('item', 'a');
    await box.close();
    const folder = batchFolderOf(dataDir());
    const old = vault.keys;
    const next = await testKeys(8);
    // Ended between the new slot and the new journal: the old key holds, or the new one does.
    await wrapBoxesFor(folder, old, next);
    for (const each of [old, next]) {
      const opened = await openBatchBox(box.path, { vault: each });
      expect(await valuesOf(opened)).toEqual(['a']);
      await opened.close();
    }
    const between = await readFile(box.path);
    await vault.close();
    vault = await Vault.open(dataDir(), testDataKey());
    expect(await code(openBatchBox(box.path, { vault: next }))).toBe('BATCH_OTHER_KEY');
    await (await openBatchBox(box.path, { vault: old })).close();
    await writeFile(box.path, between);
    await settleBoxes(folder, next);
    expect(await code(openBatchBox(box.path, { vault: old }))).toBe('BATCH_OTHER_KEY');
    await (await openBatchBox(box.path, { vault: next })).close();
  });

  test('one box that is damaged keeps neither the records nor the other boxes from a new key', async () => {
    const names = ['b-1', 'b-2', 'b-3'];
    for (const name of names) await (await vault.createBatchBox(name)).close();
    const folder = batchFolderOf(dataDir());
    await writeFile(join(folder, 'b-2.cmb'), 'rubbish');
    await vault.rotate(testDataKey(8));
    for (const name of ['b-1', 'b-3'])
      await (await openBatchBox(join(folder, `${name}.cmb`), { vault: vault.keys })).close();
  });

  test('a backup holds no box, and what is restored from it opens without one', async () => {
    const box = await vault.createBatchBox('b-1');
    await box.append('item', '头痛');
    await box.close();
    const destination = join(dir, 'disk');
    await mkdir(destination);
    const { folder } = await backUp(vault, { destination });
    expect((await readdir(folder)).sort()).toEqual([
      'journal.cmj',
      'manifest.json',
      'record-keys.cmk',
    ]);
    const restored = join(dir, 'restored');
    await restoreBackup(folder, restored, testDataKey());
    await (await Vault.open(restored, testDataKey())).close();
    await cp(batchFolderOf(dataDir()), batchFolderOf(restored), { recursive: true });
    // Brought along by hand, it is the same vault's and opens.
    const again = await Vault.open(restored, testDataKey());
    const path = join(batchFolderOf(restored), 'b-1.cmb');
    expect(await valuesOf(await reopened(path, { vault: again.keys }))).toEqual(['头痛']);
    await again.close();
  });
});

describe('a process that holds the batch key alone', () => {
  test('killed a dozen times, has lost nothing that it acknowledged, and nothing is there twice', async () => {
    const box = await created();
    const batchKey = Buffer.from(box.batchKey()).toString('hex');
    await box.close();
    const promised = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', loop, box.path, batchKey, `k${round}`],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const closed = once(child, 'close');
      let output = '';
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          resolve();
        });
      });
      await sleep((round * 37) % 120);
      child.kill('SIGKILL');
      await closed;
      for (const line of output.split('\n').slice(0, -1)) promised.add(line);

      const again = await reopened(box.path);
      const found = (await entriesOf(again)).map(({ value }) => (value as { value: string }).value);
      await again.close();
      expect(new Set(found).size, 'twice').toBe(found.length);
      for (const each of promised) expect(found, each).toContain(each);
    }
    expect(promised.size).toBeGreaterThan(30);
  });

  test.runIf(process.platform === 'linux')(
    'is told of a full disk, and what it was told is saved is there',
    async () => {
      const box = await created();
      const batchKey = Buffer.from(box.batchKey()).toString('hex');
      await box.close();
      // The kernel writes up to the limit and refuses the rest, as a full disk does.
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        'ulimit -f 2048; exec "$0" --import tsx "$@"',
        process.execPath,
        loop,
        box.path,
        batchKey,
        'full',
      ]);
      const lines = stdout.split('\n').slice(0, -1);
      expect(lines.at(-1)).toBe('!DISK_FULL');
      const again = await reopened(box.path);
      const found = (await entriesOf(again)).map(({ value }) => (value as { value: string }).value);
      for (const line of lines.slice(0, -1)) expect(found).toContain(line);
    },
  );
});
