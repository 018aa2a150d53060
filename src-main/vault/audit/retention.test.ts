import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditLog } from './audit-log';
import {
  anchorOf,
  dayMs,
  doctor,
  linesOf,
  signAs,
  verified,
  viewed,
  writeLines,
} from './audit.fixture';
import { segmentName, segmentsOf } from './segment';

/** The first of a month, so that all days of a test's beginning are of one segment. */
const start = Date.UTC(2027, 0, 1);

let folder: string;
let now: number;
let log: AuditLog;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-audit-'));
  now = start;
  log = await AuditLog.open(folder, { now: () => now });
});
afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

const clean = (days = 184): Promise<number> => log.removeOlderThan(days, signAs(doctor), doctor);

/** Somebody works every other day until this one. */
async function workUntil(day: number): Promise<void> {
  const until = start + day * dayMs;
  for (; now + 2 * dayMs < until; now += 2 * dayMs) await log.append(viewed());
  now = until;
  await log.append(viewed());
}

test('a segment ends with its month, and the count goes on', async () => {
  await workUntil(20);
  expect(await segmentsOf(folder)).toEqual([1]);
  now = Date.UTC(2027, 0, 31, 23, 59, 59, 999);
  await log.append(viewed());
  now += 1;
  const { n } = await log.append(viewed());
  expect(await segmentsOf(folder)).toEqual([1, 2]);
  expect(await linesOf(folder, 2)).toHaveLength(2);
  // A clock that goes back does not open the month before again, and many in one turn keep their order.
  now -= 10;
  const more = await Promise.all(
    Array.from({ length: 5 }, () => {
      now += 4;
      return log.append(viewed());
    }),
  );
  expect(more.map((entry) => entry.n)).toEqual([n + 1, n + 2, n + 3, n + 4, n + 5]);
  expect(await segmentsOf(folder)).toEqual([1, 2]);
  expect((await verified(folder)).faults).toEqual([]);
});

test('184 days are kept, whatever is asked; on the day after a whole month goes, and its going is signed', async () => {
  // The newest entry of the first month is of its 31st day.
  await workUntil(30);
  for (const day of [30 + 183, 30 + 184]) {
    await workUntil(day);
    for (const days of [-1, 0, 1, 183, 184]) expect(await clean(days), `day ${day}`).toBe(0);
  }
  now += 1;
  expect(await clean(365)).toBe(0);
  const before = await verified(folder);
  expect(await clean(0)).toBe(1);
  expect((await segmentsOf(folder))[0]).toBe(2);
  await anchorOf(log);
  const after = await verified(folder);
  expect(after.faults).toEqual([]);
  expect(after.entries).toBeLessThan(before.entries);
  const { entries } = await log.read({ kinds: ['audit-removed'] });
  expect(entries).toMatchObject([
    { actor: doctor, event: { upTo: 16, newest: start + 30 * dayMs } },
  ]);
  expect(await clean()).toBe(0);
  // The day after, 185 days, brings nothing new: the next month is younger.
  await workUntil(30 + 185);
  expect(await clean()).toBe(0);
});

test('months go one after the other, and the log can be verified after each', async () => {
  await workUntil(300);
  expect(await clean(200)).toBe(3);
  expect((await verified(folder)).faults).toEqual([]);
  expect(await clean()).toBe(0);
  await log.close();
  log = await AuditLog.open(folder, { now: () => now });
  await workUntil(330);
  expect(await clean()).toBe(1);
  expect((await verified(folder)).faults).toEqual([]);
});

test('a clock that runs ahead makes nothing old, for a day or for ever', async () => {
  await workUntil(100);
  now += 3650 * dayMs;
  await log.append(viewed());
  expect(await clean()).toBe(0);
  // Set right again: the entries of that day look young for ten years, and keep what is before them.
  now -= 3650 * dayMs;
  expect(await log.append(viewed())).toMatchObject({ clockBack: true });
  expect(await clean()).toBe(0);
  expect((await verified(folder)).faults).toEqual([]);
});

test('a clock that was set back keeps everything', async () => {
  await workUntil(230);
  now = start - 1000 * dayMs;
  expect(await clean()).toBe(0);
  now = start + 230 * dayMs;
  expect(await clean()).toBe(1);
});

test('a segment that was tampered with, and all behind it, is never cleaned away', async () => {
  await workUntil(300);
  await writeLines(folder, (await linesOf(folder, 2)).toSpliced(3, 1), 2);
  expect(await clean()).toBe(1);
  expect(await clean()).toBe(0);
  expect(await readdir(folder)).toContain(segmentName(2));
});

test('when nobody signs, nothing goes', async () => {
  await workUntil(300);
  const before = await readFile(join(folder, segmentName(1)));
  const refuse = (): never => {
    throw new Error('nobody is signed in');
  };
  await expect(log.removeOlderThan(184, refuse, doctor)).rejects.toThrow();
  expect(await readFile(join(folder, segmentName(1)))).toEqual(before);
  expect((await log.read({ kinds: ['audit-removed'] })).entries).toEqual([]);
});
