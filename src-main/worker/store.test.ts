import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import { maxRecordChars } from '../domain/contract/extraction';
import {
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
  type StoredRun,
} from '../domain/contract/record';
import { importDataKey, openJson, type DataKey } from '../domain/sealing/row';
import { Journal } from '../vault/journal';
import { RecordStore } from './store';

const note = '患者，男，45岁，因“头痛三天”入院。否认高血压病史。';
const source = { kind: 'paste' as const, notices: [] };

let dir = '';
let journal: Journal;
let store: RecordStore;
let key: DataKey;
let keyId = '';
let clock = 1_000_000;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-store-'));
  await start();
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  key = await importDataKey(new Uint8Array(32).fill(7));
  keyId = '0011223344556677';
  journal = await Journal.open(dir);
  store = new RecordStore({ journal, key, keyId, now: () => clock++ });
}

async function restart(): Promise<void> {
  await journal.close();
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

async function head(recordId: string): Promise<RecordHead> {
  const row = await journal.latest('record', recordId);
  if (!row) throw new Error('no such record');
  return openJson(key, keyId, row, row.sealed, recordHeadSchema);
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
  test('is its text and its head in one commit, and is there after a restart', async () => {
    const made = await store.create({ title: '头痛', text: note, source });
    expect(made.seq).toBe(2);
    await restart();
    const { rows, lastSeq, journalId } = await store.read(0, 100);
    expect(lastSeq).toBe(2);
    expect(journalId).toBe(journal.journalId);
    expect(rows.map((row) => [row.table, row.id, row.version])).toEqual([
      ['text', sha256(note), 1],
      ['record', made.recordId, 1],
    ]);
    const [text] = rows as [JournalRow];
    expect(await openJson(key, keyId, text, text.sealed, recordTextSchema)).toEqual({ text: note });
    expect(await head(made.recordId)).toMatchObject({
      title: '头痛',
      textSha256: sha256(note),
      chars: note.length,
      deletedAt: null,
      source,
    });
  });

  test('shares its text with other records of the same text, also when they are made at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, (_, at) => store.create({ title: `${at}`, text: note, source })),
    );
    expect(new Set(made.map((each) => each.recordId)).size).toBe(5);
    await restart();
    await store.create({ title: 'later', text: note, source });
    const { rows } = await store.read(0, 100);
    expect(rows.map((row) => row.table)).toEqual([
      'text',
      ...Array.from({ length: 6 }, () => 'record'),
    ]);
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
    await store.create({ title: 'x', text, source });
    await restart();
    const row = await journal.latest('text', sha256(text));
    if (!row) throw new Error('no text');
    expect((await openJson(key, keyId, row, row.sealed, recordTextSchema)).text === text).toBe(
      true,
    );
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
    const row = await journal.latest('text', sha256('痛\uFFFD。😀'));
    if (!row) throw new Error('no text');
    expect(await openJson(key, keyId, row, row.sealed, recordTextSchema)).toEqual({
      text: '痛\uFFFD。😀',
    });
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
    await store.create({ title: 'x', text, source });
    await restart();
    const row = await journal.latest('text', sha256(text));
    if (!row) throw new Error('no text');
    expect((await openJson(key, keyId, row, row.sealed, recordTextSchema)).text).toBe(text);
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
    expect(done.map((each) => each.seq)).toEqual(Array.from({ length: 30 }, (_, at) => at + 3));
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
    const row = await journal.latest('run', 'run-1');
    if (!row) throw new Error('no run');
    expect(await openJson(key, keyId, row, row.sealed, storedRunSchema)).toEqual(runOf(recordId));
  });

  test('on a text that the record does not have is refused, and so is another run under its id', async () => {
    const { recordId } = await store.create({ title: 'x', text: note, source });
    expect(await code(store.saveRun(runOf(recordId, '另一份病历')))).toBe('VERSION_CONFLICT');
    await store.saveRun(runOf(recordId));
    const other = { ...runOf(recordId), status: 'stopped' as const };
    expect(await code(store.saveRun(other))).toBe('VERSION_CONFLICT');
    expect(journal.lastSeq).toBe(3);
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

  test('rows put in the place of others are noticed', async () => {
    const one = await store.create({ title: 'one', text: note, source });
    const two = await store.create({ title: 'two', text: `${note}。`, source });
    await store.rename(one.recordId, 'one again');
    await store.saveRun(runOf(one.recordId));
    const { rows } = await store.read(0, 100);
    const sealedOf = (row: JournalRow): JournalRow['sealed'] => row.sealed;
    // A journal whose frames and checksums are right, and whose sealed rows stand in wrong places.
    const other = await mkdtemp(join(tmpdir(), 'chimed-swapped-'));
    try {
      const forged = await Journal.open(other);
      const rotated = rows.map((row, at) => ({
        ...row,
        sealed: sealedOf(rows[(at + 1) % rows.length] ?? row),
      }));
      await forged.append(rotated);
      const victim = new RecordStore({ journal: forged, key, keyId });
      expect(await code(victim.rename(two.recordId, 'x'))).toBe('SEAL_INVALID');
      expect(await code(victim.saveRun(runOf(one.recordId)))).toBe('SEAL_INVALID');
      for (const row of (await victim.read(0, 100)).rows)
        expect(await code(openJson(key, keyId, row, row.sealed, recordHeadSchema))).toBe(
          'SEAL_INVALID',
        );
      await forged.close();
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});
