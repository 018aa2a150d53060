import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import type { JournalRow } from '../domain/contract/record';
import type { VaultFile } from './files';
import { Journal, journalFileName, lockFileName, type NewRow } from './journal';
import { fileHeaderBytes, frameHeaderBytes } from './journal-format';
import { testKeys } from './keys.fixture';

const keys = await testKeys();
let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-journal-'));
  path = join(dir, journalFileName);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const row = (id: string, version = 1, size = 100): NewRow => ({
  table: 'record',
  id,
  version,
  sealed: new Uint8Array(size).fill(id.length + version),
});
const ids = (rows: readonly JournalRow[]): string[] =>
  rows.map((each) => `${each.id}.${each.version}`);
const code = (promise: Promise<unknown>): Promise<ErrorCode | 'no error'> =>
  promise.then(
    () => 'no error' as const,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );

/** A journal of `count` transactions of one row; returns the size of the file after each. */
async function journalOf(count: number): Promise<number[]> {
  const journal = await Journal.open(dir, keys);
  const ends: number[] = [];
  for (let at = 0; at < count; at += 1) {
    await journal.append([row(`r${at}`)]);
    ends.push((await stat(path)).size);
  }
  await journal.close();
  return ends;
}

async function reopened(): Promise<string[]> {
  const journal = await Journal.open(dir, keys);
  const rows = ids((await journal.read(0, 5000)).rows);
  await journal.close();
  return rows;
}

async function flip(offset: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  await writeFile(path, bytes);
}

describe('what was committed', () => {
  test('is read back in order, and again after reopening', async () => {
    const journal = await Journal.open(dir, keys);
    expect(journal.lastSeq).toBe(0);
    expect((await journal.read(0, 10)).rows).toEqual([]);
    const first = await journal.append([row('a'), row('b', 1, 0)]);
    expect(first.map((each) => each.seq)).toEqual([1, 2]);
    await journal.append([row('a', 2)]);
    const rows = (await journal.read(0, 10)).rows;
    expect(ids(rows)).toEqual(['a.1', 'b.1', 'a.2']);
    const { journalId } = journal;
    await journal.close();

    const again = await Journal.open(dir, keys);
    expect(again.journalId).toBe(journalId);
    expect((await again.read(0, 10)).rows).toEqual(rows);
    expect(ids((await again.read(1, 1)).rows)).toEqual(['b.1']);
    expect((await again.read(3, 10)).rows).toEqual([]);
    expect((await again.latest('record', 'a'))?.version).toBe(2);
    expect(await again.latest('record', 'c')).toBeNull();
    expect(await again.latest('text', 'a')).toBeNull();
    expect(ids(await again.append([row('c')]))).toEqual(['c.1']);
    expect(again.lastSeq).toBe(4);
    await again.close();
  });

  test('is told to the listener once, in order, before the append resolves', async () => {
    const told: number[] = [];
    const journal = await Journal.open(dir, keys, {
      onCommit: (rows) => told.push(...rows.map((each) => each.seq)),
    });
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const [mine] = await journal.append([row(`r${at}`)]);
        expect(told).toContain(mine?.seq);
      }),
    );
    expect(told).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    await journal.close();
  });

  test('a next version that is not the next is refused, and nothing of its transaction is kept', async () => {
    const journal = await Journal.open(dir, keys);
    await journal.append([row('a')]);
    expect(await code(journal.append([row('b'), row('a', 3)]))).toBe('VERSION_CONFLICT');
    const outcomes = await Promise.all([
      code(journal.append([row('a', 2)])),
      code(journal.append([row('a', 2)])),
      code(journal.append([row('c'), row('c', 2)])),
    ]);
    expect(outcomes).toEqual(['no error', 'VERSION_CONFLICT', 'no error']);
    await journal.close();
    expect(await reopened()).toEqual(['a.1', 'a.2', 'c.1', 'c.2']);
  });

  test('rows that could not be read back are refused', async () => {
    const journal = await Journal.open(dir, keys);
    for (const rows of [[], [row('')], [row('x'.repeat(129))], [row('\uD800')], [row('a', 0)]])
      expect(await code(journal.append(rows))).toBe('BAD_REQUEST');
    await journal.append([row('长'.repeat(128))]);
    await journal.close();
    expect(await reopened()).toEqual([`${'长'.repeat(128)}.1`]);
  });

  test('one answer stays near 8 MB, and a larger row still comes', async () => {
    const journal = await Journal.open(dir, keys);
    const mib = 1024 * 1024;
    await journal.append([row('a', 1, 5 * mib), row('b', 1, 5 * mib), row('c', 1, 12 * mib)]);
    await journal.append([row('d', 1, 3 * mib), row('e', 1, 10)]);
    const pages: string[][] = [];
    for (let after = 0; ;) {
      const rows = (await journal.read(after, 5000)).rows;
      if (rows.length === 0) break;
      pages.push(ids(rows));
      after = rows.at(-1)?.seq ?? after;
    }
    expect(pages).toEqual([['a.1'], ['b.1'], ['c.1'], ['d.1', 'e.1']]);
    const [e] = (await journal.read(4, 1)).rows;
    expect(e?.sealed.buffer.byteLength).toBe(10);
    await journal.close();
    expect(await reopened()).toEqual(['a.1']);
  });

  test('20,000 rows are there after reopening', async () => {
    const journal = await Journal.open(dir, keys);
    for (let block = 0; block < 20; block += 1)
      await Promise.all(
        Array.from({ length: 500 }, (_, at) => {
          const id = `${block}-${at}`;
          return journal.append([row(id, 1, 300), { ...row(id, 1, 200), table: 'text' }]);
        }),
      );
    await journal.close();
    const again = await Journal.open(dir, keys);
    expect(again.lastSeq).toBe(20_000);
    const seen = new Set<string>();
    for (let after = 0; after < again.lastSeq;) {
      const rows = (await again.read(after, 5000)).rows;
      for (const each of rows) seen.add(`${each.table} ${each.id}`);
      expect(rows[0]?.seq).toBe(after + 1);
      after = rows.at(-1)?.seq ?? Infinity;
    }
    expect(seen.size).toBe(20_000);
    await again.close();
  });
});

describe('a torn tail is cut off and everything before it survives', () => {
  test('cut at every length of the last frame', async () => {
    const ends = await journalOf(3);
    const whole = await readFile(path);
    for (let size = ends[1] ?? 0; size < (ends[2] ?? 0); size += 1) {
      await writeFile(path, whole.subarray(0, size));
      const journal = await Journal.open(dir, keys);
      expect(ids((await journal.read(0, 10)).rows)).toEqual(['r0.1', 'r1.1']);
      expect(journal.cutBytes).toBe(size - (ends[1] ?? 0));
      await journal.append([row('new')]);
      await journal.close();
      expect(await reopened()).toEqual(['r0.1', 'r1.1', 'new.1']);
    }
  });

  test('a last frame that came to disk with holes', async () => {
    const ends = await journalOf(2);
    const whole = await readFile(path);
    for (const [from, to] of [
      [ends[0] ?? 0, (ends[0] ?? 0) + 8],
      [(ends[0] ?? 0) + frameHeaderBytes + 20, ends[1] ?? 0],
      [ends[0] ?? 0, ends[1] ?? 0],
    ] as const) {
      await writeFile(path, Buffer.from(whole).fill(0, from, to));
      expect(await reopened()).toEqual(['r0.1']);
      expect((await stat(path)).size).toBe(ends[0]);
    }
  });

  test('a transaction of several rows is there whole or not at all', async () => {
    const journal = await Journal.open(dir, keys);
    await journal.append([row('a')]);
    const before = (await stat(path)).size;
    await journal.append([row('b'), row('c'), row('d')]);
    await journal.close();
    const whole = await readFile(path);
    for (let size = before; size < whole.length; size += 7) {
      await writeFile(path, whole.subarray(0, size));
      expect(await reopened()).toEqual(['a.1']);
    }
    await writeFile(path, whole);
    expect(await reopened()).toEqual(['a.1', 'b.1', 'c.1', 'd.1']);
  });
});

describe('damage in the middle is reported and nothing is modified', () => {
  test('a flipped bit anywhere before the last frame', async () => {
    const ends = await journalOf(3);
    const sound = await readFile(path);
    for (let offset = 0; offset < (ends[1] ?? 0); offset += 1) {
      await flip(offset);
      const damaged = await readFile(path);
      const outcome = await code(Journal.open(dir, keys));
      // In the version's own bytes of the header a flip can look like a newer program's.
      const version = offset >= 8 && offset < 12;
      expect(outcome, `byte ${offset}`).toBe(version ? 'STORE_NEWER' : 'STORE_CORRUPT');
      expect((await readFile(path)).equals(damaged)).toBe(true);
      await writeFile(path, sound);
    }
    expect(await reopened()).toEqual(['r0.1', 'r1.1', 'r2.1']);
  });

  test('a frame that is missing, doubled, or out of its order', async () => {
    const [end0 = 0, end1 = 0, end2 = 0] = await journalOf(3);
    const sound = await readFile(path);
    const head = sound.subarray(0, fileHeaderBytes);
    const [a, b, c] = [
      sound.subarray(fileHeaderBytes, end0),
      sound.subarray(end0, end1),
      sound.subarray(end1, end2),
    ];
    for (const parts of [
      [b, c],
      [a, c],
      [a, a, b, c],
      [a, c, b],
      [a, b, c, b],
    ]) {
      await writeFile(path, Buffer.concat([head, ...parts]));
      expect(await code(Journal.open(dir, keys))).toBe('STORE_TAMPERED');
    }
  });

  test('damage before a large frame, past the reading window', async () => {
    const journal = await Journal.open(dir, keys);
    await journal.append([row('a')]);
    const at = (await stat(path)).size;
    await journal.append([row('big', 1, 3 * 1024 * 1024)]);
    await journal.append([row('z')]);
    await journal.close();
    await flip(at + 6);
    expect(await code(Journal.open(dir, keys))).toBe('STORE_CORRUPT');
    await flip(at + 6);
    await flip(at + 2 * 1024 * 1024);
    expect(await code(Journal.open(dir, keys))).toBe('STORE_CORRUPT');
    await flip(at + 2 * 1024 * 1024);
    expect(await reopened()).toEqual(['a.1', 'big.1', 'z.1']);
  });

  test('an empty, a foreign and a short file', async () => {
    for (const content of ['', 'CMJRNL\r\n', '[human]:头痛\n[bot]:', 'x'.repeat(5000)]) {
      await writeFile(path, content);
      expect(await code(Journal.open(dir, keys))).toBe('STORE_CORRUPT');
      expect(await readFile(path, 'utf-8')).toBe(content);
    }
  });
});

test('a journal of a newer program is left untouched', async () => {
  await journalOf(2);
  const bytes = await readFile(path);
  bytes.writeUInt32BE(3, 8);
  await writeFile(path, bytes.subarray(0, bytes.length - 5));
  expect(await code(Journal.open(dir, keys))).toBe('STORE_NEWER');
  expect((await readFile(path)).equals(bytes.subarray(0, bytes.length - 5))).toBe(true);
});

test('after every refusal to open the lock is free again', async () => {
  await journalOf(1);
  const sound = await readFile(path);
  await truncate(path, 10);
  expect(await code(Journal.open(dir, keys))).toBe('STORE_CORRUPT');
  await writeFile(path, sound);
  expect(await reopened()).toEqual(['r0.1']);
  expect(
    await code(stat(join(dir, lockFileName)).catch(() => Promise.reject(new AppError('INTERNAL')))),
  ).toBe('INTERNAL');
});

describe('a write that fails', () => {
  /** A real file whose next writes can be told to fail. */
  class Disk {
    fault: { code: string; afterBytes: number } | null = null;
    syncFault: string | null = null;
    truncateFails = false;
    syncs = 0;
    readonly open = async (at: string): Promise<VaultFile> => {
      const file = await open(at, 'r+');
      return {
        read: (buffer, offset, length, position) => file.read(buffer, offset, length, position),
        write: async (buffer, offset, length, position) => {
          if (!this.fault) return file.write(buffer, offset, length, position);
          const room = Math.min(length, this.fault.afterBytes);
          if (room === 0) throw Object.assign(new Error('write'), { code: this.fault.code });
          this.fault.afterBytes -= room;
          return file.write(buffer, offset, room, position);
        },
        truncate: async (length) => {
          if (this.truncateFails) throw Object.assign(new Error('truncate'), { code: 'EIO' });
          await file.truncate(length);
        },
        datasync: async () => {
          this.syncs += 1;
          const fault = this.syncFault;
          this.syncFault = null;
          if (fault) throw Object.assign(new Error('sync'), { code: fault });
          await file.datasync();
        },
        stat: () => file.stat(),
        close: () => file.close(),
      };
    };
  }

  test.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EFBIG', 'DISK_FULL'],
    ['EIO', 'STORE_WRITE_FAILED'],
  ])(
    '%s half-way through a frame: %s, and the journal goes on when it can',
    async (system, expected) => {
      const disk = new Disk();
      const journal = await Journal.open(dir, keys, { openFile: disk.open });
      await journal.append([row('a')]);
      const sound = await readFile(path);
      for (const afterBytes of [0, 1, 20, 90]) {
        disk.fault = { code: system, afterBytes };
        expect(await code(journal.append([row('b'), row('c')]))).toBe(expected);
        expect((await readFile(path)).equals(sound)).toBe(true);
        expect(journal.lastSeq).toBe(1);
      }
      disk.fault = null;
      await journal.append([row('b')]);
      await journal.close();
      expect(await reopened()).toEqual(['a.1', 'b.1']);
    },
  );

  test('a sync that fails is a failed commit: the rows are not there afterwards', async () => {
    const disk = new Disk();
    const journal = await Journal.open(dir, keys, { openFile: disk.open });
    await journal.append([row('a')]);
    disk.syncFault = 'EIO';
    expect(await code(journal.append([row('b')]))).toBe('STORE_WRITE_FAILED');
    expect(await journal.latest('record', 'b')).toBeNull();
    await journal.append([row('c')]);
    await journal.close();
    expect(await reopened()).toEqual(['a.1', 'c.1']);
  });

  test('when the half frame cannot be taken back either, nothing more is written until reopening', async () => {
    const disk = new Disk();
    const journal = await Journal.open(dir, keys, { openFile: disk.open });
    await journal.append([row('a')]);
    disk.fault = { code: 'ENOSPC', afterBytes: 40 };
    disk.truncateFails = true;
    expect(await code(journal.append([row('b')]))).toBe('DISK_FULL');
    disk.fault = null;
    disk.truncateFails = false;
    expect(await code(journal.append([row('c')]))).toBe('STORE_WRITE_FAILED');
    expect(ids((await journal.read(0, 10)).rows)).toEqual(['a.1']);
    await journal.close();
    expect(await reopened()).toEqual(['a.1']);
  });

  test('all transactions of a failed group are told so, and can be repeated', async () => {
    const disk = new Disk();
    const journal = await Journal.open(dir, keys, { openFile: disk.open });
    disk.fault = { code: 'ENOSPC', afterBytes: 500 };
    const rows = Array.from({ length: 30 }, (_, at) => row(`r${at}`));
    const outcomes = await Promise.all(rows.map((each) => code(journal.append([each]))));
    disk.fault = null;
    const failed = rows.filter((_, at) => outcomes[at] !== 'no error');
    expect(failed.length).toBeGreaterThan(20);
    await Promise.all(failed.map((each) => journal.append([each])));
    await journal.close();
    expect((await reopened()).sort()).toEqual(rows.map((each) => `${each.id}.1`).sort());
  });

  test('concurrent appends share syncs', async () => {
    const disk = new Disk();
    const journal = await Journal.open(dir, keys, { openFile: disk.open });
    await Promise.all(Array.from({ length: 200 }, (_, at) => journal.append([row(`r${at}`)])));
    expect(disk.syncs).toBeLessThan(10);
    await journal.close();
  });

  test('a closed journal takes nothing more', async () => {
    const journal = await Journal.open(dir, keys);
    const last = journal.append([row('a')]);
    await journal.close();
    await last;
    expect(await code(journal.append([row('b')]))).toBe('STORE_WRITE_FAILED');
    expect(await reopened()).toEqual(['a.1']);
  });
});

test('a copy of the journal opens elsewhere with the same rows', async () => {
  await journalOf(3);
  const other = await mkdtemp(join(tmpdir(), 'chimed-journal-copy-'));
  try {
    await copyFile(path, join(other, journalFileName));
    const journal = await Journal.open(other, keys);
    expect(ids((await journal.read(0, 10)).rows)).toEqual(['r0.1', 'r1.1', 'r2.1']);
    await journal.close();
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});
