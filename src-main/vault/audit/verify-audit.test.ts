import { mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../domain/contract/audit';
import { AuditLog, type AuditLogOptions } from './audit-log';
import {
  anchorOf,
  code,
  doctor,
  linesOf,
  nurse,
  signAs,
  signingKeysOf,
  verified,
  viewed,
  writeLines,
} from './audit.fixture';
import { decodeLine, encodeEntry, encodeHead, hashOf, segmentName, segmentsOf } from './segment';

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
    expect(await verified(folder, { newestAnchor: newest })).toMatchObject({
      entries: 9,
      anchors: 2,
      certainTo: { n: 8 },
      faults: [],
    });
  });

  test('any line changed, taken out, put in or moved is found, and how far the log is certain', async () => {
    await written();
    const sound = await linesOf(folder);
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
        await writeLines(folder, lines);
        const result = await verified(folder);
        expect(result.faults.length, `line ${at}`).toBeGreaterThan(0);
        // Entries 4 and 8 are the anchors.
        expect(result.certainTo?.n ?? 0).toBe(first > 8 ? 8 : first > 4 ? 4 : 0);
      }
    }
  });

  test('a log that was rewritten with right hashes has no anchor that fits', async () => {
    await written();
    const sound = await linesOf(folder);
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
    await writeLines(folder, forged);
    expect(await verified(folder)).toMatchObject({
      anchors: 0,
      certainTo: null,
      faults: [{ fault: 'anchor-invalid' }, { fault: 'anchor-invalid' }],
    });
  });

  test('an anchor in the name of another user is found', async () => {
    const log = await opened();
    await log.anchor(
      { vaultId: 'ab'.repeat(16), journal: null, keyring: { revision: 1, mac: 'ef'.repeat(32) } },
      (bytes) => ({ ...signAs(nurse)(bytes), userId: doctor }),
      doctor,
    );
    expect((await verified(folder)).faults).toEqual([{ fault: 'anchor-invalid', after: 1 }]);
  });

  test('a log cut at its end is found by whoever knows a newer anchor', async () => {
    const newest = await written();
    await writeLines(folder, (await linesOf(folder)).slice(0, 6));
    expect(await verified(folder)).toMatchObject({ faults: [] });
    expect((await verified(folder, { newestAnchor: newest })).faults).toEqual([
      { fault: 'end-missing', after: 5 },
    ]);
  });

  test('after damage the log goes on in a new segment; the damage stays, is named, and behind it the log is certain again', async () => {
    await written();
    const lines = await linesOf(folder);
    const damaged = lines.map((line, index) => (index === 6 ? line.replace('ok', 'no') : line));
    await writeLines(folder, damaged);
    const log = await opened();
    // Nine entries stand there, so the number of none of them is used again.
    expect((await log.append(viewed())).n).toBe(11);
    expect(await verified(folder)).toMatchObject({ certainTo: { n: 4 }, certainFrom: null });
    const again = await anchorOf(log);
    await log.append(viewed());
    await anchorOf(log, nurse);
    expect(await linesOf(folder)).toEqual(damaged);
    expect(await segmentsOf(folder)).toEqual([1, 2]);
    const { entries } = await log.read({ kinds: ['integrity'] });
    expect(entries.map(({ n }) => n)).toEqual([10]);
    const { faults, certainTo, certainFrom } = await verified(folder);
    expect(certainTo).toMatchObject({ n: 4 });
    expect(faults).toEqual([{ fault: 'unreadable', after: 5 }]);
    expect(certainFrom).toMatchObject({ n: again.n });
    // Opening it once more names nothing anew.
    await log.close();
    await (await opened()).close();
    expect(await segmentsOf(folder)).toEqual([1, 2]);
  });

  test.each([
    ['empty', () => ''],
    ['zeros', (text: string) => '\0'.repeat(text.length)],
    ['without its first line', (text: string) => text.slice(text.indexOf('\n') + 1)],
    ['a first line that is changed', (text: string) => `x${text}`],
    ['one line of 10 MB', () => `${'x'.repeat(10_000_000)}\n`],
  ])('a last segment that is %s: the log goes on behind the one before', async (_, damage) => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 9; at += 1) await log.append(viewed());
    await anchorOf(log);
    await log.append(viewed());
    await log.close();
    const segments = await segmentsOf(folder);
    const last = join(folder, segmentName(segments.at(-1) ?? 0));
    const text = await readFile(last, 'utf-8');
    const damaged = damage(text);
    await writeFile(last, damaged);
    const again = await opened();
    // Of a segment of which nothing is left, nobody can say how far it had come.
    const standsThere = damaged.includes('"n":11,')
      ? 11
      : Number(/"firstN":([0-9]+)/.exec(text)?.[1]) - 1;
    const { n } = await again.append(viewed());
    expect(n).toBeGreaterThan(standsThere);
    await anchorOf(again);
    expect(await readFile(last, 'utf-8')).toBe(damaged);
    const { faults, certainFrom } = await verified(folder);
    expect(faults[0]).toMatchObject({ fault: 'unreadable' });
    expect(faults.every(({ after }) => after < n - 1)).toBe(true);
    expect(certainFrom).toMatchObject({ n: n + 1 });
  });

  test('segments taken out of the middle, swapped, or with another head are found', async () => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 30; at += 1) await (at % 5 === 4 ? anchorOf(log) : log.append(viewed()));
    await log.close();
    const [, second = 0, third = 0] = await segmentsOf(folder);
    const [one, other] = [join(folder, segmentName(second)), join(folder, segmentName(third))];
    const texts = [await readFile(one), await readFile(other)] as const;
    const secondLines = await linesOf(folder, second);
    const put = (a: Buffer, b: Buffer) => Promise.all([writeFile(one, a), writeFile(other, b)]);
    expect((await verified(folder)).faults).toEqual([]);

    await put(texts[1], texts[0]);
    expect((await verified(folder)).faults[0]?.fault).toBe('chain-broken');
    await put(...texts);
    await writeLines(
      folder,
      [
        encodeHead({ firstN: 1, prev: '0'.repeat(64) })
          .toString()
          .trim(),
        ...secondLines.slice(1),
      ],
      second,
    );
    expect((await verified(folder)).faults[0]?.fault).toBe('chain-broken');
    await rm(one);
    expect((await verified(folder)).faults.map(({ fault }) => fault)).toEqual([
      'chain-broken',
      'number',
    ]);
    // Also when the later ones are given the names that are free.
    await rename(other, one);
    expect((await verified(folder)).faults.length).toBeGreaterThan(0);
  });

  test('an entry in another form than ours is none, though its hash would fit', async () => {
    await written();
    const lines = await linesOf(folder);
    for (const other of [
      (line: string) => line.replace('{"n":9,', '{"n": 9,'),
      (line: string) => line.replace('"result"', '"note":"张哨兵","result"'),
      (line: string) => line.replace('record-viewed', 'record\\u002dviewed'),
    ]) {
      const last = other(lines.at(-1) ?? '');
      expect(last).not.toBe(lines.at(-1));
      await writeLines(folder, lines.with(-1, last));
      expect((await verified(folder)).faults).toEqual([{ fault: 'unreadable', after: 8 }]);
    }
  });

  test('a line of 10 MB, and a segment of gigabytes, are named and the rest is verified', async () => {
    await written();
    const lines = await linesOf(folder);
    await writeLines(folder, lines.toSpliced(6, 0, 'x'.repeat(10_000_000)));
    expect(await verified(folder)).toMatchObject({
      entries: 9,
      certainTo: { n: 4 },
      certainFrom: { n: 8 },
    });
    await writeLines(folder, lines);
    await truncate(join(folder, segmentName(1)), 2 * 2 ** 30);
    await writeLines(folder, lines, 2);
    expect(await verified(folder)).toMatchObject({
      entries: 9,
      faults: [{ fault: 'unreadable', after: 0 }],
    });
  });

  test('a beginning that is missing is found, unless a user signed that it was old enough to go', async () => {
    const log = await opened({ segmentBytes: 1_000 });
    for (let at = 0; at < 12; at += 1) await log.append(viewed());
    await anchorOf(log);
    await log.close();
    const segments = await segmentsOf(folder);
    const end = decodeLine(Buffer.from((await linesOf(folder)).at(-1) ?? ''));
    const tail = await linesOf(folder, segments.at(-1));
    const last = decodeLine(Buffer.from(tail.at(-1) ?? ''));
    if (!end || !last) throw new Error('no entry');
    await rm(join(folder, segmentName(1)));
    const missing = [{ fault: 'beginning-missing', after: 0 }];
    expect((await verified(folder)).faults).toEqual(missing);

    // Somebody who cannot sign adds the entry that the program would have written.
    const removal = { kind: 'audit-removed', upTo: end.entry.n, hash: end.hash } as const;
    for (const [newest, signature] of [
      [now - 200 * 86_400_000, 'ab'.repeat(64)],
      [
        now - 200 * 86_400_000,
        last.entry.event.kind === 'anchor' ? last.entry.event.anchor.signature : '',
      ],
      [now, 'ab'.repeat(64)],
    ] as const) {
      const entry: AuditEntry = {
        n: last.entry.n + 1,
        at: now,
        actor: doctor,
        event: { ...removal, newest, signature },
        result: 'ok',
      };
      const { line } = encodeEntry(entry, last.hash);
      await writeLines(folder, [...tail, line.toString().trim()], segments.at(-1));
      expect((await verified(folder)).faults).toEqual(missing);
    }
  });

  test('a log that is open is verified up to what is stored, however much is being written', async () => {
    const log = await opened({ segmentBytes: 20_000 });
    const writing = Array.from({ length: 300 }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, at / 2));
      await log.append(viewed());
    });
    for (let round = 0; round < 10; round += 1)
      expect((await log.verify({ signingKeysOf })).faults).toEqual([]);
    await Promise.all(writing);
    expect(await log.verify({ signingKeysOf })).toMatchObject({ entries: 300, faults: [] });
  });

  test('verification ends when it is told to', async () => {
    await written();
    const abort = new AbortController();
    abort.abort();
    await expect(verified(folder, { signal: abort.signal })).rejects.toThrow(/abort/i);
    expect(await code(() => verified(join(folder, 'none')))).toBe('no error');
  });
});
