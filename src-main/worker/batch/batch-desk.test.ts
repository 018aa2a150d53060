import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BatchItemState } from '../../domain/contract/batch';
import { AppError } from '../../domain/contract/errors';
import { recordHeadSchema, storedRunSchema, type StoredRun } from '../../domain/contract/record';
import { keyIdOfSealed, openJson } from '../../domain/sealing/row';
import type { Vault } from '../../vault/vault';
import type { LockedBox } from './batch-desk';
import { documents, failsFor, orderOf, resultOf } from './batch.fixture';
import { TestDesk, until } from './test-desk.fixture';

const at = new TestDesk('chimed-batch-');

const boxes = (): Promise<string[]> => readdir(join(at.dir, 'batches'));

const notes = (...texts: string[]) => ({
  ...orderOf(),
  source: { kind: 'notes' as const, notes: texts },
});
const fromFiles = (whileLocked = false) => ({
  ...orderOf(whileLocked),
  source: { kind: 'files' as const, paths: [at.files], tables: [] },
});
const states = (id: string): BatchItemState[] =>
  [...at.desk.items(id)].sort((a, b) => a.number - b.number).map(({ state }) => state);
const write = (name: string, text: string): Promise<void> => writeFile(join(at.files, name), text);

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
    const id = await at.desk.start(notes('患者甲头痛。', '患者乙发热。', '患者丙咳嗽。'));
    await at.finished(id);
    const runs = await runsIn(at.vault);
    expect(recordsIn(at.vault)).toHaveLength(3);
    expect([...runs.values()].map((each) => each.length)).toEqual([1, 1, 1]);
    expect(at.summary(id).counts.completed).toBe(3);
    expect(at.summary(id).unsaved).toBe(0);
    await until(async () => (await boxes()).includes(`${id}-done.cmb`));
    await until(async () => !(await boxes()).includes(`${id}.cmb`));
    expect(at.problems).toEqual([]);
    await at.restart();
    expect(at.summary(id)).toMatchObject({ phase: 'finished', counts: { completed: 3 } });
    expect(
      at.desk
        .items(id)
        .map(({ recordId }) => recordId)
        .sort(),
    ).toEqual(recordsIn(at.vault).sort());
  });

  test('of a folder: files are records named after them; what cannot be read says why', async () => {
    await write('出院小结1.txt', '患者甲，头痛三天。');
    await write('空.txt', '');
    await write('照片.png', 'x');
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    const items = at.desk.items(id);
    expect(items.map(({ state }) => state).sort()).toEqual(['completed', 'failed', 'failed']);
    const done = items.find(({ state }) => state === 'completed');
    expect((await headOf(at.vault, done?.recordId ?? '')).title).toBe('出院小结1');
    const failed = items.filter(({ state }) => state === 'failed');
    expect(failed.map(({ name, problem }) => [name, problem?.code]).sort()).toEqual([
      ['照片', 'UNSUPPORTED_FILE'],
      ['空', expect.stringMatching(/EMPTY/)],
    ]);
  });

  test('asks for as many at once as the model takes, and one more', async () => {
    at.extractor.sequences = 3;
    at.extractor.answer = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return resultOf(request);
    };
    const id = await at.desk.start(notes(...Array.from({ length: 12 }, (_, i) => `患者${i}。`)));
    await at.finished(id);
    expect(at.extractor.mostInHand).toBe(4);
  });

  test('the same text twice is one record; the second is linked to it', async () => {
    await write('a.txt', '患者甲，头痛三天。');
    await write('b.txt', '患者甲，头痛三天。');
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    const [first, second] = at.desk.items(id);
    expect(states(id)).toEqual(['completed', 'duplicate']);
    expect(second).toMatchObject({ recordId: first?.recordId, duplicateOf: 0 });
    // By the name of its own file, not by that of the record that it equals.
    expect([first?.name, second?.name]).toEqual([null, 'b']);
    expect(recordsIn(at.vault)).toHaveLength(1);
  });

  test('the same text of two cases is two records, also after a restart; of one case it is one', async () => {
    await write('a.csv', '号,病程\nA,无特殊。\nB,无特殊。\nA,无特殊。\n,无特殊。');
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const table = { path: join(at.files, 'a.csv'), choice };
    const order = { ...orderOf(), source: { ...fromFiles().source, tables: [table] } };
    const id = await at.desk.start(order);
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'completed', 'duplicate', 'duplicate']);
    const again = await at.desk.start(order);
    await at.finished(again);
    await at.restart();
    const third = await at.desk.start(order);
    await at.finished(third);
    for (const later of [again, third]) {
      expect(states(later)).toEqual(new Array(4).fill('duplicate'));
    }
    const cases = await Promise.all(
      recordsIn(at.vault).map(async (each) => (await headOf(at.vault, each)).caseId),
    );
    expect(cases.sort()).toEqual(['A', 'B']);
  });

  test('a record of before whose case is not known is run for one of the cases with its text', async () => {
    const source = { kind: 'paste' as const, notices: [] };
    const { recordId } = await at.store.create({ title: '旧', text: '无特殊。', source });
    await write('a.csv', '号,病程\nA,无特殊。\nB,无特殊。');
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const tables = [{ path: join(at.files, 'a.csv'), choice }];
    const id = await at.desk.start({
      ...{ ...orderOf(), duplicates: 'run', source: { ...fromFiles().source, tables } },
    });
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
    expect(recordsIn(at.vault)).toHaveLength(2);
    expect((await runsIn(at.vault)).get(recordId)).toHaveLength(1);
  });

  test('a text that a record of before has: left, or that record is run, as was chosen', async () => {
    const text = '患者甲，头痛三天。';
    const source = { kind: 'paste' as const, notices: [] };
    const { recordId } = await at.store.create({ title: '旧', text, source });
    const left = await at.desk.start(notes(text));
    await at.finished(left);
    expect(at.desk.items(left)[0]).toMatchObject({ state: 'duplicate', recordId });
    const run = await at.desk.start({ ...notes(text), duplicates: 'run' });
    await at.finished(run);
    expect(at.desk.items(run)[0]).toMatchObject({ state: 'completed', recordId });
    expect(recordsIn(at.vault)).toHaveLength(1);
    expect((await runsIn(at.vault)).get(recordId)).toHaveLength(1);
  });

  test('one after the other: the second begins when the first has ended', async () => {
    const first = await at.desk.start(notes('患者甲。', '患者乙。'));
    const second = await at.desk.start(notes('患者丙。'));
    await at.finished(second);
    expect(at.extractor.asked).toEqual(['患者甲。', '患者乙。', '患者丙。']);
    expect(at.summary(first).phase).toBe('finished');
  });
});

describe('what a person asks of a batch', () => {
  test('paused it does nothing, also after a restart; resumed it goes on', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => at.summary(id).phase === 'waiting');
    expect(at.summary(id).problem?.code).toBe('MODEL_NOT_READY');
    await at.desk.pause(id);
    at.extractor.change(null);
    await at.restart();
    expect(at.summary(id).phase).toBe('paused');
    expect(at.extractor.asked).toEqual([]);
    await at.desk.resume(id);
    await at.finished(id);
  });

  test('what is put first is done first, also after a restart', async () => {
    at.extractor.sequences = 1;
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const id = await at.desk.start(notes('患者零。', '患者一。', '患者二。', '患者三。'));
    await until(() => at.summary(id).counts.waiting === 4);
    await at.desk.move(id, [3, 2], 0);
    await at.restart();
    expect(at.desk.items(id).map(({ number }) => number)).toEqual([3, 2, 0, 1]);
    at.extractor.change(null);
    await at.finished(id);
    expect(at.extractor.asked).toEqual(['患者三。', '患者二。', '患者零。', '患者一。']);
  });

  test('cancelled records are not run, and what was found stays', async () => {
    at.extractor.sequences = 1;
    let release: () => void = () => undefined;
    at.extractor.answer = async (request) => {
      if (request.text !== '患者甲。') await new Promise<void>((resolve) => (release = resolve));
      return resultOf(request);
    };
    const id = await at.desk.start(notes('患者甲。', '患者乙。', '患者丙。'));
    await until(() => at.summary(id).counts.completed === 1 && at.extractor.inHand > 0);
    await at.desk.cancel(id);
    await at.finished(id);
    release();
    expect(states(id)).toEqual(['completed', 'cancelled', 'cancelled']);
    expect((await runsIn(at.vault)).size).toBe(1);
  });

  test('given up while its files are still read, nothing more is read and nothing runs', async () => {
    await at.close();
    for (const name of ['甲', '乙', '丙']) await write(`${name}.txt`, `患者${name}。`);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let read = 0;
    await at.open({
      documents: {
        ...documents,
        read: async function* (path, options) {
          read += 1;
          if (read === 2) await held;
          yield* documents.read(path, options);
        },
      },
    });
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const id = await at.desk.start(fromFiles());
    await until(() => read === 2);
    const cancelling = at.desk.cancel(id);
    release();
    await cancelling;
    expect(at.summary(id)).toMatchObject({
      phase: 'cancelled',
      counts: { total: 1, cancelled: 1 },
    });
    at.extractor.change(null);
    await at.finished(await at.desk.start(notes('患者丁。')));
    expect(at.summary(id)).toMatchObject({ phase: 'cancelled', counts: { total: 1 } });
    expect([read, at.extractor.asked]).toEqual([2, ['患者丁。']]);
  });

  test.each(['cancel', 'retry', 'move'] as const)(
    'to %s a record that is not in it is refused, and its box can still be opened',
    async (what) => {
      at.extractor.change({ code: 'MODEL_NOT_READY' });
      const id = await at.desk.start(notes('患者甲。'));
      await until(() => at.summary(id).counts.waiting === 1);
      const { desk } = at;
      const asked = what === 'move' ? desk.move(id, [1], null) : desk[what](id, [1]);
      await expect(asked).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      await at.restart();
      expect(at.summary(id).counts.waiting).toBe(1);
      expect(at.problems).toEqual([]);
    },
  );

  test('what failed is tried again when asked, and then has one result', async () => {
    at.extractor.answer = failsFor('乙', 'DECODE_FAILED');
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'failed']);
    expect(at.desk.items(id).find(({ number }) => number === 1)?.problem?.code).toBe(
      'DECODE_FAILED',
    );
    await at.restart();
    at.extractor.answer = resultOf;
    await at.desk.retry(id);
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
    for (const runs of (await runsIn(at.vault)).values()) expect(runs).toHaveLength(1);
  });

  test('a file that could not be read is read again when asked, also after a restart, and nothing else is', async () => {
    await write('甲.txt', '患者甲，头痛。');
    await write('乙.txt', '');
    await write('丙.pdf', '%PDF-1.4 坏的');
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    expect(at.summary(id).canRetry).toBe(true);
    const before = at.desk.items(id);
    await write('乙.txt', '患者乙，发热。');
    await write('后来的.txt', '患者丁，咳嗽。');
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    await at.desk.retry(id);
    await at.restart();
    await until(() => at.summary(id).phase === 'waiting');
    at.extractor.change(null);
    await at.finished(id);
    const after = at.desk.items(id);
    expect(after.map(({ number }) => number)).toEqual(before.map(({ number }) => number));
    const [nowRead, stillBad] = ['乙', '丙'].map((name) => {
      const number = before.find((item) => item.name === name)?.number;
      return after.find((item) => item.number === number);
    });
    expect(stillBad).toMatchObject({ state: 'failed', problem: { code: 'DOCUMENT_DAMAGED' } });
    expect(nowRead?.state).toBe('completed');
    const head = await headOf(at.vault, nowRead?.recordId ?? '');
    expect(head.title).toBe('乙');
    expect(at.extractor.asked.sort()).toEqual(['患者甲，头痛。', '患者乙，发热。'].sort());
    // The record has its text in the box like every other one.
    await at.restart();
    expect(at.summary(id).counts).toMatchObject({ total: 3, completed: 2, failed: 1, waiting: 0 });
  });

  test('a folder and a table that could not be read: their first record takes the place of the failure', async () => {
    const [folder, table] = [join(at.files, '夹'), join(at.files, '门诊.csv')];
    await write('门诊.csv', '');
    const source = { kind: 'files' as const, paths: [folder, table], tables: [] };
    const id = await at.desk.start({ ...orderOf(), source });
    await at.finished(id);
    expect(states(id)).toEqual(['failed', 'failed']);
    await mkdir(folder);
    await write('夹/甲.txt', '患者甲，头痛。');
    await write('夹/乙.txt', '患者乙，头痛。');
    await write('门诊.csv', '住院号,病程记录\nZY1,患者丙，头痛三天。\nZY2,患者丁，头痛三天。');
    await at.desk.retry(id);
    await at.finished(id);
    expect(at.summary(id).counts).toMatchObject({ total: 4, completed: 4 });
    const recordIds = at.desk.items(id).map(({ recordId }) => recordId ?? '');
    const heads = await Promise.all(recordIds.map((each) => headOf(at.vault, each)));
    expect(heads.map(({ title }) => title).sort()).toEqual(
      ['乙', '甲', '门诊 · ZY1', '门诊 · ZY2'].sort(),
    );
    await until(() => at.summary(id).canRetry === false);
  });

  test('a table that is read again goes on after an end in the middle: each row once, none lost', async () => {
    await write('门诊.csv', '');
    await at.close();
    let stop: (() => void) | null = null;
    await at.open({
      onChange: (_id, numbers) => {
        if (numbers.includes(5)) stop?.();
      },
    });
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    const rows = Array.from({ length: 40 }, (_, i) => `ZY${i},患者${i}，头痛三天。`);
    await write('门诊.csv', ['住院号,病程记录', ...rows].join('\n'));
    const inTheMiddle = new Promise<void>((resolve) => {
      stop = () => void at.close().then(() => resolve());
    });
    await at.desk.retry(id);
    await inTheMiddle;
    await at.restart();
    expect(at.summary(id).counts.total).toBeLessThan(40);
    await at.finished(id);
    expect(at.summary(id).counts).toMatchObject({ total: 40, completed: 40 });
    expect((await runsIn(at.vault)).size).toBe(40);
  });

  test('a file that is gone meanwhile fails again, and says so', async () => {
    await write('甲.txt', '');
    await write('乙.txt', '');
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    await rm(join(at.files, '甲.txt'));
    await at.desk.retry(id);
    await at.finished(id);
    const codes = at.desk.items(id).map(({ name, problem }) => [name, problem?.code]);
    expect(codes.sort()).toEqual([
      ['乙', 'FILE_EMPTY'],
      ['甲', 'FILE_UNREADABLE'],
    ]);
  });

  test('taken off the list it is gone, with its box; records and results stay', async () => {
    at.extractor.answer = failsFor('乙', 'DECODE_FAILED');
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await at.finished(id);
    await at.desk.remove(id);
    expect(at.desk.summaries).toEqual([]);
    expect(
      (await readdir(join(at.dir, 'batches'))).filter((name) => name.endsWith('.cmb')),
    ).toEqual([]);
    expect(recordsIn(at.vault)).toHaveLength(2);
    expect((await runsIn(at.vault)).size).toBe(1);
  });

  test('a record is held as long as its text is in a box, and no longer', async () => {
    at.extractor.answer = failsFor('甲', 'DECODE_FAILED');
    const id = await at.desk.start(notes('患者甲。'));
    await at.finished(id);
    const recordId = at.desk.items(id)[0]?.recordId ?? '';
    expect(at.desk.holds(recordId)).toBe(true);
    at.extractor.answer = resultOf;
    await at.desk.retry(id);
    await until(() => !at.desk.holds(recordId));
  });
});

describe('the model host', () => {
  test('goes away on purpose: what was in its hands waits, and nothing counts against it', async () => {
    let away = true;
    at.extractor.answer = (request) => {
      if (away) throw new AppError('HOST_UNAVAILABLE');
      return resultOf(request);
    };
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => at.extractor.asked.length >= 2 && at.extractor.inHand === 0);
    away = false;
    at.extractor.change(null);
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
  });

  test('a model that says no although it stands ready is not asked again at once, but by and by', async () => {
    at.extractor.answer = () => {
      throw new AppError('MODEL_NOT_READY');
    };
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => at.extractor.asked.length >= 2 && at.extractor.inHand === 0);
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(at.extractor.asked.length).toBeLessThan(20);
    expect(at.summary(id)).toMatchObject({
      phase: 'waiting',
      problem: { code: 'MODEL_NOT_READY' },
    });
    at.extractor.answer = resultOf;
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'completed']);
  });

  test('a record that ends it twice fails; those that were there with it are done', async () => {
    at.extractor.sequences = 4;
    const gone: (() => void)[] = [];
    at.extractor.answer = async (request) => {
      if (request.text.includes('乙')) {
        for (const fail of gone.splice(0)) fail();
        throw new AppError('HOST_DIED');
      }
      // In its hands when it dies, unless it is there alone.
      if (at.extractor.inHand === 1) return resultOf(request);
      await new Promise<void>((resolve, reject) => {
        gone.push(() => reject(new AppError('HOST_DIED')));
        setTimeout(resolve, 50);
      });
      return resultOf(request);
    };
    const id = await at.desk.start(notes('患者甲。', '患者乙。', '患者丙。', '患者丁。'));
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'failed', 'completed', 'completed']);
    expect(at.desk.items(id).find(({ number }) => number === 1)?.problem?.code).toBe('HOST_DIED');
    for (const runs of (await runsIn(at.vault)).values()) expect(runs).toHaveLength(1);
  });

  test('a model that does not know the schema stops the batch and says so', async () => {
    at.extractor.answer = failsFor('患者', 'SCHEMA_NOT_SUPPORTED');
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => at.summary(id).phase === 'paused');
    expect(at.summary(id)).toMatchObject({ problem: { code: 'SCHEMA_NOT_SUPPORTED' } });
    expect(at.summary(id).counts.failed).toBe(0);
  });

  test('other settings than the batch began with stop it: one batch, one run', async () => {
    let context = 256;
    at.extractor.sequences = 1;
    at.extractor.answer = (request) => {
      const result = resultOf(request);
      const run = { ...result.run, settings: { context } };
      if (request.text === '患者乙。') context = 512;
      return { ...result, run };
    };
    const id = await at.desk.start(notes('患者甲。', '患者乙。', '患者丙。', '患者丁。'));
    await until(() => at.summary(id).phase === 'paused' && at.extractor.inHand === 0);
    expect(at.summary(id).problem?.code).toBe('BATCH_RUN_CHANGED');
    context = 256;
    at.extractor.answer = resultOf;
    await at.desk.resume(id);
    await at.finished(id);
    const settings = [...(await runsIn(at.vault)).values()].flat().map(({ run }) => run.settings);
    expect(settings).toEqual(new Array(4).fill({ context: 256 }));
  });

  test('a schema of the hospital that is edited meanwhile changes no run', async () => {
    const definition = {
      ...{ id: 'own', version: 3, chinese: '自定', english: '', fields: [], attributes: [] },
      types: [{ id: '药物', english: '', hue: 1 }],
    };
    const order = { ...orderOf().order, schema: 'own', definition };
    const id = await at.desk.start({ ...notes('患者甲。', '患者乙。'), order });
    definition.types[0] = { id: '别的', english: '', hue: 2 };
    await at.finished(id);
    const runs = [...(await runsIn(at.vault)).values()].flat();
    expect(runs.map(({ run }) => run.definition?.types[0]?.id)).toEqual(['药物', '药物']);
  });
});

describe('while the vault is locked', () => {
  let release: () => void = () => undefined;
  const holdAll = (): void => {
    const held = new Promise<void>((resolve) => (release = resolve));
    at.extractor.answer = async (request) => {
      await held;
      return resultOf(request);
    };
  };

  const lock = async (): Promise<LockedBox[]> => at.close();

  test('a batch whose starter allowed it goes on with its own key, and is saved once at the unlock', async () => {
    holdAll();
    const id = await at.desk.start({
      ...notes('患者甲。', '患者乙。', '患者丙。'),
      ...orderOf(true),
    });
    await until(() => at.extractor.inHand > 0);
    const boxes = await lock();
    expect(boxes.map(({ path }) => path)).toEqual([join(at.dir, 'batches', `${id}.cmb`)]);
    at.extractor.answer = resultOf;
    release();
    const locked = await at.finishedLocked(boxes, id);
    expect(locked).toMatchObject({ counts: { completed: 3 }, unsaved: 3 });
    const runs = await runsIn(at.vault);
    expect([...runs.values()].map((each) => each.length)).toEqual([1, 1, 1]);
    await until(() => at.summary(id).unsaved === 0);
  });

  test('a batch whose starter did not allow it gives no key away, and goes on after the unlock', async () => {
    holdAll();
    const id = await at.desk.start(notes('患者甲。', '患者乙。'));
    await until(() => at.extractor.inHand > 0);
    expect(await lock()).toEqual([]);
    at.extractor.answer = resultOf;
    release();
    await at.open();
    await at.finished(id);
    expect((await runsIn(at.vault)).size).toBe(2);
  });

  test('its key opens no other batch', async () => {
    holdAll();
    const mine = await at.desk.start({ ...notes('患者甲。'), ...orderOf(true) });
    const other = await at.desk.start(notes('患者乙。'));
    await until(() => at.extractor.inHand > 0);
    const [box] = await lock();
    const path = join(at.dir, 'batches', `${other}.cmb`);
    const { desk: locked, problems } = await at.openLocked([
      { path, key: box?.key ?? new Uint8Array(32) },
    ]);
    expect(locked.summaries).toEqual([]);
    expect(problems).toMatchObject([{ code: 'BATCH_OTHER_KEY' }]);
    expect(box?.path).toContain(mine);
    await at.open();
    release();
  });
});

describe('what happens to files', () => {
  test('a folder that is removed while its batch runs changes nothing for what was imported', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    for (let i = 0; i < 5; i += 1) await write(`${i}.txt`, `患者${i}，头痛。`);
    const id = await at.desk.start(fromFiles());
    await until(() => at.summary(id).phase === 'waiting');
    await rm(at.files, { recursive: true });
    await at.restart();
    at.extractor.change(null);
    await at.finished(id);
    expect(at.summary(id).counts.completed).toBe(5);
  });

  test('a folder that is removed while it is read: what was read is run, and the folder is named', async () => {
    await at.close();
    await at.open({
      onChange: (_id, numbers) => {
        if (numbers.includes(5)) rmSync(at.files, { recursive: true, force: true });
      },
    });
    for (let i = 0; i < 40; i += 1) await write(`${100 + i}.txt`, `患者${i}，头痛。`);
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    expect(states(id)).toEqual([...new Array<BatchItemState>(6).fill('completed'), 'failed']);
    expect(at.desk.items(id).at(-1)).toMatchObject({
      ...{ name: 'files', problem: { code: 'FOLDER_UNREADABLE' } },
    });
    expect(at.problems).toEqual([]);
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
      const id = await at.desk.start(fromFiles());
      await at.finished(id);
      const titles = await Promise.all(
        at.desk
          .items(id)
          .map(async ({ recordId }) => (await headOf(at.vault, recordId ?? '')).title),
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
      ...{ kind: 'files' as const, paths: [at.files] },
      tables: [{ path: join(at.files, 'a.csv'), choice }],
    };
    const id = await at.desk.start({ ...orderOf(), source });
    await at.finished(id);
    const items = [...at.desk.items(id)].sort((a, b) => a.number - b.number);
    expect(items.map(({ state, problem }) => problem?.code ?? state)).toEqual([
      ...['completed', 'EMPTY_TEXT', 'completed', 'completed'],
      ...['TABLE_NEEDS_COLUMNS', 'DOCUMENT_DAMAGED'],
    ]);
    const head = await headOf(at.vault, items[2]?.recordId ?? '');
    expect(head).toMatchObject({ title: 'a · A3', caseId: 'A3', source: { row: 3 } });
    expect(items.map(({ row }) => row)).toEqual([1, 2, 3, ...new Array<undefined>(3)]);
    expect(items[1]).toMatchObject({ recordId: null, name: 'a · A2', row: 2, caseId: 'A2' });
  });

  test('of a table with bad rows each says its row and case, also after a restart, and the others run', async () => {
    const long = '长'.repeat(2_097_152);
    await write('a.csv', `号,病程\nA1,患者甲，头痛。\nA2,${long}\nA3,\nA4,患者甲，头痛。`);
    const choice = { heading: true, textColumns: [1], caseIdColumn: 0 };
    const source = {
      ...{ kind: 'files' as const, paths: [join(at.files, 'a.csv'), join(at.files, '没有')] },
      tables: [{ path: join(at.files, 'a.csv'), choice }],
    };
    at.extractor.answer = failsFor('甲', 'DECODE_FAILED');
    const id = await at.desk.start({ ...orderOf(), source });
    await at.finished(id);
    await at.restart();
    const items = [...at.desk.items(id)].sort((a, b) => a.number - b.number);
    expect(items.map(({ row, caseId, problem }) => [row, caseId, problem?.code])).toEqual([
      [1, undefined, 'DECODE_FAILED'],
      [2, 'A2', 'TEXT_TOO_LARGE'],
      [3, 'A3', 'EMPTY_TEXT'],
      [4, undefined, 'DECODE_FAILED'],
      [undefined, undefined, 'FILE_UNREADABLE'],
    ]);
    expect(items.map(({ name }) => name)).toEqual([null, 'a · A2', 'a · A3', null, '没有']);
    expect(items[1]?.problem?.params).toMatchObject({ chars: 2_097_152 });
    const head = await headOf(at.vault, items[3]?.recordId ?? '');
    expect(head).toMatchObject({ title: 'a · A4', caseId: 'A4' });
  });

  test('nothing of a record can be read in the box', async () => {
    at.extractor.answer = failsFor('哨兵', 'DECODE_FAILED');
    await write('张哨兵.txt', '患者张哨兵，头痛。');
    const id = await at.desk.start(fromFiles());
    await at.finished(id);
    const bytes = await readFile(join(at.dir, 'batches', `${id}.cmb`));
    expect(bytes.includes(Buffer.from('哨兵'))).toBe(false);
    expect(bytes.includes(Buffer.from(at.files))).toBe(false);
  });
});
