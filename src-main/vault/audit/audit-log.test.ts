import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { problemOf, type ErrorCode } from '../../domain/contract/errors';
import {
  auditKinds,
  newAuditEntrySchema,
  type AuditEntry,
  type NewAuditEntry,
} from '../../domain/contract/audit';
import { publicHexOf } from '../keyring/boxes';
import { AuditLog, type AuditLogOptions } from './audit-log';
import { encodeEntry, hashOf, segmentName, segmentsOf } from './segment';
import { verifyAudit } from './verify-audit';

const doctor = '5f0b8c1e-0000-4000-8000-000000000001';
const nurse = '5f0b8c1e-0000-4000-8000-000000000002';
const record = '11111111-2222-4333-8444-555555555555';
const vaultId = 'ab'.repeat(16);
const day = 86_400_000;

let folder: string;
let now: number;
let keys: Record<string, KeyObject>;
const open_: AuditLog[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-audit-'));
  now = 1_800_000_000_000;
  keys = {
    [doctor]: generateKeyPairSync('ed25519').privateKey,
    [nurse]: generateKeyPairSync('ed25519').privateKey,
  };
});
afterEach(async () => {
  for (const log of open_.splice(0)) await log.close().catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

async function opened(options: AuditLogOptions = {}): Promise<AuditLog> {
  const log = await AuditLog.open(folder, { now: () => now, ...options });
  open_.push(log);
  return log;
}

const viewed = (actor = doctor): NewAuditEntry => ({
  actor,
  event: { kind: 'record-viewed' },
  subject: record,
});

const anchorOf = (log: AuditLog, userId = doctor, seq = 7) =>
  log.anchor(
    {
      vaultId,
      journal: { seq, mac: 'cd'.repeat(16) },
      keyring: { revision: 1, mac: 'ef'.repeat(32) },
    },
    (bytes) => ({ userId, signature: signBytes(null, bytes, keys[userId] as KeyObject) }),
    userId,
  );

const signingKeysOf = (userId: string): string[] => {
  const key = keys[userId];
  return key ? [publicHexOf(key)] : [];
};
const verified = (newestAnchor?: { n: number; signature: string }) =>
  verifyAudit(folder, { signingKeysOf, newestAnchor });

async function code(work: () => unknown): Promise<ErrorCode | 'no error'> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return problemOf(error).code;
  }
}

const path = (segment = 1) => join(folder, segmentName(segment));
const linesOf = async (segment = 1): Promise<string[]> =>
  (await readFile(path(segment), 'utf-8')).split('\n').slice(0, -1);
const writeLines = (lines: readonly string[], segment = 1) =>
  writeFile(path(segment), lines.map((line) => `${line}\n`).join(''));

describe('appending', () => {
  test('entries are counted, timed, and there again after a restart', async () => {
    const log = await opened();
    await log.append({ event: { kind: 'app-started', version: '0.1.0' } });
    now += 5;
    await log.append(viewed());
    await log.close();
    const again = await opened();
    const { n } = await again.append({
      event: { kind: 'sign-in-failed' },
      result: 'PASSPHRASE_WRONG',
    });
    expect(n).toBe(3);
    const { entries } = await again.read({});
    expect(entries.map(({ n: number, event, result }) => [number, event.kind, result])).toEqual([
      [3, 'sign-in-failed', 'PASSPHRASE_WRONG'],
      [2, 'record-viewed', 'ok'],
      [1, 'app-started', 'ok'],
    ]);
    expect(await verified()).toMatchObject({ entries: 3, anchors: 0, faults: [] });
  });

  test('a hundred at once keep their order, each once', async () => {
    const log = await opened();
    const made = await Promise.all(Array.from({ length: 100 }, () => log.append(viewed())));
    expect(made.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await verified()).toMatchObject({ entries: 100, faults: [] });
  });

  test('a clock that is set back is named; the count goes on', async () => {
    const log = await opened();
    await log.append(viewed());
    now -= 1000;
    expect(await log.append(viewed())).toMatchObject({ n: 2, clockBack: true });
    now += 5000;
    expect(await log.append(viewed())).not.toHaveProperty('clockBack');
  });

  test('no text finds a place in it, whatever is told', async () => {
    const log = await opened();
    const sentinel = '患者张哨兵';
    const wrong: unknown[] = [
      { event: { kind: 'record-viewed' }, subject: sentinel },
      { event: { kind: 'record-viewed' }, actor: sentinel },
      { event: { kind: sentinel } },
      { event: { kind: 'exported', format: sentinel, count: 1, deidentified: true } },
      { event: { kind: 'model-assigned', job: sentinel } },
      { event: { kind: 'settings-changed', settings: [sentinel] } },
      { event: { kind: 'app-started', version: sentinel } },
      { event: { kind: 'record-viewed' }, result: sentinel },
      { event: { kind: 'record-viewed' }, subject: 'Zhang San, male, 45' },
    ];
    for (const entry of wrong)
      expect(await code(() => log.append(entry as NewAuditEntry))).toBe('BAD_REQUEST');
    // What the schema does not know is left out, at every depth.
    const more = { event: { kind: 'record-viewed', note: sentinel }, note: sentinel };
    await log.append(more as NewAuditEntry);
    expect(await readFile(path(), 'utf-8')).not.toContain(sentinel);
    expect(newAuditEntrySchema.parse(more)).toEqual({
      event: { kind: 'record-viewed' },
      actor: 'system',
      result: 'ok',
    });
  });

  test('segments follow each other without a gap', async () => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 30; at += 1) await log.append(viewed());
    expect((await segmentsOf(folder)).length).toBeGreaterThan(4);
    await log.close();
    const again = await opened({ segmentBytes: 1_000 });
    expect((await again.append(viewed())).n).toBe(31);
    expect(await verified()).toMatchObject({ entries: 31, faults: [] });
    const page = await again.read({}, { limit: 10 });
    const rest = await again.read({}, { limit: 100, before: page.next ?? undefined });
    expect([...page.entries, ...rest.entries].map(({ n }) => n)).toEqual(
      Array.from({ length: 31 }, (_, index) => 31 - index),
    );
  });

  test('killed at any moment: nothing acknowledged is missing, nothing is there twice', async () => {
    const script = fileURLToPath(new URL('./append-loop.fixture.ts', import.meta.url));
    let promised = 0;
    for (const count of [1, 9, 40]) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      await new Promise<void>((resolve, reject) => {
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          if (output.split('\n').length > count) resolve();
        });
        child.on('exit', () => reject(new Error('the child ended by itself')));
      });
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      const numbers = output.split('\n').slice(0, -1).map(Number);
      promised = Math.max(promised, ...numbers);
      const log = await opened();
      const { entries } = await log.read({}, { limit: 1_000_000 });
      const found = new Set(entries.map(({ n }) => n));
      expect(found.size).toBe(entries.length);
      for (let n = 1; n <= promised; n += 1) expect(found.has(n), `entry ${n}`).toBe(true);
      await log.close();
      expect((await verified()).faults).toEqual([]);
    }
  });

  test('half a last line is cut off, and an entry says so', async () => {
    const log = await opened();
    await log.append(viewed());
    await log.close();
    await appendFile(path(), '{"n":2,"at":1');
    const again = await opened();
    const { entries } = await again.read({});
    expect(entries.map(({ event }) => event)).toEqual([
      { kind: 'audit-cut', bytes: 13 },
      { kind: 'record-viewed' },
    ]);
    expect((await verified()).faults).toEqual([]);
  });

  test('a newer format is refused untouched', async () => {
    await (await opened()).close();
    await writeFile(path(), '{"format":2,"other":true}\n');
    expect(await code(() => opened())).toBe('STORE_NEWER');
    expect(await readFile(path(), 'utf-8')).toBe('{"format":2,"other":true}\n');
  });

  test('a file of gigabytes is refused before it is read', async () => {
    await (await opened()).close();
    const { truncate } = await import('node:fs/promises');
    await truncate(path(), 3 * 2 ** 30);
    expect(await code(() => opened())).toBe('STORE_CORRUPT');
  });
});

describe('verification', () => {
  async function written(): Promise<{ signature: string; n: number }> {
    const log = await opened();
    for (let at = 0; at < 3; at += 1) await log.append(viewed());
    await anchorOf(log);
    for (let at = 0; at < 3; at += 1) await log.append(viewed(nurse));
    const last = await anchorOf(log, nurse, 9);
    await log.append(viewed());
    await log.close();
    if (last.event.kind !== 'anchor') throw new Error('no anchor');
    return { n: last.n, signature: last.event.anchor.signature };
  }

  test('a log as it was written is certain up to its last anchor', async () => {
    const newest = await written();
    expect(await verified(newest)).toMatchObject({
      entries: 9,
      anchors: 2,
      certainTo: { n: 8 },
      faults: [],
    });
  });

  test('any line changed, taken out, put in or moved is found, and how far the log is certain', async () => {
    await written();
    const sound = await linesOf();
    for (let at = 1; at < sound.length - 1; at += 1) {
      const line = sound[at] ?? '';
      const changed = line.replace('"result":"ok"', '"result":"USAGE"');
      // Each with the first line that is not as it was.
      const attacks: [number, string[]][] = [
        [at, sound.with(at, changed)],
        [at, sound.toSpliced(at, 1)],
        [at + 1, sound.toSpliced(at, 0, line)],
        [at, sound.with(at, sound[at + 1] ?? '').with(at + 1, line)],
        [at, sound.with(at, '{}')],
      ];
      for (const [first, lines] of attacks) {
        await writeLines(lines);
        const result = await verified();
        expect(result.faults.length, `line ${at}`).toBeGreaterThan(0);
        // Entries 4 and 8 are the anchors.
        expect(result.certainTo?.n ?? 0).toBe(first > 8 ? 8 : first > 4 ? 4 : 0);
      }
    }
  });

  test('anchors of users whom this vault never knew pass only before a restoring or a wiping', async () => {
    await written();
    const strangers = { signingKeysOf: () => [] };
    const fault = { fault: 'anchor-invalid' };
    expect((await verifyAudit(folder, strangers)).faults).toMatchObject([fault, fault]);
    const log = await opened();
    await log.append({ event: { kind: 'wiped' }, actor: doctor });
    expect(await verifyAudit(folder, strangers)).toMatchObject({
      anchors: 0,
      certainTo: null,
      faults: [],
    });
    await anchorOf(log);
    expect((await verifyAudit(folder, strangers)).faults).toMatchObject([fault]);
    await log.close();
  });

  test('a log that was rewritten with right hashes has no anchor that fits', async () => {
    await written();
    const sound = await linesOf();
    let prev = hashOf(Buffer.from(sound[0] ?? ''));
    const forged = [sound[0] ?? ''];
    sound.slice(1).forEach((line, index) => {
      const entry = JSON.parse(line) as AuditEntry & { prev?: string };
      delete entry.prev;
      const actor = index === 1 ? nurse : entry.actor;
      const encoded = encodeEntry({ ...entry, actor }, prev);
      forged.push(encoded.line.toString().trimEnd());
      prev = encoded.hash;
    });
    await writeLines(forged);
    expect(await verified()).toMatchObject({
      anchors: 0,
      certainTo: null,
      faults: [{ fault: 'anchor-invalid' }, { fault: 'anchor-invalid' }],
    });
  });

  test('an anchor in the name of another user is found', async () => {
    const log = await opened();
    await log.anchor(
      { vaultId, journal: null, keyring: { revision: 1, mac: 'ef'.repeat(32) } },
      (bytes) => ({ userId: doctor, signature: signBytes(null, bytes, keys[nurse] as KeyObject) }),
      doctor,
    );
    expect((await verified()).faults).toEqual([{ fault: 'anchor-invalid', after: 1 }]);
  });

  test('a log cut at its end is found by whoever knows a newer anchor', async () => {
    const newest = await written();
    await writeLines((await linesOf()).slice(0, 6));
    expect(await verified()).toMatchObject({ faults: [] });
    expect((await verified(newest)).faults).toEqual([{ fault: 'end-missing', after: 5 }]);
  });

  test('after damage the log goes on in a new segment, and the damage stays and is named', async () => {
    await written();
    const lines = await linesOf();
    const damaged = lines.map((line, index) => (index === 6 ? line.replace('ok', 'no') : line));
    await writeLines(damaged);
    const log = await opened();
    await log.append(viewed());
    expect(await linesOf()).toEqual(damaged);
    expect(await segmentsOf(folder)).toEqual([1, 2]);
    const { entries } = await log.read({ kinds: ['integrity'] });
    expect(entries).toHaveLength(1);
    expect((await verified()).certainTo).toMatchObject({ n: 4 });
  });

  test('a log without its first segments says whether they were removed by rule', async () => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 12; at += 1) await log.append(viewed());
    await log.close();
    await rm(path(1));
    expect((await verified()).faults).toContainEqual(
      expect.objectContaining({ fault: 'beginning-missing' }),
    );
  });
});

describe('retention', () => {
  test('184 days are kept, whatever is asked; what is older goes by whole segments', async () => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 12; at += 1) await log.append(viewed());
    const before = (await segmentsOf(folder)).length;
    for (const days of [1, 183, 184]) {
      now = 1_800_000_000_000 + 184 * day;
      expect(await log.removeOlderThan(days)).toBe(0);
    }
    now += 1;
    expect(await log.removeOlderThan(365)).toBe(0);
    const removed = await log.removeOlderThan(0);
    expect(removed).toBeGreaterThanOrEqual(before - 1);
    expect((await segmentsOf(folder))[0]).toBe(removed + 1);
    expect((await verified()).faults).toEqual([]);
    expect((await log.read({ kinds: ['audit-removed'] })).entries).toHaveLength(removed);
  });

  test('a segment that was tampered with is never cleaned away', async () => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 12; at += 1) await log.append(viewed());
    await writeLines((await linesOf()).filter((_, index) => index !== 2));
    now += 400 * day;
    expect(await log.removeOlderThan(184)).toBe(0);
    expect(await readdir(folder)).toContain(segmentName(1));
  });
});

describe('reading', () => {
  test('filters by time, kind, person, subject and failure', async () => {
    const log = await opened();
    await log.append(viewed());
    now += 10;
    await log.append({ actor: nurse, event: { kind: 'copied', chars: 3 } });
    now += 10;
    await log.append({ actor: nurse, event: { kind: 'sign-in' }, result: 'PASSPHRASE_WRONG' });
    const numbers = async (filter: Parameters<AuditLog['read']>[0]) =>
      (await log.read(filter)).entries.map(({ n }) => n);
    expect(await numbers({ from: 1_800_000_000_010 })).toEqual([3, 2]);
    expect(await numbers({ to: 1_800_000_000_009 })).toEqual([1]);
    expect(await numbers({ kinds: ['copied', 'record-viewed'] })).toEqual([2, 1]);
    expect(await numbers({ actor: nurse })).toEqual([3, 2]);
    expect(await numbers({ subject: record })).toEqual([1]);
    expect(await numbers({ failedOnly: true })).toEqual([3]);
  });

  test('every kind of event has a name', () => {
    expect(new Set(auditKinds).size).toBe(auditKinds.length);
    expect(auditKinds).toContain('anchor');
  });
});
