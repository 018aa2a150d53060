import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchItemState, BatchSummary } from '../../domain/contract/batch';
import { AppError } from '../../domain/contract/errors';
import { recordHeadSchema, storedRunSchema, type StoredRun } from '../../domain/contract/record';
import { keyIdOfSealed, openJson } from '../../domain/sealing/row';
import type { Vault } from '../../vault/vault';
import type { BatchDesk, LockedBox } from './batch-desk';
import {
  failsFor,
  openDesk,
  openLocked,
  orderOf,
  resultOf,
  TestExtractor,
  type OpenedDesk,
} from './batch.fixture';

let dir = '';
let files = '';
let extractor: TestExtractor;
let opened: OpenedDesk;
let locked: { desk: BatchDesk; problems: unknown[] } | null = null;

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'chimed-batch-'));
  dir = join(root, 'data');
  files = join(root, 'files');
  await mkdir(dir);
  await mkdir(files);
  extractor = new TestExtractor();
  opened = await openDesk(dir, extractor);
});
afterEach(async () => {
  await locked?.desk.rest();
  locked = null;
  await opened.close();
  await rm(join(dir, '..'), { recursive: true, force: true });
});

const restart = async (): Promise<void> => {
  await opened.close();
  opened = await openDesk(dir, extractor);
};

const boxes = (): Promise<string[]> => readdir(join(dir, 'batches'));

const until = (check: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await check())) throw new Error('not yet');
    },
    { timeout: 20_000, interval: 5 },
  );

const notes = (...texts: string[]) => ({
  ...orderOf(),
  source: { kind: 'notes' as const, notes: texts },
});
const fromFiles = (whileLocked = false) => ({
  ...orderOf(whileLocked),
  source: { kind: 'files' as const, paths: [files], tables: [] },
});
const summary = (id: string): BatchSummary => {
  const found = opened.desk.summary(id);
  if (!found) throw new Error('no such batch');
  return found;
};
/** And what it found is in the journal. */
const finished = (id: string): Promise<void> =>
  until(() => summary(id).phase === 'finished' && summary(id).unsaved === 0);
const states = (id: string): BatchItemState[] =>
  [...opened.desk.items(id)].sort((a, b) => a.number - b.number).map(({ state }) => state);
const write = (name: string, text: string): Promise<void> => writeFile(join(files, name), text);

/** Every run in the journal, by its record. */
async function runsIn(vault: Vault): Promise<Map<string, StoredRun[]>> {
  const runs = new Map<string, StoredRun[]>();
  for (const id of vault.journal.idsOf('run')) {
    const row = await vault.journal.latest('run', id);
    if (!row) continue;
    const keyId = keyIdOfSealed(row.sealed);
    const run = await openJson(
      await vault.recordKeys.key(keyId),
      keyId,
      row,
      row.sealed,
      storedRunSchema,
    );
    runs.set(run.recordId, [...(runs.get(run.recordId) ?? []), run]);
  }
  return runs;
}

const recordsIn = (vault: Vault): string[] => [...vault.journal.idsOf('record')];

async function headOf(vault: Vault, recordId: string) {
  const row = await vault.journal.latest('record', recordId);
  if (!row) throw new Error('no such record');
  const keyId = keyIdOfSealed(row.sealed);
  return openJson(await vault.recordKeys.key(keyId), keyId, row, row.sealed, recordHeadSchema);
}

describe('a batch', () => {
  test('of pasted notes: each becomes a record with one result, and the texts leave the box', async () => {
    const id = await opened.desk.start(notes('患者甲头痛。', '患者乙发热。', '患者丙咳嗽。'));
    await finished(id);
    const runs = await runsIn(opened.vault);
    expect(recordsIn(opened.vault)).toHaveLength(3);
    expect([...runs.values()].map((each) => each.length)).toEqual([1, 1, 1]);
    expect(summary(id).counts.completed).toBe(3);
    expect(summary(id).unsaved).toBe(0);
    await until(async () => (await boxes()).includes(`${id}-done.cmb`));
    await until(async () => !(await boxes()).includes(`${id}.cmb`));
    expect(opened.problems).toEqual([]);
    await restart();
    expect(summary(id)).toMatchObject({ phase: 'finished', counts: { completed: 3 } });
    expect(
      opened.desk
        .items(id)
        .map(({ recordId }) => recordId)
        .sort(),
    ).toEqual(recordsIn(opened.vault).sort());
  });

  test('of a folder: files are records named after them; what cannot be read says why', async () => {
    await write('出院小结1.txt', '患者甲，头痛三天。');
    await write('空.txt', '');
    await write('照片.png', 'x');
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    const items = opened.desk.items(id);
    expect(items.map(({ state }) => state).sort()).toEqual(['completed', 'failed', 'failed']);
    const done = items.find(({ state }) => state === 'completed');
    expect((await headOf(opened.vault, done?.recordId ?? '')).title).toBe('出院小结1');
    const failed = items.filter(({ state }) => state === 'failed');
    expect(failed.map(({ name, problem }) => [name, problem?.code]).sort()).toEqual([
      ['照片', 'UNSUPPORTED_FILE'],
      ['空', expect.stringMatching(/EMPTY/)],
    ]);
  });

  test('asks for as many at once as the model takes, and one more', async () => {
    extractor.sequences = 3;
    extractor.answer = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return resultOf(request);
    };
    const id = await opened.desk.start(
      notes(...Array.from({ length: 12 }, (_, i) => `患者${i}。`)),
    );
    await finished(id);
    expect(extractor.mostInHand).toBe(4);
  });

  test('the same text twice is one record; the second is linked to it', async () => {
    await write('a.txt', '患者甲，头痛三天。');
    await write('b.txt', '患者甲，头痛三天。');
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    const [first, second] = opened.desk.items(id);
    expect(states(id)).toEqual(['completed', 'duplicate']);
    expect(second).toMatchObject({ recordId: first?.recordId, duplicateOf: 0 });
    // By the name of its own file, not by that of the record that it equals.
    expect([first?.name, second?.name]).toEqual([null, 'b']);
    expect(recordsIn(opened.vault)).toHaveLength(1);
  });

  test('the same text of two cases is two records, also after a restart; of one case it is one', async () => {
    await write('a.csv', '号,病程\nA,无特殊。\nB,无特殊。\nA,无特殊。\n,无特殊。');
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const table = { path: join(files, 'a.csv'), choice };
    const order = { ...orderOf(), source: { ...fromFiles().source, tables: [table] } };
    const id = await opened.desk.start(order);
    await finished(id);
    expect(states(id)).toEqual(['completed', 'completed', 'duplicate', 'duplicate']);
    const again = await opened.desk.start(order);
    await finished(again);
    await restart();
    const third = await opened.desk.start(order);
    await finished(third);
    for (const later of [again, third]) {
      expect(states(later)).toEqual(new Array(4).fill('duplicate'));
    }
    const cases = await Promise.all(
      recordsIn(opened.vault).map(async (each) => (await headOf(opened.vault, each)).caseId),
    );
    expect(cases.sort()).toEqual(['A', 'B']);
  });

  test('a record of before whose case is not known is run for one of the cases with its text', async () => {
    const source = { kind: 'paste' as const, notices: [] };
    const { recordId } = await opened.store.create({ title: '旧', text: '无特殊。', source });
    await write('a.csv', '号,病程\nA,无特殊。\nB,无特殊。');
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const tables = [{ path: join(files, 'a.csv'), choice }];
    const id = await opened.desk.start({
      ...{ ...orderOf(), duplicates: 'run', source: { ...fromFiles().source, tables } },
    });
    await finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
    expect(recordsIn(opened.vault)).toHaveLength(2);
    expect((await runsIn(opened.vault)).get(recordId)).toHaveLength(1);
  });

  test('a text that a record of before has: left, or that record is run, as was chosen', async () => {
    const text = '患者甲，头痛三天。';
    const source = { kind: 'paste' as const, notices: [] };
    const { recordId } = await opened.store.create({ title: '旧', text, source });
    const left = await opened.desk.start(notes(text));
    await finished(left);
    expect(opened.desk.items(left)[0]).toMatchObject({ state: 'duplicate', recordId });
    const run = await opened.desk.start({ ...notes(text), duplicates: 'run' });
    await finished(run);
    expect(opened.desk.items(run)[0]).toMatchObject({ state: 'completed', recordId });
    expect(recordsIn(opened.vault)).toHaveLength(1);
    expect((await runsIn(opened.vault)).get(recordId)).toHaveLength(1);
  });

  test('one after the other: the second begins when the first has ended', async () => {
    const first = await opened.desk.start(notes('患者甲。', '患者乙。'));
    const second = await opened.desk.start(notes('患者丙。'));
    await finished(second);
    expect(extractor.asked).toEqual(['患者甲。', '患者乙。', '患者丙。']);
    expect(summary(first).phase).toBe('finished');
  });
});

describe('what a person asks of a batch', () => {
  test('paused it does nothing, also after a restart; resumed it goes on', async () => {
    extractor.change({ code: 'MODEL_NOT_READY' });
    const id = await opened.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => summary(id).phase === 'waiting');
    expect(summary(id).problem?.code).toBe('MODEL_NOT_READY');
    await opened.desk.pause(id);
    extractor.change(null);
    await restart();
    expect(summary(id).phase).toBe('paused');
    expect(extractor.asked).toEqual([]);
    await opened.desk.resume(id);
    await finished(id);
  });

  test('what is put first is done first, also after a restart', async () => {
    extractor.sequences = 1;
    extractor.change({ code: 'MODEL_NOT_READY' });
    const id = await opened.desk.start(notes('患者零。', '患者一。', '患者二。', '患者三。'));
    await until(() => summary(id).counts.waiting === 4);
    await opened.desk.move(id, [3, 2], 0);
    await restart();
    expect(opened.desk.items(id).map(({ number }) => number)).toEqual([3, 2, 0, 1]);
    extractor.change(null);
    await finished(id);
    expect(extractor.asked).toEqual(['患者三。', '患者二。', '患者零。', '患者一。']);
  });

  test('cancelled records are not run, and what was found stays', async () => {
    extractor.sequences = 1;
    let release: () => void = () => undefined;
    extractor.answer = async (request) => {
      if (request.text !== '患者甲。') await new Promise<void>((resolve) => (release = resolve));
      return resultOf(request);
    };
    const id = await opened.desk.start(notes('患者甲。', '患者乙。', '患者丙。'));
    await until(() => summary(id).counts.completed === 1 && extractor.inHand > 0);
    await opened.desk.cancel(id);
    await finished(id);
    release();
    expect(states(id)).toEqual(['completed', 'cancelled', 'cancelled']);
    expect((await runsIn(opened.vault)).size).toBe(1);
  });

  test('what failed is tried again when asked, and then has one result', async () => {
    extractor.answer = failsFor('乙', 'DECODE_FAILED');
    const id = await opened.desk.start(notes('患者甲。', '患者乙。'));
    await finished(id);
    expect(states(id)).toEqual(['completed', 'failed']);
    expect(opened.desk.items(id).find(({ number }) => number === 1)?.problem?.code).toBe(
      'DECODE_FAILED',
    );
    await restart();
    extractor.answer = resultOf;
    await opened.desk.retry(id);
    await finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
    for (const runs of (await runsIn(opened.vault)).values()) expect(runs).toHaveLength(1);
  });

  test('a file that could not be read is read again when asked, also after a restart, and nothing else is', async () => {
    await write('甲.txt', '患者甲，头痛。');
    await write('乙.txt', '');
    await write('丙.pdf', '%PDF-1.4 坏的');
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    expect(summary(id).canRetry).toBe(true);
    const before = opened.desk.items(id);
    await write('乙.txt', '患者乙，发热。');
    await write('后来的.txt', '患者丁，咳嗽。');
    extractor.change({ code: 'MODEL_NOT_READY' });
    await opened.desk.retry(id);
    await restart();
    await until(() => summary(id).phase === 'waiting');
    extractor.change(null);
    await finished(id);
    const after = opened.desk.items(id);
    expect(after.map(({ number }) => number)).toEqual(before.map(({ number }) => number));
    const [nowRead, stillBad] = ['乙', '丙'].map((name) => {
      const number = before.find((item) => item.name === name)?.number;
      return after.find((item) => item.number === number);
    });
    expect(stillBad).toMatchObject({ state: 'failed', problem: { code: 'DOCUMENT_DAMAGED' } });
    expect(nowRead?.state).toBe('completed');
    const head = await headOf(opened.vault, nowRead?.recordId ?? '');
    expect(head.title).toBe('乙');
    expect(extractor.asked.sort()).toEqual(['患者甲，头痛。', '患者乙，发热。'].sort());
    // The record has its text in the box like every other one.
    await restart();
    expect(summary(id).counts).toMatchObject({ total: 3, completed: 2, failed: 1, waiting: 0 });
  });

  test('a folder and a table that could not be read: their first record takes the place of the failure', async () => {
    const [folder, table] = [join(files, '夹'), join(files, '门诊.csv')];
    await write('门诊.csv', '');
    const source = { kind: 'files' as const, paths: [folder, table], tables: [] };
    const id = await opened.desk.start({ ...orderOf(), source });
    await finished(id);
    expect(states(id)).toEqual(['failed', 'failed']);
    await mkdir(folder);
    await write('夹/甲.txt', '患者甲，头痛。');
    await write('夹/乙.txt', '患者乙，头痛。');
    await write('门诊.csv', '住院号,病程记录\nZY1,患者丙，头痛三天。\nZY2,患者丁，头痛三天。');
    await opened.desk.retry(id);
    await finished(id);
    expect(summary(id).counts).toMatchObject({ total: 4, completed: 4 });
    const recordIds = opened.desk.items(id).map(({ recordId }) => recordId ?? '');
    const heads = await Promise.all(recordIds.map((each) => headOf(opened.vault, each)));
    expect(heads.map(({ title }) => title).sort()).toEqual(
      ['乙', '甲', '门诊 · ZY1', '门诊 · ZY2'].sort(),
    );
    await until(() => summary(id).canRetry === false);
  });

  test('a table that is read again goes on after an end in the middle: each row once, none lost', async () => {
    await write('门诊.csv', '');
    await opened.close();
    let stop: (() => void) | null = null;
    opened = await openDesk(dir, extractor, {
      onChange: (_id, numbers) => {
        if (numbers.includes(5)) stop?.();
      },
    });
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    const rows = Array.from({ length: 40 }, (_, i) => `ZY${i},患者${i}，头痛三天。`);
    await write('门诊.csv', ['住院号,病程记录', ...rows].join('\n'));
    const inTheMiddle = new Promise<void>((resolve) => {
      stop = () => void opened.close().then(() => resolve());
    });
    await opened.desk.retry(id);
    await inTheMiddle;
    await restart();
    expect(summary(id).counts.total).toBeLessThan(40);
    await finished(id);
    expect(summary(id).counts).toMatchObject({ total: 40, completed: 40 });
    expect((await runsIn(opened.vault)).size).toBe(40);
  });

  test('a file that is gone meanwhile fails again, and says so', async () => {
    await write('甲.txt', '');
    await write('乙.txt', '');
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    await rm(join(files, '甲.txt'));
    await opened.desk.retry(id);
    await finished(id);
    const codes = opened.desk.items(id).map(({ name, problem }) => [name, problem?.code]);
    expect(codes.sort()).toEqual([
      ['乙', 'FILE_EMPTY'],
      ['甲', 'FILE_UNREADABLE'],
    ]);
  });

  test('taken off the list it is gone, with its box; records and results stay', async () => {
    extractor.answer = failsFor('乙', 'DECODE_FAILED');
    const id = await opened.desk.start(notes('患者甲。', '患者乙。'));
    await finished(id);
    await opened.desk.remove(id);
    expect(opened.desk.summaries).toEqual([]);
    expect((await readdir(join(dir, 'batches'))).filter((name) => name.endsWith('.cmb'))).toEqual(
      [],
    );
    expect(recordsIn(opened.vault)).toHaveLength(2);
    expect((await runsIn(opened.vault)).size).toBe(1);
  });

  test('a record is held as long as its text is in a box, and no longer', async () => {
    extractor.answer = failsFor('甲', 'DECODE_FAILED');
    const id = await opened.desk.start(notes('患者甲。'));
    await finished(id);
    const recordId = opened.desk.items(id)[0]?.recordId ?? '';
    expect(opened.desk.holds(recordId)).toBe(true);
    extractor.answer = resultOf;
    await opened.desk.retry(id);
    await until(() => !opened.desk.holds(recordId));
  });
});

describe('the model host', () => {
  test('goes away on purpose: what was in its hands waits, and nothing counts against it', async () => {
    let away = true;
    extractor.answer = (request) => {
      if (away) throw new AppError('HOST_UNAVAILABLE');
      return resultOf(request);
    };
    const id = await opened.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => extractor.asked.length >= 2 && extractor.inHand === 0);
    away = false;
    extractor.change(null);
    await finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
  });

  test('a record that ends it twice fails; those that were there with it are done', async () => {
    extractor.sequences = 4;
    const gone: (() => void)[] = [];
    extractor.answer = async (request) => {
      if (request.text.includes('乙')) {
        for (const fail of gone.splice(0)) fail();
        throw new AppError('HOST_DIED');
      }
      // In its hands when it dies, unless it is there alone.
      if (extractor.inHand === 1) return resultOf(request);
      await new Promise<void>((resolve, reject) => {
        gone.push(() => reject(new AppError('HOST_DIED')));
        setTimeout(resolve, 50);
      });
      return resultOf(request);
    };
    const id = await opened.desk.start(notes('患者甲。', '患者乙。', '患者丙。', '患者丁。'));
    await finished(id);
    expect(states(id)).toEqual(['completed', 'failed', 'completed', 'completed']);
    expect(opened.desk.items(id).find(({ number }) => number === 1)?.problem?.code).toBe(
      'HOST_DIED',
    );
    for (const runs of (await runsIn(opened.vault)).values()) expect(runs).toHaveLength(1);
  });

  test('a model that does not know the schema stops the batch and says so', async () => {
    extractor.answer = failsFor('患者', 'SCHEMA_NOT_SUPPORTED');
    const id = await opened.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => summary(id).phase === 'paused');
    expect(summary(id)).toMatchObject({ problem: { code: 'SCHEMA_NOT_SUPPORTED' } });
    expect(summary(id).counts.failed).toBe(0);
  });

  test('other settings than the batch began with stop it: one batch, one run', async () => {
    let context = 256;
    extractor.sequences = 1;
    extractor.answer = (request) => {
      const result = resultOf(request);
      const run = { ...result.run, settings: { context } };
      if (request.text === '患者乙。') context = 512;
      return { ...result, run };
    };
    const id = await opened.desk.start(notes('患者甲。', '患者乙。', '患者丙。', '患者丁。'));
    await until(() => summary(id).phase === 'paused' && extractor.inHand === 0);
    expect(summary(id).problem?.code).toBe('BATCH_RUN_CHANGED');
    context = 256;
    extractor.answer = resultOf;
    await opened.desk.resume(id);
    await finished(id);
    const settings = [...(await runsIn(opened.vault)).values()]
      .flat()
      .map(({ run }) => run.settings);
    expect(settings).toEqual(new Array(4).fill({ context: 256 }));
  });

  test('a schema of the hospital that is edited meanwhile changes no run', async () => {
    const definition = {
      ...{ id: 'own', version: 3, chinese: '自定', english: '', fields: [], attributes: [] },
      types: [{ id: '药物', english: '', hue: 1 }],
    };
    const order = { ...orderOf().order, schema: 'own', definition };
    const id = await opened.desk.start({ ...notes('患者甲。', '患者乙。'), order });
    definition.types[0] = { id: '别的', english: '', hue: 2 };
    await finished(id);
    const runs = [...(await runsIn(opened.vault)).values()].flat();
    expect(runs.map(({ run }) => run.definition?.types[0]?.id)).toEqual(['药物', '药物']);
  });
});

describe('while the vault is locked', () => {
  let release: () => void = () => undefined;
  const holdAll = (): void => {
    const held = new Promise<void>((resolve) => (release = resolve));
    extractor.answer = async (request) => {
      await held;
      return resultOf(request);
    };
  };

  const lock = async (): Promise<LockedBox[]> => opened.close();

  test('a batch whose starter allowed it goes on with its own key, and is saved once at the unlock', async () => {
    holdAll();
    const id = await opened.desk.start({
      ...notes('患者甲。', '患者乙。', '患者丙。'),
      ...orderOf(true),
    });
    await until(() => extractor.inHand > 0);
    const boxes = await lock();
    expect(boxes.map(({ path }) => path)).toEqual([join(dir, 'batches', `${id}.cmb`)]);
    extractor.answer = resultOf;
    release();
    locked = await openLocked(boxes, extractor);
    await until(() => locked?.desk.summary(id)?.phase === 'finished');
    expect(locked.desk.summary(id)).toMatchObject({ counts: { completed: 3 }, unsaved: 3 });
    await locked.desk.rest();
    opened = await openDesk(dir, extractor);
    await finished(id);
    const runs = await runsIn(opened.vault);
    expect([...runs.values()].map((each) => each.length)).toEqual([1, 1, 1]);
    await until(() => summary(id).unsaved === 0);
  });

  test('a batch whose starter did not allow it gives no key away, and goes on after the unlock', async () => {
    holdAll();
    const id = await opened.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => extractor.inHand > 0);
    expect(await lock()).toEqual([]);
    extractor.answer = resultOf;
    release();
    opened = await openDesk(dir, extractor);
    await finished(id);
    expect((await runsIn(opened.vault)).size).toBe(2);
  });

  test('its key opens no other batch', async () => {
    holdAll();
    const mine = await opened.desk.start({ ...notes('患者甲。'), ...orderOf(true) });
    const other = await opened.desk.start(notes('患者乙。'));
    await until(() => extractor.inHand > 0);
    const [box] = await lock();
    const path = join(dir, 'batches', `${other}.cmb`);
    locked = await openLocked([{ path, key: box?.key ?? new Uint8Array(32) }], extractor);
    expect(locked.desk.summaries).toEqual([]);
    expect(locked.problems).toMatchObject([{ code: 'BATCH_OTHER_KEY' }]);
    expect(box?.path).toContain(mine);
    opened = await openDesk(dir, extractor);
    release();
  });
});

describe('what happens to files', () => {
  test('a folder that is removed while its batch runs changes nothing for what was imported', async () => {
    extractor.change({ code: 'MODEL_NOT_READY' });
    for (let i = 0; i < 5; i += 1) await write(`${i}.txt`, `患者${i}，头痛。`);
    const id = await opened.desk.start(fromFiles());
    await until(() => summary(id).phase === 'waiting');
    await rm(files, { recursive: true });
    await restart();
    extractor.change(null);
    await finished(id);
    expect(summary(id).counts.completed).toBe(5);
  });

  test('a folder that is removed while it is read: what was read is run, and the folder is named', async () => {
    await opened.close();
    opened = await openDesk(dir, extractor, {
      onChange: (_id, numbers) => {
        if (numbers.includes(5)) rmSync(files, { recursive: true, force: true });
      },
    });
    for (let i = 0; i < 40; i += 1) await write(`${100 + i}.txt`, `患者${i}，头痛。`);
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    expect(states(id)).toEqual([...new Array<BatchItemState>(6).fill('completed'), 'failed']);
    expect(opened.desk.items(id).at(-1)).toMatchObject({
      ...{ name: 'files', problem: { code: 'FOLDER_UNREADABLE' } },
    });
    expect(opened.problems).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')(
    'names with odd characters are titles of one line that obey nothing',
    async () => {
      const names = [
        '换\n行',
        '\u202e倒写',
        '"双\'单`',
        '100%s%00',
        '\u001b[2J',
        '\u200b',
        '<b>粗',
      ];
      for (const [i, name] of names.entries()) await write(`${name}.txt`, `患者${i}，头痛。`);
      const id = await opened.desk.start(fromFiles());
      await finished(id);
      const titles = await Promise.all(
        opened.desk
          .items(id)
          .map(async ({ recordId }) => (await headOf(opened.vault, recordId ?? '')).title),
      );
      expect(titles.sort()).toEqual(
        ['换 行', '倒写', '"双\'单`', '100%s%00', '[2J', '.txt', '<b>粗'].sort(),
      );
    },
  );

  test('tables, documents and texts of one folder are one batch; a row says its number and its case', async () => {
    await write('a.csv', '号,病程\nA1,患者甲，头痛。\nA2,\nA3,患者丙，发热。');
    await write('b.txt', '患者丁，咳嗽。');
    await write('c.csv', '没有选列,病程\n1,患者。');
    await write('d.pdf', '%PDF-1.4 坏的');
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const source = {
      ...{ kind: 'files' as const, paths: [files] },
      tables: [{ path: join(files, 'a.csv'), choice }],
    };
    const id = await opened.desk.start({ ...orderOf(), source });
    await finished(id);
    const items = [...opened.desk.items(id)].sort((a, b) => a.number - b.number);
    expect(items.map(({ state, problem }) => problem?.code ?? state)).toEqual([
      ...['completed', 'EMPTY_TEXT', 'completed', 'completed'],
      ...['TABLE_NEEDS_COLUMNS', 'DOCUMENT_DAMAGED'],
    ]);
    const head = await headOf(opened.vault, items[2]?.recordId ?? '');
    expect(head).toMatchObject({ title: 'a · A3', caseId: 'A3', source: { row: 3 } });
    expect(items.map(({ row }) => row)).toEqual([1, 2, 3, ...new Array<undefined>(3)]);
    expect(items[1]).toMatchObject({ recordId: null, name: 'a · A2', row: 2, caseId: 'A2' });
  });

  test('of a table with bad rows each says its row and case, also after a restart, and the others run', async () => {
    const long = '长'.repeat(2_097_152);
    await write('a.csv', `号,病程\nA1,患者甲，头痛。\nA2,${long}\nA3,\nA4,患者甲，头痛。`);
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const source = {
      ...{ kind: 'files' as const, paths: [join(files, 'a.csv'), join(files, '没有')] },
      tables: [{ path: join(files, 'a.csv'), choice }],
    };
    extractor.answer = failsFor('甲', 'DECODE_FAILED');
    const id = await opened.desk.start({ ...orderOf(), source });
    await finished(id);
    await restart();
    const items = [...opened.desk.items(id)].sort((a, b) => a.number - b.number);
    expect(items.map(({ row, caseId, problem }) => [row, caseId, problem?.code])).toEqual([
      [1, undefined, 'DECODE_FAILED'],
      [2, 'A2', 'TEXT_TOO_LARGE'],
      [3, 'A3', 'EMPTY_TEXT'],
      [4, undefined, 'DECODE_FAILED'],
      [undefined, undefined, 'FILE_UNREADABLE'],
    ]);
    expect(items.map(({ name }) => name)).toEqual([null, 'a · A2', 'a · A3', null, '没有']);
    expect(items[1]?.problem?.params).toMatchObject({ chars: 2_097_152 });
    const head = await headOf(opened.vault, items[3]?.recordId ?? '');
    expect(head).toMatchObject({ title: 'a · A4', caseId: 'A4' });
  });

  test('nothing of a record can be read in the box', async () => {
    extractor.answer = failsFor('哨兵', 'DECODE_FAILED');
    await write('张哨兵.txt', '患者张哨兵，头痛。');
    const id = await opened.desk.start(fromFiles());
    await finished(id);
    const bytes = await readFile(join(dir, 'batches', `${id}.cmb`));
    expect(bytes.includes(Buffer.from('哨兵'))).toBe(false);
    expect(bytes.includes(Buffer.from(files))).toBe(false);
  });
});
