import { afterEach, describe, expect, it } from 'vitest';
import {
  storedConversationSchema,
  type ConversationNode,
  type StoredConversation,
} from '@domain/contract/conversation';
import { AppError } from '@domain/contract/errors';
import type { Versioned } from '../../data/repository';
import { Conversation, titleOf } from './conversation.svelte';
import { answerOf, forever, hostThat, speed, until, type Answerer } from './host.fixture';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const empty: StoredConversation = {
  ...{ id: '3f1c2a54-7d3e-4f5a-9b60-1f2e3d4c5b6a', recordId: 'r', others: [], kind: 'chat' },
  ...{ title: '', createdAt: 0, updatedAt: 0, deletedAt: null, nodes: [], leaf: null },
};
const asked = [{ recordId: 'r', textSha256: 's', chars: 9 }];
const request = { record: { text: '有青霉素过敏史。' } };

/** A store of versions, as the worker keeps them. */
class Rows {
  value: StoredConversation | null = null;
  version = 0;
  writes = 0;
  fails: AppError | null = null;
  async save(value: StoredConversation, base: number): Promise<{ version: number }> {
    if (this.fails) throw this.fails;
    if (base !== this.version) throw new AppError('VERSION_CONFLICT');
    // As it crosses the border: what is not as agreed must not pass.
    this.value = storedConversationSchema.parse(structuredClone(value));
    this.writes += 1;
    this.version += 1;
    return { version: this.version };
  }
  async stored(): Promise<Versioned<StoredConversation> | null> {
    return this.value && { value: this.value, version: this.version };
  }
}

function begun(answer: Answerer, rows = new Rows()) {
  const host = hostThat(answer);
  closers.push(host.die);
  const conversation = new Conversation(empty, 0, {
    save: (value, base) => rows.save(value, base),
    stored: () => rows.stored(),
    ask: (each, options) => host.client.call('qa.ask', each, options),
    now: () => Date.now(),
  });
  const ask = (question: string, parent = conversation.value.leaf): boolean =>
    conversation.ask({ question, parent, asked, request });
  const said = async (question: string, parent?: string | null): Promise<ConversationNode> => {
    ask(question, parent === undefined ? conversation.value.leaf : parent);
    await conversation.idle();
    return conversation.path.at(-1) as ConversationNode;
  };
  return { conversation, rows, ask, said, ...host };
}

describe('an answer', () => {
  it('streams, and is kept with its question when it ends', async () => {
    let go = (): void => undefined;
    const { conversation, rows, ask } = begun(async (_, { emit }) => {
      emit({ kind: 'evidence', quotes: [{ text: '过敏', start: 3, end: 5 }], confidence: 0.8 });
      emit({ kind: 'text', text: '有过', speed });
      emit({ kind: 'text', text: '敏。', speed });
      await new Promise<void>((resolve) => (go = resolve));
      return answerOf('有过敏。[1]');
    });
    expect(ask('过敏史？')).toBe(true);
    await until(() => conversation.answering?.text === '有过敏。');
    expect(conversation.answering?.confidence).toBe(0.8);
    // The question is kept from the beginning on, marked: what is lost then is only the answer.
    await until(() => rows.version === 1);
    expect(rows.value?.nodes[0]).toMatchObject({ question: '过敏史？', state: 'partial' });
    expect(ask('还有呢？')).toBe(false);
    go();
    await until(() => rows.version === 2);
    expect(rows.value).toMatchObject({ title: '过敏史？', nodes: [{ state: 'answered' }] });
    expect(conversation.saving).toBe('saved');
  });

  it('that is stopped ends at once, keeps what was written, and the host gives up', async () => {
    let isOver = false;
    const { conversation, rows, ask } = begun(async (_, context) => {
      context.emit({ kind: 'text', text: '写到一半', speed });
      await forever(context).finally(() => (isOver = true));
      return answerOf('');
    });
    ask('过敏史？');
    await until(() => conversation.answering?.text === '写到一半');
    conversation.stop();
    expect(conversation.answering).toBeNull();
    await until(() => isOver && rows.version === 2);
    expect(rows.value?.nodes[0]).toMatchObject({ state: 'partial', written: '写到一半' });
    expect(rows.value?.nodes[0]?.problem).toBeUndefined();
  });

  it('whose host dies is kept as far as it was written, and says why it ends there', async () => {
    const { conversation, rows, ask, die } = begun(async (_, context) => {
      const quotes = [{ text: '过敏', start: 3, end: 5 }];
      context.emit({ kind: 'evidence', quotes, confidence: 0.8 });
      context.emit({ kind: 'text', text: '写到一半', speed });
      return forever(context);
    });
    ask('过敏史？');
    await until(() => conversation.answering?.text === '写到一半');
    die();
    await until(() => rows.version === 2);
    expect(rows.value?.nodes[0]).toMatchObject({
      state: 'partial',
      written: '写到一半',
      quotes: [{ text: '过敏' }],
      problem: { code: 'HOST_DIED' },
    });
  });

  it('that never began is a failure, with its reason', async () => {
    const { said } = begun(async () => {
      throw new AppError('CONTEXT_EXCEEDED', { params: { needed: 9, capacity: 4 } });
    });
    expect(await said('过敏史？')).toMatchObject({
      state: 'failed',
      problem: { code: 'CONTEXT_EXCEEDED' },
    });
  });

  it('is sealed as it is when the vault is locked, before the lock goes on', async () => {
    const { conversation, rows, ask } = begun(async (_, context) => {
      context.emit({ kind: 'text', text: '写到一半', speed });
      return forever(context);
    });
    ask('过敏史？');
    await until(() => conversation.answering?.text === '写到一半');
    await conversation.putAway();
    expect(rows.value?.nodes[0]).toMatchObject({ state: 'partial', written: '写到一半' });
  });
});

describe('a conversation', () => {
  it('tells the model what was said on its branch, and nothing of the others', async () => {
    const { said, asked: requests } = begun(async ({ question }) => answerOf(`答${question}。[1]`));
    const first = await said('一');
    await said('二');
    await said('三');
    expect(requests.at(-1)?.history).toEqual([
      { question: '一', answer: '答一。' },
      { question: '二', answer: '答二。' },
    ]);
    // The second question changed: a branch beside it, which knows the first one only.
    await said('二改', first.id);
    expect(requests.at(-1)?.history).toEqual([{ question: '一', answer: '答一。' }]);
  });

  it('keeps both branches of a changed question, and goes back to either as it was left', async () => {
    const { conversation, said, rows } = begun(async ({ question }) => answerOf(question));
    const first = await said('一');
    const second = await said('二');
    await said('三');
    await said('二改', first.id);
    const questions = () => conversation.path.map(({ question }) => question);
    expect(questions()).toEqual(['一', '二改']);
    expect(conversation.waysOf(second).map(({ question }) => question)).toEqual(['二', '二改']);
    conversation.choose(second.id);
    expect(questions()).toEqual(['一', '二', '三']);
    await conversation.putAway();
    expect(rows.value?.nodes).toHaveLength(4);
    expect(rows.value?.leaf).toBe(conversation.path.at(-1)?.id);
  });

  it('another window’s question is not lost when both save', async () => {
    const { conversation, said, rows } = begun(async () => answerOf('答'));
    await said('一');
    await conversation.putAway();
    const other: ConversationNode = {
      ...{ id: 'other', parent: null, question: '别处的', at: 1, state: 'answered', asked: [] },
    };
    await rows.save(
      { ...(rows.value ?? empty), nodes: [...(rows.value?.nodes ?? []), other] },
      rows.version,
    );
    await said('二');
    await conversation.putAway();
    expect(conversation.saving).toBe('saved');
    expect(rows.value?.nodes.map(({ question }) => question).sort()).toEqual(
      ['一', '二', '别处的'].sort(),
    );
  });

  it('that cannot be saved says so, stays on screen, and is saved by the next try', async () => {
    const { conversation, said, rows } = begun(async () => answerOf('答'));
    rows.fails = new AppError('DISK_FULL');
    await said('一');
    await until(() => conversation.saving === 'failed');
    expect(conversation.problem?.code).toBe('DISK_FULL');
    expect(conversation.path).toHaveLength(1);
    rows.fails = null;
    await conversation.save();
    expect(conversation.saving).toBe('saved');
    expect(rows.value?.nodes).toHaveLength(1);
  });

  it('is called as its first question, in one line, until somebody calls it otherwise', async () => {
    const { conversation, said } = begun(async () => answerOf('答'));
    await said('  过敏\n史？ ');
    expect(conversation.title).toBe('过敏 史？');
    conversation.rename('  ');
    conversation.rename('过敏');
    await said('二');
    expect(conversation.title).toBe('过敏');
    expect(titleOf('𠮷'.repeat(500)).length).toBeLessThanOrEqual(200);
  });
});
