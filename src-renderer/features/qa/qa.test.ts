import { afterEach, describe, expect, it } from 'vitest';
import type { StoredConversation } from '@domain/contract/conversation';
import { AppError } from '@domain/contract/errors';
import type { LoadedModel } from '@domain/contract/host-port';
import { maxQuestionChars, type QaPreview, type QaRequest } from '@domain/contract/qa';
import type { RecordItem } from '../records';
import { answerOf, forever, hostThat, speed, until, type Answerer } from './host.fixture';
import { QaState } from './qa.svelte';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const texts: Record<string, string> = {
  one: '主诉：头痛。青霉素过敏。',
  two: '主诉：胸闷。磺胺过敏。',
  three: '别人的病历。',
};
const item = (id: string, caseId?: string): RecordItem => ({
  id,
  head: {
    ...{ title: `题${id}`, createdAt: 1, updatedAt: 1, deletedAt: null, textId: `t-${id}` },
    ...{ textSha256: `s-${id}`, chars: texts[id]?.length ?? 0 },
    ...(caseId === undefined ? {} : { caseId }),
    source: { kind: 'paste', notices: [] },
  },
  lastRun: null,
  results: [],
});
const records = [item('one', 'P1'), item('two', 'P1'), item('three', 'P2')];
const open = (id: string) => ({
  item: records.find((each) => each.id === id) as RecordItem,
  text: texts[id] ?? '',
});
const writer = { sha256: 'w' } as LoadedModel;

interface Given {
  readonly loaded?: LoadedModel;
  readonly preview?: (request: QaRequest) => QaPreview;
  /** What the store holds. */
  readonly stored?: readonly StoredConversation[];
}

function state(
  answer: Answerer = async ({ question }) => answerOf(`答${question}`),
  { loaded, preview, stored: before = [] }: Given = {},
) {
  const host = hostThat(answer, preview);
  closers.push(host.die);
  const rows = new Map(before.map((value) => [value.id, { value, version: 1 }]));
  const summaryOf = ({ id, nodes, ...value }: StoredConversation) => ({
    id,
    value: { id, ...value, questions: nodes.length },
  });
  const removed: string[] = [];
  const errors: unknown[] = [];
  const qa = new QaState({
    async *summaries() {
      yield { values: before.map(summaryOf), unreadable: [] };
    },
    openSummaries: async (some) => ({
      values: some.flatMap(({ id }) => rows.get(id) ?? []).map(({ value }) => summaryOf(value)),
      unreadable: [],
    }),
    stored: async (id) => rows.get(id) ?? null,
    save: async (value, base) => {
      if ((rows.get(value.id)?.version ?? 0) !== base) throw new AppError('VERSION_CONFLICT');
      rows.set(value.id, { value: structuredClone(value), version: base + 1 });
      const row = { seq: 1, table: 'conversation' as const, id: value.id, version: base + 1 };
      qa.apply({ kind: 'rows', rows: [{ ...row, sealed: new Uint8Array() }] });
      return { version: base + 1 };
    },
    remove: async (id) => removed.push(id),
    restore: async (id) => removed.splice(removed.indexOf(id), 1),
    questions: { stored: async () => null, save: async (_, base) => ({ version: base + 1 }) },
    ask: (request, options) => host.client.call('qa.ask', request, options),
    preview: (request) => host.client.call('qa.preview', request),
    writer: () => ({ model: null, loaded: loaded ?? null }),
    records: () => records,
    text: async (textId) => texts[textId.slice(2)] ?? '',
    sections: async () => null,
    findSections: () => [],
    threshold: () => 0.42,
    onError: (error) => errors.push(error),
  });
  const values = () => [...rows.values()].map(({ value }) => value);
  return { qa, rows, values, removed, errors, ...host };
}

describe('a question on screen', () => {
  it('is about the open record and belongs to it, with the threshold that is set', async () => {
    const { qa, asked, values } = state();
    await qa.show(open('one'));
    expect(qa.askQuick(0)).toBe(true);
    await qa.conversation?.idle();
    expect(asked[0]).toMatchObject({ record: { text: texts['one'] }, threshold: 0.42 });
    await until(() => values()[0]?.nodes[0]?.state === 'answered');
    expect(values()[0]).toMatchObject({ recordId: 'one', others: [] });
    await until(() => qa.list.length === 1);
  });

  it.each([
    ['', 'EMPTY_QUESTION'],
    [' \n ', 'EMPTY_QUESTION'],
    ['问'.repeat(50_000), 'QUESTION_TOO_LONG'],
  ])(
    'that cannot be asked says why, asks nothing, and stays where it was typed: %#',
    async (draft, code) => {
      const { qa, asked, rows } = state();
      await qa.show(open('one'));
      qa.draft = draft;
      expect(qa.send()).toBe(false);
      expect(qa.problem?.code).toBe(code);
      expect(qa.draft).toBe(draft);
      expect(asked).toEqual([]);
      expect(rows.size).toBe(0);
    },
  );

  it('as long as one may be is asked whole', async () => {
    const { qa, asked } = state();
    await qa.show(open('one'));
    const question = '问'.repeat(maxQuestionChars);
    expect(qa.ask(question)).toBe(true);
    await qa.conversation?.idle();
    expect(asked[0]?.question).toBe(question);
  });

  it('goes on for its own record while another one is read, and is there when it is opened again', async () => {
    let go = (): void => undefined;
    const { qa, values } = state(async (_, { emit }) => {
      emit({ kind: 'text', text: '写', speed });
      await new Promise<void>((resolve) => (go = resolve));
      return answerOf('写完。[1]');
    });
    await qa.show(open('one'));
    qa.ask('过敏史？');
    const first = qa.conversation;
    await until(() => first?.answering?.text === '写');
    await qa.show(open('three'));
    expect(qa.conversation?.id).not.toBe(first?.id);
    expect(qa.conversation?.path).toEqual([]);
    go();
    await first?.idle();
    await until(() => values()[0]?.nodes[0]?.state === 'answered');
    expect(values()).toMatchObject([{ recordId: 'one' }]);
    await qa.show(open('one'));
    expect(qa.conversation?.path[0]?.answer?.answer).toBe('写完。[1]');
  });

  it('is stopped by a lock, with those of other records, and all of them are kept', async () => {
    const { qa, values } = state(async (_, context) => {
      context.emit({ kind: 'text', text: '写', speed });
      return forever(context);
    });
    for (const id of ['one', 'three']) {
      await qa.show(open(id));
      qa.ask('过敏史？');
      const { conversation } = qa;
      await until(() => conversation?.answering?.text === '写');
    }
    await qa.putAway();
    expect(
      values().map(({ recordId, nodes }) => [recordId, nodes[0]?.state, nodes[0]?.written]),
    ).toEqual([
      ['one', 'partial', '写'],
      ['three', 'partial', '写'],
    ]);
  });
});

describe('what a question is about', () => {
  it('may be all records of one patient, and a quotation is shown in its own', async () => {
    const { qa, asked, values } = state(async ({ record }) => {
      const text = record?.text ?? '';
      const start = text.indexOf('磺胺过敏');
      return answerOf('磺胺。[1]', { quotes: [{ text: '磺胺过敏', start, end: start + 4 }] });
    });
    await qa.show(open('one'));
    expect(qa.others.map(({ id }) => id)).toEqual(['two']);
    await qa.choose('patient');
    qa.ask('过敏史？');
    await qa.conversation?.idle();
    expect(asked[0]?.record?.text).toBe(`${texts['one']}\n\n${texts['two']}`);
    expect(values()[0]).toMatchObject({ recordId: 'one', others: ['two'] });
    const node = qa.conversation?.path[0];
    const [quote] = node?.answer?.quotes ?? [];
    const place = node && quote && qa.placeOf(node, quote);
    expect(place).toEqual({ recordId: 'two', start: 6, end: 10 });
    expect(node && quote && qa.sourceOf(node, quote)).toBe('题two');
    expect(place && (await qa.bring(place))).toBe(true);
    expect(qa.other).toMatchObject({ id: 'two', text: texts['two'] });
    expect(qa.other?.text.slice(place?.start, place?.end)).toBe('磺胺过敏');
  });

  it('without a record needs a model that writes, and names none', async () => {
    const silent = state();
    await silent.qa.show(null);
    expect(silent.qa.ask('感冒怎么办')).toBe(false);
    const { qa, asked, values } = state(undefined, { loaded: writer });
    await qa.show(null);
    // Questions about records are none without one.
    expect(qa.askQuick(0)).toBe(false);
    expect(qa.ask('感冒怎么办')).toBe(true);
    await qa.conversation?.idle();
    expect(asked[0]?.record).toBeUndefined();
    expect(asked[0]?.model).toBe('w');
    await until(() => values().length === 1);
    expect(values()[0]).toMatchObject({ recordId: null, nodes: [{ asked: [] }] });
  });

  it('a quotation of words that the record has no more is not shown', async () => {
    const { qa } = state();
    await qa.show(open('one'));
    qa.ask('过敏史？');
    await qa.conversation?.idle();
    const node = qa.conversation?.path[0];
    expect(node && qa.placeOf(node, { start: 3, end: 5 })).not.toBeNull();
    // Of one record, whose it is need not be said.
    expect(node && qa.sourceOf(node, { start: 3, end: 5 })).toBeNull();
    const changed = open('one');
    const head = { ...changed.item.head, textSha256: 'another' };
    await qa.show({ text: '改过了。', item: { ...changed.item, head } });
    expect(node && qa.placeOf(node, { start: 3, end: 5 })).toBeNull();
  });

  it('ends with a record that is deleted for good', async () => {
    const { qa } = state();
    await qa.show(open('one'));
    qa.ask('过敏史？');
    await qa.conversation?.idle();
    await until(() => qa.list.length === 1);
    qa.apply({ kind: 'removed', recordIds: ['one'], keyIds: [] });
    await until(() => qa.scope === 'none' && qa.conversation?.isEmpty === true);
    await qa.show(open('one'));
    expect(qa.list).toEqual([]);
  });
});

describe('a conversation on screen', () => {
  it('asked once more has both answers, the second from another seed', async () => {
    const { qa, asked } = state();
    await qa.show(open('one'));
    qa.ask('过敏史？');
    await qa.conversation?.idle();
    const node = qa.conversation?.path[0];
    if (node) qa.again(node);
    await qa.conversation?.idle();
    expect(asked[0]?.temperature).toBeUndefined();
    expect(asked[1]?.temperature).toBeGreaterThan(0);
    expect(node && qa.conversation?.waysOf(node)).toHaveLength(2);
  });

  it('a changed question becomes a branch, and what was typed is cleared', async () => {
    const { qa } = state();
    await qa.show(open('one'));
    qa.ask('一');
    await qa.conversation?.idle();
    const first = qa.conversation?.path[0];
    // What was typed for another question is not lost for it.
    qa.draft = '二';
    if (first) qa.edit(first);
    expect(qa.draft).toBe('一');
    qa.cancelEdit();
    expect([qa.draft, qa.editing]).toEqual(['二', null]);
    qa.draft = '';
    if (first) qa.edit(first);
    qa.draft = '一改';
    expect(qa.send()).toBe(true);
    await qa.conversation?.idle();
    expect(qa.draft).toBe('');
    expect(qa.editing).toBeNull();
    expect(first && qa.conversation?.waysOf(first).map(({ question }) => question)).toEqual([
      '一',
      '一改',
    ]);
  });

  it('that is deleted goes off the list, and undo brings it back', async () => {
    const { qa, removed } = state();
    await qa.show(open('one'));
    qa.ask('一');
    await qa.conversation?.idle();
    const id = qa.conversation?.id;
    await until(() => qa.list.length === 1);
    const undo = await qa.remove();
    expect(removed).toEqual([id]);
    expect(qa.list).toEqual([]);
    expect(qa.conversation?.isEmpty).toBe(true);
    undo?.();
    await until(() => qa.conversation?.id === id);
    expect(qa.list.map((each) => each.id)).toEqual([id]);
    // Once is enough, whichever way it was asked for.
    expect(qa.undoRemove()).toBe(false);
    await qa.remove();
    expect(qa.undoRemove()).toBe(true);
    await until(() => qa.conversation?.id === id);
    // The key means what was deleted here: beside another record it is that of the records again.
    await qa.remove();
    await qa.show(open('three'));
    expect(qa.undoRemove()).toBe(false);
  });

  it('a summary asks its lines one by one, each by itself', async () => {
    const { qa, asked, values } = state();
    await qa.show(open('one'));
    await qa.summarise('病历摘要');
    expect(asked.length).toBeGreaterThanOrEqual(8);
    expect(asked.every(({ history }) => history === undefined)).toBe(true);
    expect(qa.conversation?.path).toHaveLength(asked.length);
    await qa.putAway();
    expect(values()[0]).toMatchObject({ kind: 'summary', title: '病历摘要' });
  });

  it('a summary that was stopped goes on where it was, each line once', async () => {
    let most = 3;
    const { qa, asked } = state(async ({ question }, context) =>
      asked.length > most ? forever(context) : answerOf(`答${question}`),
    );
    await qa.show(open('one'));
    const begun = qa.summarise('病历摘要');
    await until(() => asked.length === 4);
    qa.stop();
    await begun;
    expect(qa.conversation?.path.map(({ state: how }) => how)).toEqual([
      ...['answered', 'answered', 'answered', 'partial'],
    ]);
    most = Infinity;
    await qa.finishSummary();
    const lines = qa.conversation?.path ?? [];
    expect(lines.every(({ state: how }) => how === 'answered')).toBe(true);
    expect(asked).toHaveLength(lines.length + 1);
    expect(new Set(lines.map(({ question }) => question)).size).toBe(lines.length);
  });

  it('a summary is made once of a text, and again where its doctor wants or the text has changed', async () => {
    const { qa, asked, values } = state();
    await qa.show(open('one'));
    await qa.summarise('病历摘要');
    const first = qa.conversation?.id;
    const { length } = asked;
    await qa.putAway();
    await until(() => values().length === 1);
    await qa.begin();
    qa.summaryOpen = false;
    await qa.summarise('病历摘要');
    expect(qa.conversation?.id).toBe(first);
    expect(qa.summaryOpen).toBe(true);
    // The same, by a program that was started later.
    const later = state(undefined, { stored: values() });
    await later.qa.load();
    await later.qa.show(open('one'));
    await later.qa.begin();
    await later.qa.summarise('病历摘要');
    expect(later.qa.conversation?.id).toBe(first);
    expect(later.asked).toEqual([]);
    expect(asked).toHaveLength(length);
    await qa.summarise('病历摘要', { isAnew: true });
    expect(asked).toHaveLength(2 * length);
    const changed = { ...item('one', 'P1') };
    await later.qa.show({
      item: { ...changed, head: { ...changed.head, textSha256: 's-changed' } },
      text: '主诉：头痛加重。',
    });
    await later.qa.summarise('病历摘要');
    expect(later.qa.conversation?.id).not.toBe(first);
    expect(later.asked).toHaveLength(length);
  });

  it('a summary stays what it is: whoever asks on begins a conversation about the same', async () => {
    const { qa, values } = state();
    await qa.show(open('one'));
    await qa.summarise('病历摘要');
    const lines = qa.conversation?.path.length;
    qa.draft = '过敏史？';
    expect(qa.send()).toBe(true);
    await qa.conversation?.idle();
    expect(qa.conversation?.value).toMatchObject({ kind: 'chat', recordId: 'one' });
    expect(qa.conversation?.path.map(({ question }) => question)).toEqual(['过敏史？']);
    await qa.putAway();
    await until(() => values().length === 2);
    expect(values()[0]?.nodes).toHaveLength(lines ?? 0);
    // One of its lines is asked again in its place.
    await qa.open(values()[0]?.id ?? '');
    const [line] = qa.conversation?.path ?? [];
    if (line) qa.again(line);
    await qa.conversation?.idle();
    expect(line && qa.conversation?.waysOf(line)).toHaveLength(2);
  });

  it('that was asked before is there also for who opens its record before the list was read', async () => {
    const { qa, values } = state();
    await qa.show(open('one'));
    qa.ask('一');
    await qa.conversation?.idle();
    await qa.putAway();
    const later = state(undefined, { stored: values() });
    await later.qa.show(open('one'));
    expect(later.qa.conversation?.isEmpty).toBe(true);
    await later.qa.load();
    expect(later.qa.conversation?.path.map(({ question }) => question)).toEqual(['一']);
  });

  it('counts the context of what is typed, before it is asked', async () => {
    const { qa, asked } = state(undefined, {
      loaded: writer,
      preview: ({ question }) => ({
        ...{ form: 'written', parts: { used: [], whole: true }, forgotten: 0 },
        tokens: { used: 10 + question.length, size: 100 },
      }),
    });
    await qa.show(open('one'));
    qa.draft = '过敏史？';
    await until(() => qa.preview.value?.tokens?.used === 14);
    expect(asked).toEqual([]);
    // What was counted is of what was typed then: it is not taken for that of the next words.
    qa.draft = '';
    expect(qa.preview.request?.question).toBe('过敏史？');
    await until(() => qa.preview.request?.question === '');
    expect(qa.preview.value?.tokens?.used).toBe(10);
  });
});
