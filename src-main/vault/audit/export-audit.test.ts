import { createHash } from 'node:crypto';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditEntry } from '../../domain/contract/audit';
import { AuditLog } from './audit-log';
import { anchorOf, code, doctor, nurse, record, viewed } from './audit.fixture';
import { exportAudit, type AuditExport } from './export-audit';
import { segmentName, segmentsOf } from './segment';

let folder: string;
let now: number;
let log: AuditLog;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-audit-'));
  now = Date.UTC(2027, 0, 2, 3, 4, 5);
  log = await AuditLog.open(folder, { now: () => now, segmentBytes: 1_000 });
  for (let at = 0; at < 8; at += 1) await log.append(viewed(at % 2 === 0 ? doctor : nurse));
  now += 1000;
  await log.append({ actor: nurse, event: { kind: 'copied', chars: 3 }, result: 'POLICY_FORBIDS' });
  await anchorOf(log);
});
afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

async function exported(options: Partial<AuditExport>): Promise<{ count: number; text: string }> {
  const path = join(folder, 'export');
  await rm(path, { force: true });
  const count = await exportAudit(folder, path, {
    format: 'jsonl',
    filter: {},
    heads: ['序号', '时间', '人员', '操作', '对象', '结果', '详情'],
    nameOf: (actor) => (actor === doctor ? '=cmd|张,"医生"' : '＝李'),
    kindText: (kind) => (kind === 'record-viewed' ? '查看病历' : kind),
    ...options,
  });
  return { count, text: await readFile(path, 'utf-8') };
}

test('all of it as it is: the same bytes, which anybody can verify with SHA-256 alone', async () => {
  const { count, text } = await exported({});
  expect(count).toBe(10);
  const segments = await segmentsOf(folder);
  expect(segments.length).toBeGreaterThan(1);
  const files = segments.map((each) => readFile(join(folder, segmentName(each)), 'utf-8'));
  expect(text).toBe((await Promise.all(files)).join(''));
  let hash = '0'.repeat(64);
  for (const line of text.trimEnd().split('\n')) {
    expect((JSON.parse(line) as { prev: string }).prev).toBe(hash);
    hash = createHash('sha256').update(line).digest('hex');
  }
});

test('a part of it: the entries that fit, oldest first, and no others', async () => {
  const numbers = async (filter: AuditExport['filter']): Promise<number[]> => {
    const { count, text } = await exported({ filter });
    const entries = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditEntry);
    expect(count).toBe(entries.length);
    return entries.map(({ n }) => n);
  };
  expect(await numbers({ actor: nurse })).toEqual([2, 4, 6, 8, 9]);
  expect(await numbers({ from: now })).toEqual([9, 10]);
  expect(await numbers({ kinds: ['anchor', 'copied'] })).toEqual([9, 10]);
  expect(await numbers({ result: 'POLICY_FORBIDS' })).toEqual([9]);
  expect(await numbers({ subject: record, to: now - 1 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await numbers({ subject: nurse })).toEqual([]);
});

test('a table that Excel opens as text: byte order mark, quotes, and no cell that is a formula', async () => {
  const { count, text } = await exported({ format: 'csv' });
  expect(count).toBe(10);
  const rows = text.split('\r\n');
  expect(rows[0]).toBe('\uFEFF"序号","时间","人员","操作","对象","结果","详情"');
  expect(rows[1]).toBe(
    `"1","2027-01-02T03:04:05.000Z","'=cmd|张,""医生""","查看病历","${record}","ok",""`,
  );
  expect(rows[9]).toBe(
    `"9","2027-01-02T03:04:06.000Z","'＝李","copied","","POLICY_FORBIDS","{""chars"":3}"`,
  );
  expect(rows).toHaveLength(12);
});

test('a file that is there is not overwritten; one that could not be finished is taken away', async () => {
  const path = join(folder, 'export');
  await writeFile(path, 'mine');
  const options: AuditExport = {
    format: 'csv',
    filter: {},
    heads: [],
    nameOf: String,
    kindText: String,
  };
  expect(await code(() => exportAudit(folder, path, options))).toBe('STORE_WRITE_FAILED');
  expect(await readFile(path, 'utf-8')).toBe('mine');
  await log.close();
  await writeFile(join(folder, segmentName(2)), '{"format":2}\n');
  expect(await code(() => exportAudit(folder, `${path}2`, options))).toBe('STORE_NEWER');
  await expect(access(`${path}2`)).rejects.toThrow();
});
