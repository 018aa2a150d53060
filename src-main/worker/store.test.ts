import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import { maxRecordChars } from '../domain/contract/extraction';
import {
  deletionSchema,
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
  type StoredRun,
} from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { Journal, type RowClaim } from '../vault/journal';
import { recordKeysFileName } from '../vault/record-keys-format';
import { Vault } from '../vault/vault';
import { RecordStore } from './store';

const note = '患者，男，45岁，因“头痛三天”入院。否认高血压病史。';
const source = { kind: 'paste' as const, notices: [] };

const keyId = '0011223344556677';
let dir = '';
let vault: Vault;
let journal: Journal;
let store: RecordStore;
let clock = 1_000_000;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-store-'));
  await start();
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  // The vault wipes the bytes that it is given.
  vault = await Vault.open(dir, { keyId, key: new Uint8Array(32).fill(7) });
  journal = vault.journal;
  store = new RecordStore({ vault, now: () => clock++, userId: 'user-1' });
}

async function restart(): Promise<void> {
  await vault.close();
  await start();
}

const code = (promise: Promise<unknown>): Promise<ErrorCode | 'no error'> =>
  promise.then(
    () => 'no error' as const,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function opened<T>(row: JournalRow | null, schema: z.ZodType<T>): Promise<T> {
  if (!row) throw new Error('no such row');
  const keyId = keyIdOfSealed(row.sealed);
  return openJson(await vault.recordKeys.key(keyId), keyId, row, row.sealed, schema);
}
async function head(recordId: string): Promise<RecordHead> {
  return opened(await journal.latest('record', recordId), recordHeadSchema);
}
async function textOf(recordId: string): Promise<string> {
  const { textId } = await head(recordId);
  return (await opened(await journal.latest('text', textId), recordTextSchema)).text;
}

const runOf = (recordId: string, text = note, id = 'run-1'): StoredRun => ({
  id,
  recordId,
  textSha256: sha256(text),
  startedAt: 5,
  finishedAt: 6,
  status: 'completed',
  run: {
    schema: 'ccks2019',
    model: { name: 'test', sha256: 'ab' },
    strategy: 'marked-copy',
    settings: { seed: 1 },
  },
  facts: [
    {
      id: 'f1',
      kind: 'mention',
      type: '疾病和诊断',
      text: '高血压',
      start: 20,
      end: 23,
      evidence: [{ text: '高血压', start: 20, end: 23 }],
      attributes: { negated: true },
      confidence: 0.5,
    },
  ],
});

describe('a new record', () => {
  test('is its text, its head and its signature in one commit, and is there after a restart', async () => {
    const made = await store.create({ title: '头痛', text: note, source });
    expect(made.seq).toBe(3);
    await restart();
    const { rows, lastSeq, journalId } = await store.read(0, 100);
    expect(lastSeq).toBe(3);
    expect(journalId).toBe(journal.journalId);
    expect(rows.map((row) => [row.table, row.id, row.version])).toEqual([
      ['text', (await head(made.recordId)).textId, 1],
      ['record', made.recordId, 1],
    ]);
    expect(await journal.latest('signature', made.recordId)).toMatchObject({ seq: 3 });
    expect(await textOf(made.recordId)).toBe(note);
    expect(await head(made.recordId)).toMatchObject({
      title: '头痛',
      textSha256: sha256(note),
      chars: note.length,
      deletedAt: null,
      source,
    });
  });

  test('shares neither its text nor its key with another record of the same text', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, (_, at) => store.create({ title: `${at}`, text: note, source })),
    );
    await restart();
    made.push(await store.create({ title: 'later', text: note, source }));
    const { rows } = await store.read(0, 100);
    expect(new Set(made.map((each) => each.recordId)).size).toBe(6);
    expect(new Set(rows.map((row) => row.id)).size).toBe(12);
    expect(new Set(rows.map((row) => keyIdOfSealed(row.sealed))).size).toBe(6);
    for (const { recordId } of made) expect(await textOf(recordId)).toBe(note);
    const names = rows.map((row) => row.id).join(' ');
    expect(names).not.toContain(sha256(note).slice(0, 16));
  });

  test.each([
    ['nothing', ''],
    ['spaces, line ends, a BOM and ideographic spaces', ' \r\n\t\u3000\uFEFF\u2028'],
  ])('of %s is refused as empty', async (_name, text) => {
    expect(await code(store.create({ title: 'x', text, source }))).toBe('EMPTY_TEXT');
    expect(journal.lastSeq).toBe(0);
  });

  test('over the limit is refused, at the limit it is taken and read back', async () => {
    const text = '痛'.repeat(maxRecordChars);
    expect(await code(store.create({ title: 'x', text: `${text}痛`, source }))).toBe(
      'TEXT_TOO_LARGE',
    );
    expect(journal.lastSeq).toBe(0);
    const { recordId } = await store.create({ title: 'x', text, source });
    await restart();
    expect((await textOf(recordId)) === text).toBe(true);
  });

  test('with lone surrogates says that they were replaced, once, and hashes what it stores', async () => {
    const { recordId } = await store.create({
      title: '头\uDC00',
      text: '痛\uD800。😀',
      source: { kind: 'paste', notices: ['LONE_SURROGATES_REPLACED'] },
    });
    expect(await head(recordId)).toMatchObject({
      title: '头\uFFFD',
      textSha256: sha256('痛\uFFFD。😀'),
      chars: 5,
      source: { notices: ['LONE_SURROGATES_REPLACED'] },
    });
    expect(await textOf(recordId)).toBe('痛\uFFFD。😀');
    const plain = await store.create({ title: 'x', text: '\uD800', source });
    expect((await head(plain.recordId)).source.notices).toEqual(['LONE_SURROGATES_REPLACED']);
  });

  test.each([
    ['only punctuation', '。。，！?…'],
    ['emoji and pairs', '👨‍👩‍👧𠮷🫀'],
    ['NULs', 'a\u0000\u0000b\u0000'],
    ['bidi controls', '\u202E\u2066abc\u2069\u202C'],
    ['prompt marks and braces', '[human]:x\n[bot]:{"a":[}</s><s>'],
    ['mixed line ends and a BOM inside', '一\r\n二\r三\n四\u2028\uFEFF五'],
  ])('of %s comes back unit by unit', async (_name, text) => {
    const { recordId } = await store.create({ title: 'x', text, source });
    await restart();
    expect(await textOf(recordId)).toBe(text);
  });
});

describe('changes of a record', () => {
  test('rename, delete and restore are new versions; doing one twice writes nothing', async () => {
    const { recordId } = await store.create({ title: 'old', text: note, source });
    const created = await head(recordId);
    await store.rename(recordId, 'new');
    const deleted = await store.delete(recordId);
    expect(await store.delete(recordId)).toEqual(deleted);
    expect((await head(recordId)).deletedAt).toBeTypeOf('number');
    await restart();
    const restored = await store.restore(recordId);
    expect(await store.restore(recordId)).toEqual(restored);
    expect(await head(recordId)).toMatchObject({
      title: 'new',
      deletedAt: null,
      createdAt: created.createdAt,
    });
    expect(journal.latestVersion('record', recordId)).toBe(4);
    expect(journal.lastSeq).toBe(restored.seq);
  });

  test('made at once are all kept, one after the other', async () => {
    const { recordId } = await store.create({ title: '0', text: note, source });
    const done = await Promise.all(
      Array.from({ length: 30 }, (_, at) => store.rename(recordId, `${at + 1}`)),
    );
    expect(done.map((each) => each.seq)).toEqual(Array.from({ length: 30 }, (_, at) => 2 * at + 5));
    expect((await head(recordId)).title).toBe('30');
  });

  test('never look older than what they changed when the clock is set back', async () => {
    const { recordId } = await store.create({ title: '0', text: note, source });
    const before = (await head(recordId)).updatedAt;
    clock = 5;
    await store.rename(recordId, '1');
    expect((await head(recordId)).updatedAt).toBe(before);
  });

  test('of a record that does not exist are refused', async () => {
    for (const attempt of [
      store.rename('nobody', 'x'),
      store.delete('nobody'),
      store.restore('nobody'),
      store.saveRun(runOf('nobody')),
    ])
      expect(await code(attempt)).toBe('RECORD_NOT_FOUND');
    expect(journal.lastSeq).toBe(0);
  });
});

describe('a run', () => {
  test('is kept with its facts, once, also for a record in the bin', async () => {
    const { recordId } = await store.create({ title: 'x', text: note, source });
    await store.delete(recordId);
    const first = await store.saveRun(runOf(recordId));
    expect(await store.saveRun(runOf(recordId))).toEqual(first);
    await restart();
    expect(await store.saveRun(runOf(recordId))).toEqual(first);
    expect(await opened(await journal.latest('run', 'run-1'), storedRunSchema)).toEqual(
      runOf(recordId),
    );
  });

  test('on a text that the record does not have is refused, and so is another run under its id', async () => {
    const { recordId } = await store.create({ title: 'x', text: note, source });
    expect(await code(store.saveRun(runOf(recordId, '另一份病历')))).toBe('VERSION_CONFLICT');
    await store.saveRun(runOf(recordId));
    const other = { ...runOf(recordId), status: 'stopped' as const };
    expect(await code(store.saveRun(other))).toBe('VERSION_CONFLICT');
    expect(journal.lastSeq).toBe(4);
  });

  test('with an id that cannot be stored is refused', async () => {
    const { recordId } = await store.create({ title: 'x', text: note, source });
    for (const id of ['', 'x'.repeat(129)])
      expect(await code(store.saveRun(runOf(recordId, note, id)))).toBe('BAD_REQUEST');
  });
});

describe('on the disk', () => {
  test('no clinical text lies in clear, in any encoding that it might slip out in', async () => {
    const { recordId } = await store.create({ title: '张三头痛', text: note, source });
    await store.rename(recordId, '李四头痛');
    await store.saveRun(runOf(recordId));
    await store.delete(recordId);
    const names = await readdir(dir);
    expect(names).toEqual(expect.arrayContaining(['journal.cmj', 'journal.lock']));
    const secrets = [note.slice(0, 6), '头痛', '高血压', '疾病和诊断', '张三', '李四', 'ccks2019'];
    for (const name of names) {
      const bytes = await readFile(join(dir, name));
      for (const secret of secrets)
        for (const form of [
          Buffer.from(secret, 'utf-8'),
          Buffer.from(secret, 'utf-16le'),
          Buffer.from(secret, 'utf-16le').swap16(),
          Buffer.from(JSON.stringify(secret).slice(1, -1)),
          Buffer.from(Buffer.from(secret).toString('base64').slice(0, -4)),
        ])
          if (form.length > 0) expect(bytes.includes(form), `${name} holds a secret`).toBe(false);
    }
  });

  test('rows put in the place of others are noticed, even by who could forge the journal', async () => {
    const one = await store.create({ title: 'one', text: note, source });
    const two = await store.create({ title: 'two', text: `${note}。`, source });
    await store.rename(one.recordId, 'one again');
    await store.saveRun(runOf(one.recordId));
    const { rows } = await store.read(0, 100);
    // A journal whose frames and chain are right, and whose sealed rows stand in wrong places.
    const other = await mkdtemp(join(tmpdir(), 'chimed-swapped-'));
    try {
      await copyFile(join(dir, recordKeysFileName), join(other, recordKeysFileName));
      const forged = await Journal.open(other, vault.keys);
      await forged.append(
        rows.map((row, at) => ({
          ...row,
          sealed: (rows[(at + 1) % rows.length] ?? row).sealed,
        })),
      );
      await forged.close();
      const opening = await Vault.open(other, { keyId, key: new Uint8Array(32).fill(7) });
      const victim = new RecordStore({ vault: opening });
      expect(await code(victim.rename(two.recordId, 'x'))).toBe('SEAL_INVALID');
      expect(await code(victim.saveRun(runOf(one.recordId)))).toBe('SEAL_INVALID');
      for (const row of (await victim.read(0, 100)).rows)
        expect(await code(opened(row, recordHeadSchema))).toBe('SEAL_INVALID');
      await opening.close();
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});

describe('duplicates', () => {
  test('are found by their text, before and after a restart, until they are deleted for good', async () => {
    const a = await store.create({ title: 'a', text: note, source });
    expect(await store.duplicates(`${note} `)).toEqual([]);
    expect(await store.duplicates(note)).toEqual([a.recordId]);
    const b = await store.create({ title: 'b', text: note, source });
    expect(new Set(await store.duplicates(note))).toEqual(new Set([a.recordId, b.recordId]));
    await restart();
    await store.delete(b.recordId);
    expect(new Set(await store.duplicates(note))).toEqual(new Set([a.recordId, b.recordId]));
    await store.shred(a.recordId);
    expect(await store.duplicates(note)).toEqual([b.recordId]);
    await restart();
    expect(await store.duplicates(note)).toEqual([b.recordId]);
  });
});

describe('a record deleted for good', () => {
  test('is not there any more, in no row, also after a restart; the others are', async () => {
    const { recordId } = await store.create({ title: 'gone', text: note, source });
    const kept = await store.create({ title: 'kept', text: note, source });
    await store.rename(recordId, 'gone soon');
    await store.saveRun(runOf(recordId));
    const before = (await store.read(0, 100)).rows;
    const keyId = journal.keyIdOf('record', recordId) ?? '';
    await store.shred(recordId);
    for (let round = 0; round < 2; round += 1) {
      for (const attempt of [
        store.rename(recordId, 'x'),
        store.restore(recordId),
        store.saveRun(runOf(recordId, note, 'run-2')),
        store.shred(recordId),
      ])
        expect(await code(attempt)).toBe('RECORD_NOT_FOUND');
      // Its run's id is never given to another record's run.
      expect(await code(store.saveRun(runOf(kept.recordId)))).toBe('VERSION_CONFLICT');
      expect((await store.read(0, 100)).rows.map((row) => [row.table, row.id])).toEqual([
        ['text', (await head(kept.recordId)).textId],
        ['record', kept.recordId],
        ['deletion', keyId],
      ]);
      for (const row of before.filter((each) => keyIdOfSealed(each.sealed) === keyId))
        expect(await code(opened(row, recordHeadSchema))).toBe('RECORD_NOT_FOUND');
      expect(store.wrappedKeys([keyId])).toEqual([{ keyId, wrapped: null }]);
      await restart();
    }
    const row = await journal.latest('deletion', keyId);
    if (!row) throw new Error('no deletion');
    const said = await openJson(vault.keys.row, vault.keys.keyId, row, row.sealed, deletionSchema);
    expect(said).toMatchObject({ recordId, by: 'user-1' });
  });

  test('is refused where the policy forbids it, or before its days in the bin are over', async () => {
    const { recordId } = await store.create({ title: 'a', text: note, source });
    const day = 86_400_000;
    const under = (binDays: number, deletionAllowed = true): RecordStore =>
      new RecordStore({ vault, now: () => clock, deletion: { deletionAllowed, binDays } });
    expect(await code(under(0, false).shred(recordId))).toBe('POLICY_FORBIDS');
    expect(await code(under(2).shred(recordId))).toBe('POLICY_FORBIDS');
    const since = clock;
    await store.delete(recordId);
    clock = since + 2 * day - 1;
    expect(await code(under(2).shred(recordId))).toBe('POLICY_FORBIDS');
    clock = since + 2 * day;
    expect(await code(under(2).shred(recordId))).toBe('no error');
  });

  test('can be one in the bin, or one whose key is damaged', async () => {
    const binned = await store.create({ title: 'binned', text: note, source });
    await store.delete(binned.recordId);
    await store.shred(binned.recordId);
    expect(await code(store.restore(binned.recordId))).toBe('RECORD_NOT_FOUND');

    const hurt = await store.create({ title: 'hurt', text: note, source });
    const keyId = journal.keyIdOf('record', hurt.recordId) ?? '';
    await vault.close();
    const bytes = await readFile(join(dir, recordKeysFileName));
    const at = bytes.indexOf(Buffer.from(keyId, 'hex')) + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(join(dir, recordKeysFileName), bytes);
    await start();
    expect(vault.lostKeys).toBe(1);
    expect(await code(store.rename(hurt.recordId, 'x'))).toBe('RECORD_KEY_LOST');
    await store.shred(hurt.recordId);
    expect(vault.lostKeys).toBe(0);
    expect(await code(store.rename(hurt.recordId, 'x'))).toBe('RECORD_NOT_FOUND');
  });
});

test('rows that a window holds are compared with what was committed', async () => {
  const { recordId } = await store.create({ title: 'old', text: note, source });
  const [text, old] = (await store.read(0, 100)).rows;
  await store.rename(recordId, 'new');
  const [now] = await store.rows([{ table: 'record', id: recordId }]);
  if (!text || !old || !now) throw new Error('three rows');
  const claim = ({ table, id, version, seq, sealed }: JournalRow): RowClaim => ({
    table,
    id,
    version,
    seq,
    sha256: createHash('sha256').update(sealed).digest('hex'),
  });
  expect(store.check([claim(text), claim(now)]).outdated).toEqual([]);
  const wrong = [
    claim(old),
    { ...claim(now), sha256: claim(old).sha256 },
    { ...claim(now), seq: old.seq },
    { ...claim(now), version: 7 },
    { ...claim(text), id: 'never' },
    { ...claim(text), table: 'run' as const },
  ];
  expect(store.check([claim(text), ...wrong]).outdated).toEqual(wrong);
  expect(await store.rows([{ table: 'run', id: 'never' }])).toEqual([]);
});

test('the history of a record is every version of its head, with who made it; gone with the record', async () => {
  const { recordId } = await store.create({ title: 'first', text: note, source });
  const other = await store.create({ title: 'other', text: note, source });
  await store.rename(recordId, 'second');
  await store.delete(recordId);
  const later = new RecordStore({ vault, now: () => clock++ });
  await later.restore(recordId);
  await restart();
  const versions = await Promise.all(
    (await store.history(recordId)).map((row) => opened(row, recordHeadSchema)),
  );
  expect(versions.map(({ title, deletedAt, by }) => [title, deletedAt !== null, by])).toEqual([
    ['first', false, 'user-1'],
    ['second', false, 'user-1'],
    ['second', true, 'user-1'],
    ['second', false, undefined],
  ]);
  await store.shred(recordId);
  expect(await store.history(recordId)).toEqual([]);
  expect(await store.history(other.recordId)).toHaveLength(1);
});
