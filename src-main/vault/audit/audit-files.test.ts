/** The disk at its worst: short writes, no space, no right to write, a file that fails. */
import { appendFile, chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openVaultFile, type OpenVaultFile, type VaultFile } from '../files';
import { AuditLog } from './audit-log';
import { anchorOf, code, linesOf, verified, viewed } from './audit.fixture';
import { segmentName, segmentsOf } from './segment';

let folder: string;
const logs: AuditLog[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-audit-'));
});
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close().catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

async function opened(options: Parameters<typeof AuditLog.open>[1] = {}): Promise<AuditLog> {
  const log = await AuditLog.open(folder, options);
  logs.push(log);
  return log;
}

const path = (segment = 1): string => join(folder, segmentName(segment));
const broken = (system: string): Error => Object.assign(new Error(system), { code: system });

/** Real files, one operation of which does what the disk at hand does not. */
function files(change: (file: VaultFile) => Partial<VaultFile>): OpenVaultFile {
  return async (at) => {
    const file = await openVaultFile(at);
    const real: VaultFile = {
      read: (...args) => file.read(...args),
      write: (...args) => file.write(...args),
      truncate: (length) => file.truncate(length),
      datasync: () => file.datasync(),
      stat: () => file.stat(),
      close: () => file.close(),
    };
    return { ...real, ...change(real) };
  };
}

test('a disk that writes a few bytes at a time keeps everything', async () => {
  const openFile = files((file) => ({
    write: (bytes, offset, length, position) =>
      file.write(bytes, offset, Math.min(length, 7), position),
  }));
  const log = await opened({ openFile });
  await Promise.all(Array.from({ length: 5 }, () => log.append(viewed())));
  expect(await verified(folder)).toMatchObject({ entries: 5, faults: [] });
});

test('a disk that becomes full in the middle of a write: what failed is not there, and later entries are', async () => {
  let room = Infinity;
  const openFile = files((file) => ({
    write: (bytes, offset, length, position) => {
      if (room === 0) return Promise.reject(broken('ENOSPC'));
      const part = Math.min(length, room);
      room -= part;
      return file.write(bytes, offset, part, position);
    },
  }));
  const log = await opened({ openFile });
  await log.append(viewed());
  room = 300;
  const outcomes = await Promise.all([1, 2, 3].map(() => code(() => log.append(viewed()))));
  expect(outcomes).toEqual(['DISK_FULL', 'DISK_FULL', 'DISK_FULL']);
  expect(await code(() => anchorOf(log))).toBe('DISK_FULL');
  expect(await linesOf(folder)).toHaveLength(2);
  room = Infinity;
  expect((await log.append(viewed())).n).toBe(2);
  expect(await verified(folder)).toMatchObject({ entries: 2, faults: [] });
});

test('when what was half written cannot be taken back, nothing more is written until it is opened again', async () => {
  let isBad = false;
  const openFile = files((file) => ({
    datasync: () => (isBad ? Promise.reject(broken('EIO')) : file.datasync()),
    truncate: (length) => (isBad ? Promise.reject(broken('EIO')) : file.truncate(length)),
  }));
  const log = await opened({ openFile });
  await log.append(viewed());
  isBad = true;
  expect(await code(() => log.append(viewed()))).toBe('STORE_WRITE_FAILED');
  isBad = false;
  expect(await code(() => log.append(viewed()))).toBe('STORE_WRITE_FAILED');
  await log.close();
  // The line was whole on disk, though nobody was told so: it stays, once.
  expect((await (await opened()).append(viewed())).n).toBe(3);
  expect((await verified(folder)).faults).toEqual([]);
});

test('a folder that cannot be written to is refused with a reason, and nothing in it is changed', async () => {
  const log = await opened();
  await log.append(viewed());
  await log.close();
  await appendFile(path(), '{"n":2');
  const before = await readFile(path());
  const openFile: OpenVaultFile = () => Promise.reject(broken('EROFS'));
  expect(await code(() => AuditLog.open(folder, { openFile }))).toBe('STORE_WRITE_FAILED');
  await writeFile(join(folder, 'file'), '');
  expect(await code(() => AuditLog.open(join(folder, 'file', 'audit')))).toBe('STORE_WRITE_FAILED');
  // The superuser may write where nobody may.
  if (process.platform !== 'win32' && process.getuid?.() !== 0) {
    await chmod(folder, 0o500);
    expect(await code(() => AuditLog.open(folder))).toBe('STORE_WRITE_FAILED');
    await chmod(folder, 0o700);
  }
  expect(await readFile(path())).toEqual(before);
  // What failed gave its lock back.
  await opened();
});

test('a segment that cannot be begun leaves nothing behind, and the log goes on in the one before', async () => {
  let isBad = false;
  const openFile: OpenVaultFile = (at) =>
    isBad ? Promise.reject(broken('EMFILE')) : openVaultFile(at);
  const log = await opened({ openFile, segmentBytes: 600 });
  isBad = true;
  for (let at = 0; at < 6; at += 1) await log.append(viewed());
  expect(await segmentsOf(folder)).toEqual([1]);
  isBad = false;
  await log.append(viewed());
  expect(await segmentsOf(folder)).toEqual([1, 2]);
  expect(await verified(folder)).toMatchObject({ entries: 7, faults: [] });
});

test('a hundred thousand at once keep their order, and no segment becomes too long to be read', async () => {
  const log = await opened();
  const made = await Promise.all(Array.from({ length: 100_000 }, () => log.append(viewed())));
  expect(made.every(({ n }, index) => n === index + 1)).toBe(true);
  const sizes = await Promise.all(
    (await segmentsOf(folder)).map(async (each) => (await stat(path(each))).size),
  );
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThan(9 * 1024 * 1024);
  await log.close();
  expect((await (await opened()).append(viewed())).n).toBe(100_001);
});

test('a torn line of 10 MB is cut off, and the clock of an empty segment is that of the one before', async () => {
  let now = 1_800_000_000_000;
  const log = await opened({ now: () => now, segmentBytes: 400 });
  await log.append(viewed());
  await log.append(viewed());
  await log.close();
  await appendFile(path(), 'x'.repeat(10_000_000));
  now -= 5;
  const again = await opened({ now: () => now, segmentBytes: 400 });
  const [cut] = (await again.read({ kinds: ['audit-cut'] })).entries;
  expect(cut).toMatchObject({ clockBack: true, event: { bytes: 10_000_000 } });
  await again.close();
  expect((await verified(folder)).faults).toEqual([]);
  // Killed right after a segment was begun.
  await writeFile(
    path(),
    (await readFile(path(), 'utf-8')).split('\n').slice(0, 3).join('\n') + '\n',
  );
  for (const segment of (await segmentsOf(folder)).slice(1)) await rm(path(segment));
  const third = await opened({ now: () => now, segmentBytes: 400 });
  await third.append(viewed());
  await third.close();
  await writeFile(path(2), `${(await linesOf(folder, 2))[0] ?? ''}\n`);
  now -= 5;
  const fourth = await opened({ now: () => now });
  expect(await fourth.append(viewed())).toMatchObject({ n: 3, clockBack: true });
});
