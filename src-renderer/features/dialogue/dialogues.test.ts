import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StoredReply } from '@domain/contract/conversation';
import { AppError } from '@domain/contract/errors';
import type { JournalRow } from '@domain/contract/record';
import { Notices } from '../../ui/notices.svelte';
import type { ReplyStory } from './clear-reply';
import { DialoguesState, type DialoguesOptions } from './dialogues.svelte';

const text = '青霉素过敏。';
const replyOf = (id: string, change: Partial<StoredReply> = {}): StoredReply => ({
  ...{ id, recordId: null, title: id, createdAt: 1, updatedAt: 1, deletedAt: null },
  ...{ state: 'editing', turns: [{ role: 'patient', text: '咳嗽' }], dangerSigns: [] },
  options: { purpose: 'answer', tone: 'plain', length: 'short', askBack: false },
  ...{ candidates: [], chosen: null, text: '多喝水', edits: [], approval: null },
  ...change,
});
const rowOf = (id: string): JournalRow => ({
  ...{ seq: 1, table: 'reply', id, version: 1, sealed: new Uint8Array() },
});

afterEach(() => void vi.useRealTimers());

/** On replies in memory; what the worker is asked for is noted. */
function made(replies: readonly StoredReply[]) {
  const calls: string[] = [];
  /** Replies that are there only after this. */
  const slow = new Map<string, Promise<void>>();
  const summary = (reply: StoredReply) => ({
    id: reply.id,
    value: { ...reply, signs: reply.dangerSigns.length },
  });
  const repository = {
    replySummaries: async function* () {
      yield { values: replies.map(summary), unreadable: [] };
    },
    openReplySummaries: async (rows: readonly JournalRow[]) => ({
      values: replies.filter(({ id }) => rows.some((row) => row.id === id)).map(summary),
    }),
    reply: async (id: string) => {
      await slow.get(id);
      const value = replies.find((reply) => reply.id === id);
      return value ? { value, version: 1 } : null;
    },
    head: async (id: string) => (id === 'gone' ? null : { title: '门诊', textId: 't' }),
    text: async () => text,
    openReplies: async (rows: readonly JournalRow[]) => ({
      values: rows.map((row) => ({
        id: row.id,
        value: replyOf(row.id, { title: `v${row.version}` }),
      })),
    }),
  };
  const store = {
    repository,
    call: async (name: string) => {
      calls.push(name);
      return { seq: 1, version: 2, rows: [rowOf('a'), { ...rowOf('a'), version: 2 }] };
    },
  } as unknown as DialoguesOptions['store'];
  const refuse = () => Promise.reject(new AppError('INTERNAL'));
  const notices = new Notices();
  const state = new DialoguesState({
    ...{ store, notices, user: () => null, model: () => null, sign: refuse, copy: refuse },
    ...{ host: { ready: refuse }, signsShown: () => undefined, write: refuse },
  });
  return { state, calls, notices, slow };
}

describe('a chat that is dropped', () => {
  it('is read where a conversation is written, behind what was typed, and nowhere else', async () => {
    const { state } = made([]);
    const chat = new File(['role,text\npatient,发烧\ndoctor,多少度'], 'chat.csv');
    expect(state.takes([chat])).toBe(false);
    state.create();
    expect([state.takes([chat]), state.takes([chat, chat])]).toEqual([true, false]);
    expect(state.takes([new File(['x'], 'record.docx')])).toBe(false);
    await state.drop(chat);
    state.current?.conversation.finishWriting();
    expect(state.current?.conversation.turns.map(({ role, text }) => [role, text])).toEqual([
      ['patient', '发烧'],
      ['doctor', '多少度'],
    ]);
    expect(state.takes([chat])).toBe(false);
    state.create();
    state.current?.conversation.type('患者：头痛');
    await state.drop(new File(['医生：几天'], 'chat.txt'));
    expect(state.current?.conversation.raw).toBe('患者：头痛\n医生：几天');
    await expect(state.drop(new File([], 'chat.txt'))).rejects.toMatchObject({
      code: 'FILE_EMPTY',
    });
    expect(state.current?.conversation.raw).toBe('患者：头痛\n医生：几天');
  });
});

describe('an exported chat that is dropped', () => {
  it('behind what was typed, or behind another one, is read as a chat', async () => {
    const { state } = made([]);
    const csv = () => new File(['role,text\ndoctor,几天\npatient,"两天\n医生：没看"'], 'chat.csv');
    state.create();
    state.current?.conversation.type('患者：头痛');
    await state.drop(csv());
    expect(state.current?.conversation.raw).toBe(
      '患者：头痛\n医生：几天\n患者：两天\n> 医生：没看',
    );
    state.create();
    await state.drop(new File(['[{"role":"user","content":"头痛"}]'], 'chat.json'));
    await state.drop(csv());
    state.current?.conversation.finishWriting();
    expect(state.current?.conversation.turns.map(({ role, text }) => [role, text])).toEqual([
      ['patient', '头痛'],
      ['doctor', '几天'],
      ['patient', '两天\n> 医生：没看'],
    ]);
  });

  it('behind typed text has as the patient whoever may be one, so that signs are looked for in what they say', async () => {
    const { state } = made([]);
    state.create();
    state.current?.conversation.type('患者：您好');
    const json = JSON.stringify([
      { sender: '患者', text: '还有气短' },
      { sender: '阳光', text: '胸痛两小时' },
    ]);
    await state.drop(new File([json], 'chat.json'));
    state.current?.conversation.finishWriting();
    // What one says in a row is one turn.
    expect(state.current?.conversation.turns.map(({ role, text }) => [role, text])).toEqual([
      ['patient', '您好\n还有气短\n胸痛两小时'],
    ]);
  });
});

describe('what a doctor wrote', () => {
  it('gives way to a draft only where its doctor says so', async () => {
    const drafted = (words: string) => ({
      ...{ text: words, guards: [], quotes: [], ended: 'end' as const },
    });
    const candidates = [drafted('多喝水'), drafted('多休息')];
    const { state } = made([replyOf('a', { candidates, chosen: 0 })]);
    await state.load();
    await state.open('a');
    const { current } = state;
    // A draft as it was taken is not theirs.
    state.take(1);
    expect([current?.reply.text, state.replacing]).toEqual(['多休息', null]);
    current?.edit('多休息，三天后复诊');
    state.take(1);
    expect([current?.reply.text, state.replacing]).toEqual(['多休息，三天后复诊', null]);
    state.take(0);
    expect(current?.reply.text).toBe('多休息，三天后复诊');
    state.keepWords();
    state.replaceWords();
    expect(current?.reply.text).toBe('多休息，三天后复诊');
    state.take(0);
    state.replaceWords();
    expect([current?.reply.text, state.replacing]).toEqual(['多喝水', null]);
    // What was asked of one is not done to another.
    current?.edit('多喝温水');
    state.take(1);
    state.create();
    expect(state.replacing).toBeNull();
  });
});

describe('the list of replies', () => {
  it('holds those that are not deleted, the newest first, as they are committed', async () => {
    const replies = [replyOf('a'), replyOf('b', { updatedAt: 3 }), replyOf('c', { deletedAt: 2 })];
    const { state } = made(replies);
    await state.load();
    expect([state.loading, state.items.map(({ id }) => id)]).toEqual([false, ['b', 'a']]);
    replies[0] = replyOf('a', { updatedAt: 9, state: 'machine-draft' });
    state.apply({ kind: 'rows', rows: [rowOf('a')] });
    await vi.waitFor(() => expect(state.items[0]).toMatchObject({ state: 'machine-draft' }));
    expect(state.items.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('loses the replies of a record that is deleted for good, also the open one', async () => {
    const { state } = made([replyOf('a', { recordId: 'r' }), replyOf('b')]);
    await state.load();
    await state.open('a');
    expect(state.current?.record).toEqual({ id: 'r', title: '门诊', textId: 't', text });
    state.apply({ kind: 'removed', recordIds: ['r'], keyIds: [] });
    await vi.waitFor(() => expect(state.items.map(({ id }) => id)).toEqual(['b']));
    expect(state.current).toBeNull();
  });

  it('begins another reply to the same where a stored one is to have another record', async () => {
    const { state, calls } = made([replyOf('a', { recordId: 'r' })]);
    await state.load();
    await state.open('a');
    await state.link('r');
    expect(state.current?.id).toBe('a');
    await state.link('s');
    expect(state.current?.id).not.toBe('a');
    expect(state.current).toMatchObject({
      ...{ record: { id: 's' }, state: 'conversation', canLink: true },
      conversation: { turns: [{ role: 'patient', text: '咳嗽' }] },
    });
    // One that is not stored yet is linked itself.
    const { current } = state;
    await state.link(null);
    expect([state.current, current?.record]).toEqual([current, null]);
    expect(calls).toEqual([]);
  });

  it('takes one off and brings it back by one act', async () => {
    const { state, calls, notices } = made([replyOf('a')]);
    await state.load();
    await state.open('a');
    await state.remove('a');
    expect([state.current, calls]).toEqual([null, ['replies.delete']]);
    expect(notices.toasts).toHaveLength(1);
    state.undoDelete();
    state.undoDelete();
    await vi.waitFor(() => expect(calls).toEqual(['replies.delete', 'replies.restore']));
    expect(notices.toasts).toEqual([]);
  });

  it('gives those that were approved with all their versions and the text of their record', async () => {
    const approved = { state: 'approved' } as const;
    const { state } = made([
      ...[replyOf('a', { ...approved, recordId: 'r' }), replyOf('b')],
      ...[replyOf('c', approved), replyOf('d', { ...approved, recordId: 'gone' })],
    ]);
    await state.load();
    const stories: ReplyStory[] = [];
    for await (const story of state.approved()) stories.push(story);
    expect(stories.map((story) => story.recordText)).toEqual([text, null, null]);
    expect(stories[0]?.versions.map(({ title }) => title)).toEqual(['v1', 'v2']);
  });

  it('puts the open one away when another is begun, and tells what could not be saved', async () => {
    const { state, calls } = made([replyOf('a')]);
    await state.load();
    await state.open('a');
    state.current?.edit('多喝温水');
    state.create();
    expect(state.current?.conversation.turns).toEqual([]);
    await vi.waitFor(() => expect(calls).toEqual(['replies.save']));
  });
});

it('of two replies that are opened the later one is on screen, however slowly the first one comes', async () => {
  const { state, slow } = made([replyOf('a'), replyOf('b')]);
  let come: () => void = () => undefined;
  slow.set('a', new Promise((resolve) => (come = resolve)));
  const first = state.open('a');
  await state.open('b');
  come();
  await first;
  expect(state.current?.id).toBe('b');
  slow.set('a', new Promise((resolve) => (come = resolve)));
  const again = state.open('a');
  state.create();
  const { current } = state;
  come();
  await again;
  expect(state.current).toBe(current);
});
