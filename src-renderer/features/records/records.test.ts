import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '@domain/contract/errors';
import type { JournalRow, RecordHead } from '@domain/contract/record';
import type { CallOptions } from '@domain/contract/rpc';
import type { ReviewSummary, RunSummary } from '../../data/repository';
import type { Store } from '../../data/store';
import { Notices } from '../../ui/notices.svelte';
import { cutTitle, titleOfFile } from './import-file';
import { RecordIndex } from './record-index';
import { RecordsState } from './records.svelte';
import { SearchState } from './search.svelte';

const head = (title: string, createdAt: number, deletedAt: number | null = null): RecordHead => ({
  title,
  createdAt,
  updatedAt: createdAt,
  deletedAt,
  textId: 'x',
  textSha256: 'x',
  chars: 1,
  source: { kind: 'paste', notices: [] },
});
const run = (id: string, startedAt: number, factCount = 0) =>
  ({ id, recordId: 'a', schema: 's', startedAt, status: 'completed', factCount }) as const;

let notices = new Notices();
afterEach(() => {
  for (const { id } of notices.toasts) notices.closeToast(id);
  notices = new Notices();
});

/** A store in memory; rows carry their head in clear, which is enough for what is tested here. */
function setUp(first?: readonly string[], then: readonly string[] = []) {
  const heads = new Map<string, RecordHead>();
  const summaries = { runs: [] as RunSummary[], reviews: [] as ReviewSummary[] };
  const asked: string[] = [];
  const life = { fail: null as AppError | null, clock: 0 };
  const announce = (id: string) =>
    state.apply({
      kind: 'rows',
      rows: [{ seq: 1, table: 'record', id, version: 1, sealed: new Uint8Array() }],
    });
  const opened = (rows: readonly Pick<JournalRow, 'id'>[]) => ({
    values: rows.flatMap(({ id }) => {
      const value = heads.get(id);
      return value ? [{ id, value }] : [];
    }),
    unreadable: [],
    keyIds: [],
  });
  const store = {
    repository: {
      heads: async function* () {
        yield opened((first ?? [...heads.keys()]).map((id) => ({ id })));
        for (const id of then) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield opened([{ id }]);
        }
      },
      runSummaries: async function* () {
        const values = summaries.runs.map((value) => ({ id: value.id, value }));
        yield { values, unreadable: [], keyIds: [] };
      },
      reviewSummaries: async function* () {
        const values = summaries.reviews.map((value) => ({ id: value.id, value }));
        yield { values, unreadable: [] };
      },
      openReviewSummaries: async () => ({ values: [], unreadable: [] }),
      runSummariesOf: async () => ({ values: [], unreadable: [] }),
      head: async (id: string) => heads.get(id) ?? null,
      openHeads: async (rows: readonly JournalRow[]) => opened(rows),
      openRunSummaries: async () => ({ values: [], unreadable: [] }),
    },
    call: async (name: string, params: Record<string, unknown>, options?: CallOptions<unknown>) => {
      asked.push(name);
      if (name === 'search.run') {
        options?.onEvent?.(
          [...heads.keys()].map((recordId) => ({
            recordId,
            title: [],
            createdAt: 1,
            match: null,
            snippet: [],
          })),
        );
        return { next: null, unreadable: 0 };
      }
      if (life.fail) throw life.fail;
      if (name === 'documents.decode') {
        return { text: '文', source: { kind: 'file', fileSha256: 'f', notices: [] } };
      }
      const id = String(params['recordId'] ?? `id${++life.clock}`);
      const known = heads.get(id) ?? head('', life.clock);
      if (name === 'records.delete') heads.set(id, { ...known, deletedAt: 9 });
      else if (name === 'records.restore') heads.set(id, { ...known, deletedAt: null });
      else heads.set(id, { ...known, title: String(params['title']) });
      announce(id);
      return { recordId: id, seq: 1 };
    },
  };
  const state = new RecordsState(store as unknown as Store, notices);
  return { state, heads, summaries, asked, life };
}
const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
};
const file = (name: string, size = 3) => ({
  name,
  size,
  arrayBuffer: async () => {
    if (size > 100) throw new Error('read although it is too large');
    return new ArrayBuffer(size);
  },
});

describe('the list', () => {
  it('shows the newest first and nothing from the bin', () => {
    const index = new RecordIndex();
    index.putHead('a', head('a', 1));
    index.putHead('b', head('b', 3));
    index.putHead('c', head('c', 2, 5));
    expect(index.list().map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('forgets a record that was deleted for good, and its selection', async () => {
    const { state, heads } = setUp();
    heads.set('a', head('a', 1));
    heads.set('b', head('b', 2));
    await state.load();
    state.select('a');
    state.apply({ kind: 'removed', recordIds: ['a'], keyIds: ['0011223344556677'] });
    await until(() => state.items.length === 1);
    expect(state.items.map(({ id }) => id)).toEqual(['b']);
    expect(state.selectedId).toBeNull();
  });

  it('leads to each result that waits: of the record first, then round the others, and back', async () => {
    const { state, heads, summaries } = setUp();
    const done = { total: 1, decided: 1, open: 0, accepted: 1, rejected: 0, conflicts: 0, bulk: 0 };
    for (const [id, createdAt] of [...'cba'].map((each, at) => [each, at + 1] as const)) {
      heads.set(id, head(id, createdAt));
      for (const schema of id === 'b' ? ['lab'] : ['ccks2019', 'lab', 'own']) {
        const recordId = id;
        const known = {
          recordId,
          schema,
          startedAt: 1,
          status: 'completed' as const,
          factCount: 1,
        };
        summaries.runs.push({ id: `${id} ${schema}`, ...known });
      }
    }
    summaries.reviews.push({
      ...{ id: 'a.primary', recordId: 'a', textSha256: heads.get('a')?.textSha256 ?? '' },
      ...{ role: 'primary', schema: 'lab', version: 1, runId: 'a lab', progress: done },
      ...{ confirmedAt: 5, confirmedBy: 'd' },
    });
    await state.load();
    state.select('a');
    const visited: string[] = [];
    let shown: string | null = 'ccks2019';
    for (let at = 0; at < 7; at += 1) {
      const next = state.nextToReview(shown);
      if (!next) break;
      visited.push(`${next.item.id} ${next.schema}`);
      state.select(next.item.id);
      shown = next.schema;
    }
    expect(visited).toEqual([
      ...['a own', 'b lab', 'c ccks2019', 'c lab', 'c own', 'a ccks2019', 'a own'],
    ]);
    state.reviewFilter = 'done';
    expect(state.items.map(({ id }) => id)).toEqual(['a']);
    state.select(null);
    expect(state.items).toEqual([]);
    expect(state.nextToReview(null)).toMatchObject({ item: { id: 'a' }, schema: 'ccks2019' });
  });

  it('leads back to an earlier result of the only record, and nowhere from the last one', async () => {
    const { state, heads, summaries } = setUp();
    heads.set('a', head('a', 1));
    summaries.runs.push({ ...run('1', 1), schema: 'ccks2019' }, { ...run('2', 2), schema: 'lab' });
    await state.load();
    state.select('a');
    expect(state.nextToReview('lab')).toMatchObject({ schema: 'ccks2019' });
    const one = setUp();
    one.heads.set('a', head('a', 1));
    one.summaries.runs.push(run('1', 1));
    await one.state.load();
    one.state.select('a');
    expect(one.state.nextToReview('s')).toBeNull();
  });

  it('shows the latest run of a record, in whatever order runs come', () => {
    const index = new RecordIndex();
    index.putHead('a', head('a', 1));
    index.putRun(run('new', 20, 4));
    index.putRun(run('old', 10, 9));
    expect(index.get('a')?.lastRun).toMatchObject({ id: 'new', factCount: 4 });
  });
});

describe('a long list', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => [`id${at}`, head(`t${at}`, at)] as const);

  it('stays in order whatever comes, goes, moves, and in whatever order', () => {
    const index = new RecordIndex();
    const all = new Map<string, RecordHead>();
    let seed = 5;
    const next = (below: number) =>
      ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % 65521) % below;
    for (let round = 0; round < 2_000; round += 1) {
      const id = `id${next(60)}`;
      const known = all.get(id);
      if (known && next(6) === 0) {
        index.remove(id);
        all.delete(id);
      } else {
        const value = head(
          `t${round}`,
          known && next(3) > 0 ? known.createdAt : next(20),
          next(4) === 0 ? 1 : null,
        );
        index.putHead(id, value);
        all.set(id, value);
      }
      const wanted = [...all]
        .filter(([, { deletedAt }]) => deletedAt === null)
        .sort(([a, x], [b, y]) => y.createdAt - x.createdAt || (a < b ? 1 : -1))
        .map(([each]) => each);
      expect(index.list().map((item) => item.id)).toEqual(wanted);
      for (const each of all.keys()) expect(index.positionOf(each)).toBe(wanted.indexOf(each));
    }
  });

  it('shows its first batch, takes a new record and keeps the selection while the rest is read', async () => {
    const all = many(200);
    const ids = all.map(([id]) => id).reverse();
    const { state, heads } = setUp(ids.slice(0, 2), ids.slice(2));
    for (const [id, value] of all) heads.set(id, value);
    const loaded = state.load();
    await until(() => state.items.length === 2);
    state.select('id198');
    state.draft.show('新');
    state.draft.text = '患者腹痛';
    expect(await state.saveDraft()).not.toBeNull();
    expect(state.loading).toBe(true);
    expect(state.items.length).toBeLessThan(150);
    expect(state.selected?.head.title).toBe('t198');
    await loaded;
    expect(state.loading).toBe(false);
    expect(state.items).toHaveLength(200);
    expect(state.selectedIndex).toBe(state.items.findIndex(({ id }) => id === 'id198'));
  });
});

describe('the search', () => {
  const hit = (recordId: string) => ({
    recordId,
    title: [],
    createdAt: 1,
    match: { start: 1, end: 3 },
    snippet: [],
  });

  it('asks for what was typed last, once, and ends what was asked before', async () => {
    const asked: { query: string; signal: AbortSignal; answer(ids: string[]): void }[] = [];
    const search = new SearchState({
      call: ((_name: string, { query }: { query: string }, options: CallOptions<unknown>) =>
        new Promise((resolve) => {
          asked.push({
            query,
            signal: options.signal as AbortSignal,
            answer: (ids) => {
              options.onEvent?.(ids.map(hit));
              resolve({ next: null, unreadable: 0 });
            },
          });
        })) as unknown as Store['call'],
    });
    for (const typed of ['头', '头痛']) search.type(typed);
    await until(() => asked.length === 1);
    expect(asked[0]?.query).toBe('头痛');
    search.type('腹痛');
    await until(() => asked.length === 2);
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[0]?.answer(['late']);
    asked[1]?.answer(['a', 'b']);
    await until(() => !search.running);
    expect(search.hits.map(({ recordId }) => recordId)).toEqual(['a', 'b']);
    search.clear();
    expect(search).toMatchObject({ query: '', active: false, hits: [], place: null });
  });

  it('shows no hit of a record that was deleted since', async () => {
    const { state, heads } = setUp();
    heads.set('a', head('甲', 2));
    heads.set('b', head('乙', 1));
    await state.load();
    state.search.type('头痛');
    await until(() => state.search.hits.length === 2);
    expect(state.hits.map(({ recordId }) => recordId)).toEqual(['a', 'b']);
    expect(state.stepHit(1)?.recordId).toBe('a');
    expect(state.stepHit(1)?.recordId).toBe('b');
    expect(state.stepHit(1)?.recordId).toBe('b');
    const [item] = state.items;
    if (item) await state.remove(item);
    expect(state.hits.map(({ recordId }) => recordId)).toEqual(['b']);
  });

  it('opens a record that the list has not read yet, at its place', async () => {
    const others = Array.from({ length: 100 }, (_, at) => `x${at}`);
    const { state, heads } = setUp(['b'], [...others, 'a']);
    for (const id of others) heads.set(id, head(id, 2));
    heads.set('a', head('甲', 1));
    heads.set('b', head('乙', 3));
    const loaded = state.load();
    await until(() => state.items.length === 1);
    await state.selectHit(hit('a'));
    expect(state.selected?.head.title).toBe('甲');
    expect(state.search.place).toEqual({ recordId: 'a', start: 1, end: 3 });
    expect(state.loading).toBe(true);
    await loaded;
    expect(state.items).toHaveLength(102);
  });
});

describe('a new record', () => {
  it('is on the list when saving has ended, and the editor is empty again', async () => {
    const { state } = setUp();
    state.draft.show('标题');
    state.draft.text = '患者腹痛';
    const id = await state.saveDraft();
    expect(state.items.map((item) => item.id)).toEqual([id]);
    expect(state.draft.open).toBe(false);
    expect(state.draft.text).toBe('');
  });

  it('keeps its text in the editor when the disk is full', async () => {
    const { state, life } = setUp();
    state.draft.show('标题');
    state.draft.text = '患者腹痛';
    life.fail = new AppError('DISK_FULL');
    expect(await state.saveDraft()).toBeNull();
    expect(state.draft).toMatchObject({
      open: true,
      text: '患者腹痛',
      problem: { code: 'DISK_FULL' },
    });
    life.fail = null;
    expect(await state.saveDraft()).not.toBeNull();
  });

  it('empty or too long is refused with a code before anything is sent', async () => {
    const { state, asked } = setUp();
    await state.saveDraft();
    expect(state.draft.problem?.code).toBe('EMPTY_TEXT');
    state.draft.text = '长'.repeat(2_000_001);
    await state.saveDraft();
    expect(state.draft.problem?.code).toBe('TEXT_TOO_LARGE');
    expect(asked).toEqual([]);
  });

  it('gets its default title from the clock and never from the text', async () => {
    const { state } = setUp();
    state.draft.show(state.defaultTitle(new Date(2025, 0, 2, 3, 4).getTime()));
    expect(state.draft.title).toBe('新病历 2025/01/02 03:04');
    state.draft.text = '张三，男';
    await state.saveDraft();
    expect(state.items[0]?.head.title).not.toContain('张三');
  });

  it('two that are pasted within a minute can be told apart', async () => {
    const { state } = setUp();
    const now = new Date(2025, 0, 2, 3, 4).getTime();
    for (const text of ['其一', '其二', '其三']) {
      state.draft.show(state.defaultTitle(now));
      state.draft.text = text;
      await state.saveDraft();
    }
    const titles = state.items.map(({ head }) => head.title);
    expect(new Set(titles)).toEqual(
      new Set(['', '（2）', '（3）'].map((again) => `新病历 2025/01/02 03:04${again}`)),
    );
  });
});

describe('files', () => {
  it('good ones are imported and each bad one is told with its name and code', async () => {
    const { state } = setUp();
    const ids = await state.importFiles([
      file('门诊.txt'),
      file('出院小结.docx'),
      file('影像.png'),
      file('空.txt', 0),
      file('大.txt', 8_000_001),
      file('大.pdf', 100_000_001),
      file('随访.xlsx'),
    ]);
    expect(ids).toHaveLength(2);
    expect(state.items.map(({ head }) => head.title)).toEqual(['出院小结', '门诊']);
    expect(notices.errors.map(({ problem }) => problem.code)).toEqual([
      'UNSUPPORTED_FILE',
      'FILE_EMPTY',
      'FILE_TOO_LARGE',
      'FILE_TOO_LARGE',
      'TABLE_NEEDS_BATCH',
    ]);
    expect(notices.errors[0]?.context).toContain('影像.png');
  });

  it('titles are one line, not too long, and end in a whole character', () => {
    expect(titleOfFile('a\n\u202Eb.TXT')).toBe('a b');
    expect(cutTitle('x'.repeat(199) + '𠮷')).toBe('x'.repeat(199));
  });
});

describe('deleting', () => {
  it('takes the record off the list, selects its neighbour, and undo brings it back', async () => {
    const { state, heads } = setUp();
    heads.set('a', head('甲', 2));
    heads.set('b', head('乙', 1));
    await state.load();
    state.select('a');
    const item = state.selected;
    if (item) await state.remove(item);
    await until(() => state.items.length === 1);
    expect(state.selectedId).toBe('b');
    notices.toasts.at(-1)?.undo?.();
    await until(() => state.items.length === 2);
    expect(state.selectedId).toBe('a');
  });

  it('all that are chosen go to the bin, and one undo brings all of them back', async () => {
    const { state, heads, asked } = setUp();
    for (const id of ['a', 'b', 'c']) heads.set(id, head(id, 1));
    await state.load();
    state.chosen.toggle('a');
    state.chosen.toggle('c');
    await state.removeChosen();
    expect(state.items.map(({ id }) => id)).toEqual(['b']);
    expect(state.chosen.count).toBe(0);
    expect(asked).toEqual(['records.delete', 'records.delete']);
    state.undoDelete();
    await until(() => state.items.length === 3 && state.removing === null);
    expect(notices.toasts.at(-1)?.text).toContain('2');
  });

  it('of those that are chosen, what could not be moved stays, chosen, and is told', async () => {
    const { state, heads, life } = setUp();
    for (const id of ['a', 'b']) heads.set(id, head(id, 1));
    await state.load();
    state.chosen.all(state.items);
    life.fail = new AppError('DISK_FULL');
    await state.removeChosen();
    expect([state.items.length, state.chosen.count]).toEqual([2, 2]);
    expect(notices.errors[0]?.problem.code).toBe('DISK_FULL');
    expect(notices.toasts).toEqual([]);
  });

  it('what a filter hides is not chosen any more', async () => {
    const { state, heads } = setUp();
    for (const id of ['a', 'b']) heads.set(id, head(id, 1));
    await state.load();
    state.chosen.all(state.items);
    state.reviewFilter = 'done';
    expect(state.chosen.count).toBe(0);
  });

  it('that fails says so and removes nothing', async () => {
    const { state, heads, life } = setUp();
    heads.set('a', head('甲', 2));
    await state.load();
    state.select('a');
    life.fail = new AppError('DISK_FULL');
    const item = state.selected;
    if (item) await state.remove(item);
    expect(state.items).toHaveLength(1);
    expect(notices.errors[0]?.problem.code).toBe('DISK_FULL');
    expect(notices.toasts).toEqual([]);
  });
});
