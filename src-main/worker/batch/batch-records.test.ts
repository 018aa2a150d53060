/** Records that are in the journal, run again as a batch. */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { ExtractionRequest } from '../../domain/contract/extraction';
import { recordHeadSchema, storedRunSchema } from '../../domain/contract/record';
import { latestRow, sealedRow } from '../sealed-rows';
import { createBatchBox } from '../../vault/batch-box';
import { BatchCopies } from './batch-copies';
import { BatchLog } from './batch-log';
import { orderOf, resultOf } from './batch.fixture';
import { TestDesk, until } from './test-desk.fixture';

const at = new TestDesk('chimed-batch-records-');

async function made(...texts: string[]): Promise<string[]> {
  const source = { kind: 'paste' as const, notices: [] };
  const ids: string[] = [];
  for (const text of texts) {
    ids.push((await at.store.create({ title: text.slice(0, 3), text, source })).recordId);
  }
  return ids;
}

const chosen = (recordIds: readonly string[], whileLocked = false) => ({
  ...orderOf(whileLocked),
  source: { kind: 'records' as const, recordIds: [...recordIds] },
});

const states = (id: string): string[] =>
  [...at.desk.items(id)]
    .sort((a, b) => a.number - b.number)
    .map(({ state, problem }) => problem?.code ?? state);

/** Of every run in the journal: its record, and the beginning of the text that it is of. */
async function runs(): Promise<[string, string | null][]> {
  const found: [string, string | null][] = [];
  for (const id of at.vault.journal.idsOf('run')) {
    const run = await latestRow(at.vault, 'run', id, storedRunSchema);
    if (run) found.push([run.value.recordId, run.value.facts[0]?.text ?? null]);
  }
  return found.sort();
}

/** As an edit does: a new version of the text, which the record has from now on. */
async function rewrite(recordId: string, text: string): Promise<void> {
  const { vault } = at;
  const record = await latestRow(vault, 'record', recordId, recordHeadSchema);
  if (!record) throw new Error('no such record');
  const textSha256 = hash('sha256', text);
  const textId = vault.textId(recordId, textSha256);
  const head = { ...record.value, textId, textSha256, chars: text.length };
  await vault.journal.append([
    sealedRow(record.key, 'text', textId, 1, { text }),
    sealedRow(record.key, 'record', recordId, record.version + 1, head),
  ]);
}

/** Answers nothing before it is let go. */
function hold(): () => void {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  at.extractor.answer = async (request) => {
    await held;
    return resultOf(request);
  };
  return release;
}

describe('chosen records', () => {
  test('each is run once where it is: no record is made, and no text is in the box', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const ids = await made('患者甲。', '患者乙。', '患者丙。');
    const id = await at.desk.start(chosen(ids));
    expect(at.summary(id)).toMatchObject({ counts: { total: 3, waiting: 3 }, phase: 'waiting' });
    for (const recordId of ids) expect(at.desk.holds(recordId)).toBe(false);
    const bytes = await readFile(join(at.dir, 'batches', `${id}.cmb`));
    await at.close();
    await at.open();
    // The list is all that was written.
    expect((await readFile(join(at.dir, 'batches', `${id}.cmb`))).byteLength).toBe(
      bytes.byteLength,
    );
    at.extractor.change(null);
    await at.finished(id);
    expect(at.desk.items(id).map(({ recordId }) => recordId)).toEqual(ids);
    expect([...at.vault.journal.idsOf('record')]).toEqual(ids);
    expect((await runs()).map(([recordId]) => recordId)).toEqual([...ids].sort());
    await until(() => !at.summary(id).canRetry && at.summary(id).counts.completed === 3);
    expect(at.problems).toEqual([]);
  });

  test('of a batch that is done the list is kept, also after a restart', async () => {
    const ids = await made('患者甲。', '患者乙。');
    const id = await at.desk.start(chosen(ids));
    await at.finished(id);
    const boxes = (): Promise<string[]> => readdir(join(at.dir, 'batches'));
    await until(async () => (await boxes()).includes(`${id}-done.cmb`));
    await at.close();
    await at.open();
    await until(() => at.summary(id).phase === 'finished');
    expect(at.desk.items(id).map(({ state, recordId }) => [state, recordId])).toEqual(
      ids.map((recordId) => ['completed', recordId]),
    );
    expect(await runs()).toHaveLength(2);
  });

  test('what is put first is done first, and the time left is told by their number', async () => {
    at.extractor.sequences = 1;
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const id = await at.desk.start(chosen(await made('患者零。', '患者一。', '患者二。')));
    await at.desk.move(id, [2], 0);
    const held: (() => void)[] = [];
    at.extractor.answer = async (request) => {
      if (request.text !== '患者二。') await new Promise<void>((resolve) => held.push(resolve));
      return resultOf(request);
    };
    at.extractor.change(null);
    await until(() => at.summary(id).secondsLeft !== null);
    // Two are read at once, and either may be there first.
    expect(at.extractor.asked.slice(0, 2).sort()).toEqual(['患者二。', '患者零。'].sort());
    at.extractor.answer = resultOf;
    for (const release of held) release();
    await at.finished(id);
  });

  test('a record in the bin fails and says so, and runs once it is restored; one deleted for good was not found', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const [bin = '', gone = '', there = ''] = await made('患者甲。', '患者乙。', '患者丙。');
    const id = await at.desk.start(chosen([bin, gone, there]));
    await at.store.delete(bin);
    await at.store.shred(gone);
    at.extractor.change(null);
    await at.finished(id);
    expect(states(id)).toEqual(['RECORD_IN_BIN', 'RECORD_NOT_FOUND', 'completed']);
    expect(at.extractor.asked).toEqual(['患者丙。']);
    await at.store.restore(bin);
    await at.desk.retry(id, [0]);
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'RECORD_NOT_FOUND', 'completed']);
    expect((await runs()).map(([recordId]) => recordId)).toEqual([bin, there].sort());
  });

  test('a text that was changed is read as it is when its turn comes', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const [recordId = ''] = await made('旧病历。');
    const id = await at.desk.start(chosen([recordId]));
    await rewrite(recordId, '新病历。');
    at.extractor.change(null);
    await at.finished(id);
    expect(at.extractor.asked).toEqual(['新病历。']);
    expect(await runs()).toEqual([[recordId, '新病历']]);
  });

  test('what was found in a record is in the box: while it is, the record cannot be deleted for good', async () => {
    const [found = '', bin = ''] = await made('患者甲。', '患者乙。');
    await at.store.delete(bin);
    const release = hold();
    const id = await at.desk.start(chosen([found, bin]));
    await until(() => at.extractor.inHand === 1 && states(id)[1] === 'RECORD_IN_BIN');
    expect([at.desk.holds(found), at.desk.holds(bin)]).toEqual([true, false]);
    release();
    await at.finished(id);
    // The other one can still be tried again, so the box stays.
    expect(states(id)).toEqual(['completed', 'RECORD_IN_BIN']);
    expect([at.desk.holds(found), at.desk.holds(bin)]).toEqual([true, false]);
  });

  test.each([false, true])(
    'is run with the sections as a person corrected them, copied or not: %s',
    async (copies) => {
      const [recordId = ''] = await made('家族史：父亲高血压。');
      const { textSha256 } = await at.store.text(recordId);
      const sections = [{ name: '家族史', start: 0, body: 4, end: 10 }];
      await at.store.saveSections({ recordId, textSha256, sections, at: 0 }, 0);
      const read: ExtractionRequest[] = [];
      at.extractor.answer = async (request) => {
        read.push(request);
        return resultOf(request);
      };
      await at.finished(await at.desk.start(chosen([recordId], copies)));
      expect(read.map((request) => request.sections)).toEqual([sections]);
    },
  );

  test('changed, or deleted for good, while the model is at it: it is run anew or says so, and nothing is twice', async () => {
    const release = hold();
    const [changed = '', gone = ''] = await made('旧病历。', '患者乙。');
    const id = await at.desk.start(chosen([changed, gone]));
    await until(() => at.extractor.inHand === 2);
    await rewrite(changed, '新病历。');
    await at.store.shred(gone);
    release();
    await at.finished(id);
    expect(states(id)).toEqual(['completed', 'RECORD_NOT_FOUND']);
    expect(await runs()).toEqual([[changed, '新病历']]);
    expect(at.problems).toEqual([]);
  });

  test('a batch that comes to a record while it is being deleted for good reads nothing of it', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const [gone = '', there = ''] = await made('患者甲。', '患者乙。');
    const id = await at.desk.start(chosen([gone, there]));
    await at.store.shred(gone, async () => {
      expect(at.desk.holds(gone)).toBe(false);
      at.extractor.change(null);
      await until(() => states(id)[1] === 'completed');
    });
    await at.finished(id);
    expect(states(id)).toEqual(['RECORD_NOT_FOUND', 'completed']);
    expect(at.extractor.asked).toEqual(['患者乙。']);
    expect(at.desk.holds(gone)).toBe(false);
  });

  test('one that a person took out is held for as long as the model still has it', async () => {
    hold();
    let stop: () => void = () => undefined;
    at.extractor.stopping = new Promise<void>((resolve) => (stop = resolve));
    const [recordId = ''] = await made('患者甲。');
    const id = await at.desk.start(chosen([recordId]));
    await until(() => at.extractor.inHand === 1);
    await at.desk.cancel(id, [0]);
    expect([states(id), at.desk.holds(recordId)]).toEqual([['cancelled'], true]);
    stop();
    await until(() => !at.desk.holds(recordId));
  });

  test('taken out and tried anew before the model let it go, a record is in its hands once at a time', async () => {
    hold();
    let stop: () => void = () => undefined;
    at.extractor.stopping = new Promise<void>((resolve) => (stop = resolve));
    const ids = await made('患者甲。', '患者乙。');
    const id = await at.desk.start(chosen(ids));
    await until(() => at.extractor.inHand === 2);
    await at.desk.cancel(id, [0]);
    await at.desk.retry(id, [0]);
    expect(states(id)[0]).toBe('waiting');
    expect(at.extractor.asked).toHaveLength(2);
    at.extractor.answer = resultOf;
    stop();
    await until(() => states(id)[0] === 'completed');
    expect(at.extractor.asked.filter((text) => text === '患者甲。')).toHaveLength(2);
    expect(at.extractor.mostInHand).toBe(2);
  });
});

describe('while the vault is locked', () => {
  const copied = async (id: string, bytes: number): Promise<void> =>
    until(async () => {
      const { byteLength } = await readFile(join(at.dir, 'batches', `${id}.cmb`));
      return byteLength > bytes;
    });
  const long = '患者头痛三天，否认高血压病史。'.repeat(400);

  test('allowed to, it goes on with copies that its key opens, and is saved once at the unlock', async () => {
    const release = hold();
    const ids = await made(...['甲', '乙', '丙'].map((name) => name + long));
    const id = await at.desk.start(chosen(ids, true));
    expect(at.desk.holds(ids[0] ?? '')).toBe(true);
    await until(() => at.extractor.inHand > 0);
    await copied(id, 3 * long.length);
    const boxes = await at.close();
    release();
    at.extractor.answer = resultOf;
    const locked = await at.finishedLocked(boxes, id);
    expect(locked).toMatchObject({ counts: { completed: 3 }, unsaved: 3 });
    expect((await runs()).map(([recordId]) => recordId)).toEqual([...ids].sort());
    // The copies go with the box.
    await until(() => !at.desk.holds(ids[0] ?? ''));
  });

  test('locked before all is copied, it works on what it has, and the rest after the unlock', async () => {
    const asked: ExtractionRequest[] = [];
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const ids = await made('患者甲。', '患者乙。');
    const id = await at.desk.start(chosen(ids, true));
    // At once: nothing was copied yet, or the first group was.
    const boxes = await at.close();
    at.extractor.answer = (request) => {
      asked.push(request);
      return resultOf(request);
    };
    at.extractor.change(null);
    const { desk: locked, problems } = await at.openLocked(boxes);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(problems).toEqual([]);
    await locked.rest();
    await at.open();
    await at.finished(id);
    expect((await runs()).map(([recordId]) => recordId)).toEqual([...ids].sort());
    expect(asked).toHaveLength(2);
  });

  test('a text that was changed after it was copied: what was found in the old one is not kept', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const [recordId = ''] = await made(`旧病历。${long}`);
    const id = await at.desk.start(chosen([recordId], true));
    await copied(id, long.length);
    await rewrite(recordId, '新病历。');
    const boxes = await at.close();
    at.extractor.change(null);
    const { desk: locked } = await at.openLocked(boxes);
    await until(() => locked.summary(id)?.phase === 'finished');
    await locked.rest();
    await at.open();
    await at.finished(id);
    expect(await runs()).toEqual([[recordId, '新病历']]);
    await at.close();
    await at.open();
    await at.finished(id);
    expect(await runs()).toHaveLength(1);
  });

  test('of several batches that wait, each goes on with copies of its own, also behind one that has nothing left to do', async () => {
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    const [bin = '', ...ids] = await made(...['甲', '乙', '丙'].map((name) => name + long));
    await at.store.delete(bin);
    const first = await at.desk.start(chosen([bin, ids[0] ?? ''], true));
    const second = await at.desk.start(chosen(ids, true));
    await copied(first, long.length);
    await copied(second, 2 * long.length);
    const boxes = await at.close();
    at.extractor.change(null);
    const { desk: locked } = await at.openLocked(boxes);
    await until(() => locked.summary(second)?.phase === 'finished');
    // Of the one in the bin there is no copy.
    expect(locked.summary(first)).toMatchObject({ counts: { completed: 1, waiting: 1 } });
    await locked.rest();
    await at.open();
    await at.finished(first);
    await at.finished(second);
    expect(states(first)).toEqual(['RECORD_IN_BIN', 'completed']);
    expect((await runs()).map(([recordId]) => recordId)).toEqual(
      [ids[0], ids[0], ids[1]].sort() as string[],
    );
    expect(at.problems).toEqual([]);
  });

  test('batches that wait take only so much room; what was not copied runs after the unlock', async () => {
    await at.close();
    at.extractor.change({ code: 'MODEL_NOT_READY' });
    await at.open({ mostCharsAhead: 100 });
    const ids = await made(...Array.from({ length: 40 }, (_, i) => `患者${100 + i}。`));
    const read = vi.spyOn(at.store, 'text');
    const first = await at.desk.start(chosen(ids.slice(0, 1), true));
    const second = await at.desk.start(chosen(ids, true));
    const third = await at.desk.start(chosen(ids, true));
    // One of the batch that is next, and one group of those behind it.
    await until(() => read.mock.calls.length === 1 + 32);
    const boxes = await at.close();
    at.extractor.change(null);
    const { desk: locked } = await at.openLocked(boxes);
    const done = (): number =>
      [second, third].reduce((sum, id) => sum + (locked.summary(id)?.counts.completed ?? 0), 0);
    await until(() => done() === 32 && locked.summary(first)?.phase === 'finished');
    await locked.rest();
    await at.open({ mostCharsAhead: 100 });
    for (const id of [first, second, third]) await at.finished(id);
    expect(await runs()).toHaveLength(81);
  });

  test('one that is tried anew while others are copied is copied too', async () => {
    const box = await createBatchBox(join(at.dir, 'batches'), 'tried', at.vault.keys);
    try {
      const ids = await made(...Array.from({ length: 40 }, (_, i) => `患者${100 + i}。`));
      await at.store.delete(ids[0] ?? '');
      const log = await BatchLog.begin(box, {
        ...{ what: 'ordered', createdAt: 1 },
        ...chosen(ids, true),
      });
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const asked: string[] = [];
      const copies = new BatchCopies(log, {
        text: async (recordId) => {
          asked.push(recordId);
          if (recordId === ids[39]) await held;
          return at.store.text(recordId);
        },
      });
      const copying = copies.copy(new AbortController().signal);
      await until(() => asked.includes(ids[39] ?? ''));
      expect(log.state.hasCopy(0)).toBe(false);
      await log.appendResult({
        ...{ number: 0, state: 'failed', facts: null },
        problem: { code: 'RECORD_IN_BIN' },
      });
      await at.store.restore(ids[0] ?? '');
      await log.appendState({ what: 'retried', items: [0] });
      copies.retry([0]);
      release();
      await copying;
      expect(log.state.hasCopy(0)).toBe(true);
      expect(copies.isWanted).toBe(false);
    } finally {
      await box.close();
    }
  });
});
