import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditKinds, newAuditEntrySchema, type NewAuditEntry } from '../../domain/contract/audit';
import { AuditLog, type AuditLogOptions } from './audit-log';
import { code, doctor, nurse, record, signAs, verified, viewed } from './audit.fixture';
import { segmentName, segmentsOf } from './segment';

let folder: string;
let now: number;
const open_: AuditLog[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-audit-'));
  now = 1_800_000_000_000;
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

const path = (segment = 1) => join(folder, segmentName(segment));

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
    expect(await verified(folder)).toMatchObject({ entries: 3, anchors: 0, faults: [] });
  });

  test('a hundred at once keep their order, each once', async () => {
    const log = await opened();
    const made = await Promise.all(Array.from({ length: 100 }, () => log.append(viewed())));
    expect(made.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await verified(folder)).toMatchObject({ entries: 100, faults: [] });
  });

  test('a clock that is set back is named; the count goes on', async () => {
    const log = await opened();
    await log.append(viewed());
    now -= 1000;
    expect(await log.append(viewed())).toMatchObject({ n: 2, clockBack: true });
    now += 5000;
    expect(await log.append(viewed())).not.toHaveProperty('clockBack');
  });

  test('an anchor is not signed by whoever came after the one who asked for it', async () => {
    const log = await opened();
    const state = {
      ...{ vaultId: 'ab'.repeat(16), journal: null },
      keyring: { revision: 1, mac: 'ef'.repeat(32) },
    };
    expect(await code(() => log.anchor(state, signAs(nurse), doctor))).toBe('VAULT_LOCKED');
    await log.append(viewed());
    expect(await verified(folder)).toMatchObject({ entries: 1, anchors: 0, faults: [] });
  });

  test('no text finds a place in it, whatever is told', async () => {
    const log = await opened();
    const sentinel = '患者张哨兵';
    const wrong: unknown[] = [
      { event: { kind: 'record-viewed' }, subject: sentinel },
      { event: { kind: 'record-viewed' }, actor: sentinel },
      { event: { kind: sentinel } },
      { event: { kind: 'exported', format: sentinel, count: 1, deidentified: true } },
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
    expect(await verified(folder)).toMatchObject({ entries: 31, faults: [] });
    const page = await again.read({}, { limit: 10 });
    const rest = await again.read({}, { limit: 100, before: page.next ?? undefined });
    expect([...page.entries, ...rest.entries].map(({ n }) => n)).toEqual(
      Array.from({ length: 31 }, (_, index) => 31 - index),
    );
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
    expect((await verified(folder)).faults).toEqual([]);
  });

  test('a newer format is refused untouched', async () => {
    await (await opened()).close();
    await writeFile(path(), '{"format":2,"other":true}\n');
    expect(await code(() => opened())).toBe('STORE_NEWER');
    expect(await readFile(path(), 'utf-8')).toBe('{"format":2,"other":true}\n');
  });

  test('a file of gigabytes is refused before it is read', async () => {
    await (await opened()).close();
    await truncate(path(), 3 * 2 ** 30);
    expect(await code(() => opened())).toBe('STORE_CORRUPT');
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
