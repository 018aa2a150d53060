import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  exportFileSchema,
  type ExportPreview,
  type ExportProgress,
  type ExportReport,
} from '../domain/contract/export';
import type { Fact } from '../domain/contract/fact';
import type { StoredReview } from '../domain/contract/review';
import { Cancelled } from '../domain/contract/rpc';
import { writeChosenStream } from '../documents/write-chosen-file';
import { sealJsonAtOnce } from '../vault/seal-at-once';
import { Vault } from '../vault/vault';
import { previewExport, runExport } from './exports';
import { storeOfRecord, storeReview } from './review-rows.fixture';
import { RecordStore } from './store';

let folder = '';
let vault: Vault;
let store: RecordStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-exports-'));
  await mkdir(join(folder, 'data'));
  const key = new Uint8Array(32).fill(7);
  vault = await Vault.open(join(folder, 'data'), { keyId: '0011223344556677', key });
  store = new RecordStore({ vault });
});
afterEach(async () => {
  await vault.close();
  await rm(folder, { recursive: true, force: true });
});

const text = '姓名：张建国。否认糖尿病，口服阿司匹林。';
const sha256 = createHash('sha256').update(text).digest('hex');
function fact(words: string, type = '药物'): Fact {
  const start = text.indexOf(words);
  const end = start + words.length;
  return {
    ...{ id: words, kind: 'mention', type, text: words, start, end, attributes: {} },
    ...{ evidence: [{ text: words, start, end }], confidence: 0.5 },
  };
}

async function makeRecord(): Promise<string> {
  const source = { kind: 'paste' as const, notices: [] };
  return (await store.create({ title: '张建国', text, source })).recordId;
}

async function makeRun(recordId: string, id: string, schema = 'ccks2019', at = 1): Promise<void> {
  await store.saveRun({
    ...{ id, recordId, textSha256: sha256, startedAt: at, finishedAt: at, status: 'completed' },
    run: { schema, model: { name: 'm', sha256: 'a' }, strategy: 's', settings: { attributes: '' } },
    facts: [fact('阿司匹林'), fact('糖尿病', '疾病和诊断')],
  });
}

function review(recordId: string, runId: string, more: Partial<StoredReview> = {}): StoredReview {
  return {
    ...{ id: `review-${runId}`, recordId, textSha256: sha256, role: 'primary', runId },
    ...{ schema: 'ccks2019', version: 1, changes: [], updatedAt: 1 },
    items: [
      {
        ...{ id: '1', fact: fact('阿司匹林'), origin: 'model', decision: 'accepted' },
        review: 'single',
      },
      { id: '2', fact: fact('糖尿病', '疾病和诊断'), origin: 'model', decision: 'rejected' },
      {
        id: '3',
        fact: fact('口服', '药物'),
        origin: 'doctor',
        decision: 'accepted',
        review: 'single',
      },
    ],
    confirmation: {
      ...{ by: 'user-1', name: '王医师', title: '主治医师', at: 2 },
      contentSha256: 'c'.repeat(64),
      signature: 'd'.repeat(128),
    },
    ...more,
  };
}

const quiet = (signal = new AbortController().signal, events: ExportProgress[] = []) => ({
  signal,
  emit: (event: ExportProgress) => void events.push(event),
});
const preview = (
  which: 'all' | 'confirmed' = 'all',
  recordIds?: string[],
): Promise<ExportPreview> =>
  previewExport(
    vault,
    { selection: { which, ...(recordIds ? { recordIds } : {}) }, deidentify: true },
    quiet(),
  );

type Params = Parameters<typeof runExport>;
async function run(
  change: Partial<Params[1]> = {},
  place: Partial<Params[2]['place']> = {},
  context: Params[4] = quiet(),
): Promise<ExportReport> {
  const options = { format: 'json', locale: 'en' } as const;
  const path = join(folder, 'out');
  return runExport(
    vault,
    { selection: { which: 'all' }, options, deidentify: null, ...change },
    {
      place: { path, format: 'json', deidentified: false, dictionary: false, ...place },
      dictionary: null,
    },
    (at, fill) => writeChosenStream(at, fill, { ownFolder: join(folder, 'data') }),
    context,
  );
}
const written = async (): Promise<ReturnType<typeof exportFileSchema.parse>> =>
  exportFileSchema.parse(JSON.parse(await readFile(join(folder, 'out'), 'utf-8')));

describe('what is exported of a record', () => {
  test('a review as it stands: rejected facts are not there, added ones are, and who confirmed it', async () => {
    const recordId = await makeRecord();
    await makeRun(recordId, 'run-1');
    await storeReview(vault, review(recordId, 'run-1'));
    await run();
    const [record] = (await written()).records;
    // Not de-identified: whoever has the file finds the record again by its title.
    expect(record?.source).toBe('张建国');
    expect(record).toMatchObject({
      id: recordId,
      label: null,
      text,
      confirmation: { name: '王医师' },
    });
    expect(record?.facts.map((one) => [one.text, one.standing])).toEqual([
      ['阿司匹林', 'accepted'],
      ['口服', 'added'],
    ]);
  });

  test('the newest run where there is no review; a later version of a review; an adjudication over both', async () => {
    const recordId = await makeRecord();
    await makeRun(recordId, 'run-2', 'ccks2019-symptom', 20);
    await makeRun(recordId, 'run-1', 'ccks2019', 10);
    await run();
    expect((await written()).records[0]?.run.schema).toBe('ccks2019-symptom');
    const first = review(recordId, 'run-1');
    await storeReview(vault, first);
    await storeReview(vault, { ...first, version: 2, confirmation: null, updatedAt: 3 });
    await run();
    expect((await written()).records[0]).toMatchObject({ confirmation: null });
    await storeReview(vault, { ...first, id: 'second', role: 'second', updatedAt: 9, items: [] });
    await run();
    expect((await written()).records[0]?.facts).toHaveLength(2);
    const adjudication: StoredReview = {
      ...{ ...first, id: 'adj', role: 'adjudication', updatedAt: 0, items: [] },
    };
    // One that nobody has signed yet is no result.
    await storeReview(vault, { ...adjudication, confirmation: null });
    await run();
    expect((await written()).records[0]?.facts).toHaveLength(2);
    await storeReview(vault, adjudication);
    await run();
    expect((await written()).records[0]?.facts).toEqual([]);
    await run({ selection: { which: 'all', schema: 'ccks2019-symptom' } });
    expect((await written()).records[0]?.run.schema).toBe('ccks2019-symptom');
  });

  test('of several schemas: the chosen one’s review; without a choice, the one that was changed last', async () => {
    const recordId = await makeRecord();
    await makeRun(recordId, 'run-1', 'ccks2019', 10);
    await makeRun(recordId, 'run-2', 'lab', 20);
    const first = review(recordId, 'run-1', { updatedAt: 30 });
    await storeReview(vault, first);
    const open = { schema: 'lab', confirmation: null, updatedAt: 40, items: first.items.slice(1) };
    await storeReview(vault, review(recordId, 'run-2', open));
    const exported = async (selection: Params[1]['selection']) => {
      await run({ selection });
      const [record] = (await written()).records;
      return record && [record.run.schema, record.facts.length, record.confirmation !== null];
    };
    expect(await exported({ which: 'all', schema: 'ccks2019' })).toEqual(['ccks2019', 2, true]);
    expect(await exported({ which: 'all', schema: 'lab' })).toEqual(['lab', 1, false]);
    expect(await exported({ which: 'confirmed', schema: 'lab' })).toBeUndefined();
    expect(await exported({ which: 'all' })).toEqual(['lab', 1, false]);
    // What is confirmed is not missing because something else is under way.
    expect(await exported({ which: 'confirmed' })).toEqual(['ccks2019', 2, true]);
    expect(await preview('confirmed')).toMatchObject({ counts: { records: 1 } });
    // Marked by hand there is no run to export it with, and the newest run is not hidden by it.
    const byHand = { id: 'by-hand', schema: 'own', runId: null, updatedAt: 50 };
    await storeReview(vault, { ...first, ...byHand });
    expect(await exported({ which: 'all' })).toEqual(['lab', 1, false]);
  });

  test('corrected sections; nothing of records in the bin, of others, or without a run', async () => {
    const [one, binned, , other] = [
      await makeRecord(),
      await makeRecord(),
      await makeRecord(),
      await makeRecord(),
    ];
    for (const [at, id] of [one, binned, other].entries()) await makeRun(id, `run-${at}`);
    await store.delete(binned);
    const sections = [{ name: '现病史', start: 0, end: text.length, body: 0 }];
    await storeOfRecord(vault, 'sections', 's-1', one, {
      ...{ recordId: one, textSha256: sha256, sections, at: 1 },
    });
    await run({ selection: { which: 'all', recordIds: [one, binned] } });
    const { records } = await written();
    expect(records.map(({ id }) => id)).toEqual([one]);
    expect(records[0]?.sections).toEqual(sections);
    expect(await preview()).toMatchObject({ counts: { records: 2 }, withoutRun: 1 });
  });

  test('records of a case stand together where a row is a case', async () => {
    const ids: string[] = [];
    for (const caseId of ['B', 'A', 'B']) {
      const recordId = await makeRecord();
      ids.push(recordId);
      await makeRun(recordId, `run-${ids.length}`);
      await setCase(recordId, caseId, ids.length);
    }
    const options = { format: 'csv', locale: 'en', layout: 'wide', rows: 'case' } as const;
    await run({ options }, { format: 'csv' });
    const lines = (await readFile(join(folder, 'out'), 'utf-8')).trim().split('\r\n').slice(1);
    expect(lines.map((line) => line.split(',')[2])).toEqual(['B', 'A']);
    expect(lines[0]).toContain(`${ids[0] ?? ''} | ${ids[2] ?? ''}`);
  });
});

describe('de-identified', () => {
  test('the file holds no name, the counts say what was replaced, the case is another', async () => {
    const recordId = await makeRecord();
    await makeRun(recordId, 'run-1');
    await storeReview(vault, review(recordId, 'run-1'));
    await setCase(recordId, '张建国-1', 5);
    const report = await run({ deidentify: { dates: 'mask' } }, { deidentified: true });
    const json = await readFile(join(folder, 'out'), 'utf-8');
    expect(json).not.toMatch(/张建国|王医师/);
    expect(json).not.toContain(sha256);
    expect((await written()).records[0]).toMatchObject({ caseId: 'case-0001', deidentified: true });
    expect(report).toMatchObject({ replaced: { name: 1 }, maskedFacts: 0, counts: { facts: 2 } });
  });

  test('a row’s record_id leads back to its record, and nothing else of the row has to', async () => {
    const ids = [await makeRecord(), await makeRecord()];
    for (const [at, id] of ids.entries()) await makeRun(id, `run-${at}`);
    const options = { format: 'csv', locale: 'en' } as const;
    const deidentify = { dates: 'mask' } as const;
    await run({ options, deidentify }, { format: 'csv', deidentified: true });
    const lines = (await readFile(join(folder, 'out'), 'utf-8')).trim().split('\r\n').slice(1);
    const cells = [...new Set(lines.map((line) => line.split(',')[0] ?? ''))];
    expect(cells).toHaveLength(2);
    for (const query of cells) {
      const found: string[] = [];
      const { signal } = new AbortController();
      await store.search.run({ query, limit: 9 }, signal, (hits) =>
        found.push(...hits.map(({ recordId }) => recordId)),
      );
      expect(found).toEqual([ids.find((id) => id === query)]);
    }
  });

  test('corrections of a person hold for their record, and are checked against its text', async () => {
    const [one, other] = [await makeRecord(), await makeRecord()];
    await makeRun(one, 'run-1');
    await makeRun(other, 'run-2');
    const start = text.indexOf('阿司匹林');
    const identifiers = [{ kind: 'contact' as const, start, end: start + 4 }];
    const report = await run({
      deidentify: { dates: 'mask', corrections: { recordId: one, identifiers } },
    });
    const texts = new Map((await written()).records.map((record) => [record.id, record.text]));
    expect(texts.get(one)).toBe('姓名：张建国。否认糖尿病，口服【网络账号1】。');
    expect(texts.get(other)).toBe('姓名：【姓名1】。否认糖尿病，口服阿司匹林。');
    expect(report.maskedFacts).toBe(1);
    const far = [{ kind: 'name' as const, start: 0, end: 9999 }];
    await expect(
      run({ deidentify: { dates: 'mask', corrections: { recordId: one, identifiers: far } } }),
    ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  test('a preview shows what was found', async () => {
    await makeRun(await makeRecord(), 'run-1');
    expect(await preview()).toMatchObject({
      ...{ identifiers: { name: 1 }, searchedRecords: 1 },
      sample: [{ kind: 'name', text: '张建国' }],
      schemas: [{ id: 'ccks2019', records: 1 }],
      counts: { unconfirmedRecords: 1, unconfirmedFacts: 2 },
    });
    expect(await preview('confirmed')).toMatchObject({ counts: { records: 0 } });
  });
});

describe('a ticket stands for what the policy allowed', () => {
  test.each([
    ['another format', {}, { format: 'csv' as const }],
    ['the original for a de-identified one', {}, { deidentified: true }],
    ['records for a dictionary', {}, { dictionary: true }],
  ])('%s is refused', async (_, change, place) => {
    await makeRun(await makeRecord(), 'run-1');
    await expect(run(change, place)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect((await readdir(folder)).sort()).toEqual(['data']);
  });
});

test('cancelled on the way, nothing is left; progress is told', async () => {
  for (let at = 0; at < 3; at++) await makeRun(await makeRecord(), `run-${at}`);
  const control = new AbortController();
  const events: ExportProgress[] = [];
  const context = quiet(control.signal, events);
  const emit = (event: ExportProgress): void => {
    context.emit(event);
    control.abort();
  };
  await expect(run({}, {}, { ...context, emit })).rejects.toThrow(Cancelled);
  expect(await readdir(folder)).toEqual(['data']);
  expect(events).toEqual([{ done: 0, total: 6 }]);
});

test('no records: a file that says so', async () => {
  expect(await run()).toMatchObject({ counts: { records: 0, facts: 0 } });
  expect((await written()).records).toEqual([]);
});

test("the program's own folder is refused", async () => {
  await expect(run({}, { path: join(folder, 'data', 'out.json') })).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
  });
});

/** As an import of a table makes it. */
async function setCase(recordId: string, caseId: string, createdAt: number): Promise<void> {
  const [row] = (await store.history(recordId)).slice(-1);
  if (!row) throw new Error('no such record');
  const keyId = vault.journal.keyIdOf('record', recordId) ?? '';
  const key = await vault.recordKeys.key(keyId);
  const head = {
    ...{ title: 't', createdAt, updatedAt: 1, deletedAt: null },
    ...{ textId: vault.textId(recordId, sha256), textSha256: sha256, chars: text.length },
    ...{ source: { kind: 'file', notices: [] }, caseId },
  };
  const address = { table: 'record' as const, id: recordId, version: row.version + 1 };
  await vault.journal.append([{ ...address, sealed: sealJsonAtOnce(key, keyId, address, head) }]);
}
