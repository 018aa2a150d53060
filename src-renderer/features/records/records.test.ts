import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '@domain/contract/errors';
import type { JournalRow, RecordHead } from '@domain/contract/record';
import type { Store } from '../../data/store';
import { Notices } from '../../ui/notices.svelte';
import { cutTitle, titleOfFile } from './import-file';
import { RecordIndex } from './record-index';
import { RecordsState } from './records.svelte';

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
  ({ id, recordId: 'a', startedAt, status: 'completed', factCount }) as const;

let notices = new Notices();
afterEach(() => {
  for (const { id } of notices.toasts) notices.closeToast(id);
  notices = new Notices();
});

/** A store in memory; rows carry their head in clear, which is enough for what is tested here. */
function setUp() {
  const heads = new Map<string, RecordHead>();
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
  });
  const store = {
    repository: {
      heads: async function* () {
        yield opened([...heads.keys()].map((id) => ({ id })));
      },
      runSummaries: async function* () {
        yield { values: [], unreadable: [] };
      },
      openHeads: async (rows: readonly JournalRow[]) => opened(rows),
      openRunSummaries: async () => ({ values: [], unreadable: [] }),
    },
    call: async (name: string, params: Record<string, unknown>) => {
      asked.push(name);
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
  return { state, heads, asked, life };
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

  it('shows the latest run of a record, in whatever order runs come', () => {
    const index = new RecordIndex();
    index.putHead('a', head('a', 1));
    index.putRun(run('new', 20, 4));
    index.putRun(run('old', 10, 9));
    expect(index.get('a')?.lastRun).toMatchObject({ id: 'new', factCount: 4 });
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
