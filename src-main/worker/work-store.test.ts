import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { storedConversationSchema, type StoredConversation } from '../domain/contract/conversation';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { codeOf, TestStore } from './test-store.fixture';

const conversationId = '3f1c2a54-7d3e-4f5a-9b60-1f2e3d4c5b6a';
const source = { kind: 'paste' as const, notices: [] };

const at = new TestStore('chimed-work-');

async function record(text = '青霉素过敏。'): Promise<string> {
  return (await at.store.create({ title: '甲', text, source })).recordId;
}

function conversation(
  recordId: string | null,
  change: Partial<StoredConversation> = {},
): StoredConversation {
  return {
    id: conversationId,
    recordId,
    others: [],
    kind: 'chat',
    title: '过敏史？',
    createdAt: 0,
    updatedAt: 0,
    deletedAt: null,
    nodes: [
      {
        id: 'n1',
        parent: null,
        question: '有无罕见的过敏？',
        at: 5,
        state: 'partial',
        written: '罕见的过敏，写到一半',
        problem: { code: 'HOST_DIED' },
        asked: [],
      },
    ],
    leaf: 'n1',
    ...change,
  };
}

async function saved(id = conversationId): Promise<StoredConversation | null> {
  const row = await at.vault.journal.latest('conversation', id);
  if (!row) return null;
  const keyId = keyIdOfSealed(row.sealed);
  const key = await at.vault.recordKeys.key(keyId);
  return openJson(key, keyId, row, row.sealed, storedConversationSchema);
}

describe('a conversation', () => {
  test('is there after a restart, whole, with who and when', async () => {
    const recordId = await record();
    const { version } = await at.store.saveConversation(conversation(recordId), 0);
    await at.store.saveConversation(conversation(recordId, { title: '过敏' }), version);
    await at.restart();
    expect(await saved()).toMatchObject({ title: '过敏', recordId, by: 'user-1' });
    expect((await saved())?.nodes[0]).toMatchObject({
      state: 'partial',
      written: '罕见的过敏，写到一半',
    });
    expect((await saved())?.createdAt).toBeLessThan((await saved())?.updatedAt ?? 0);
  });

  test('is never readable in the files of the vault, a partial answer no more than a whole one', async () => {
    await at.store.saveConversation(conversation(await record()), 0);
    await at.store.saveConversation(
      conversation(null, { id: '00000000-0000-4000-8000-000000000001' }),
      0,
    );
    let bytes = 0;
    for (const name of await readdir(at.dir)) {
      const file = await readFile(join(at.dir, name)).catch(() => Buffer.alloc(0));
      bytes += file.length;
      expect(file.includes(Buffer.from('罕见的过敏'))).toBe(false);
    }
    expect(bytes).toBeGreaterThan(500);
  });

  test('of two changes begun from the same version the second is refused, and nothing is lost', async () => {
    const recordId = await record();
    await at.store.saveConversation(conversation(recordId), 0);
    const both = await Promise.all([
      codeOf(at.store.saveConversation(conversation(recordId, { title: '二' }), 1)),
      codeOf(at.store.saveConversation(conversation(recordId, { title: '三' }), 1)),
    ]);
    expect(both).toEqual(['no error', 'VERSION_CONFLICT']);
    expect((await saved())?.title).toBe('二');
    expect(await codeOf(at.store.saveConversation(conversation(recordId), 0))).toBe(
      'VERSION_CONFLICT',
    );
  });

  test('stays with its record', async () => {
    const [one, other] = [await record(), await record('无特殊。')];
    await at.store.saveConversation(conversation(one), 0);
    for (const moved of [
      conversation(other),
      conversation(null),
      conversation(one, { others: [other] }),
    ]) {
      expect(await codeOf(at.store.saveConversation(moved, 1))).toBe('VERSION_CONFLICT');
    }
    expect((await saved())?.recordId).toBe(one);
    const id = '00000000-0000-4000-8000-000000000002';
    expect(await codeOf(at.store.saveConversation(conversation('nobody', { id }), 0))).toBe(
      'RECORD_NOT_FOUND',
    );
  });

  test('ends with its record, for good, and its id is never used again', async () => {
    const recordId = await record();
    await at.store.saveConversation(conversation(recordId), 0);
    const [sealed] = await at.store.conversations.history(conversationId);
    await at.store.shred(recordId);
    expect(await saved()).toBeNull();
    expect(await at.store.rows([{ table: 'conversation', id: conversationId }])).toEqual([]);
    const keyId = keyIdOfSealed(sealed?.sealed ?? new Uint8Array());
    expect(await codeOf(at.vault.recordKeys.key(keyId))).not.toBe('no error');
    await at.restart();
    expect(await saved()).toBeNull();
    expect(await codeOf(at.store.saveConversation(conversation(await record()), 0))).toBe(
      'RECORD_NOT_FOUND',
    );
  });

  test('about several records ends with whichever of them is deleted first', async () => {
    const [one, other, third] = [await record(), await record('第二次。'), await record('三。')];
    await at.store.saveConversation(conversation(one, { others: [other] }), 0);
    const id = '00000000-0000-4000-8000-000000000003';
    await at.store.saveConversation(conversation(third, { id }), 0);
    await at.store.shred(other);
    expect(await saved()).toBeNull();
    expect(await saved(id)).not.toBeNull();
    // The record itself is untouched.
    expect(at.vault.journal.keyIdOf('record', one)).not.toBeNull();
  });

  test('about several records, saved while one of them is being deleted for good, does not outlive it', async () => {
    const [one, other] = [await record(), await record('第二次。')];
    const take = at.vault.takeKey.bind(at.vault);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    vi.spyOn(at.vault, 'takeKey').mockImplementation(() => held.then(take));
    let saving = Promise.resolve('not asked');
    await at.store.shred(other, async () => {
      saving = codeOf(at.store.saveConversation(conversation(one, { others: [other] }), 0));
      // It has looked for its records by then, were it not kept from it.
      for (let turn = 0; turn < 200; turn += 1) await new Promise((done) => setImmediate(done));
    });
    release();
    expect(await saving).toBe('RECORD_NOT_FOUND');
    expect(await saved()).toBeNull();
  });

  test('that was deleted can be restored, and every version can be read again', async () => {
    await at.store.saveConversation(conversation(null), 0);
    await at.store.conversations.delete(conversationId);
    expect((await saved())?.deletedAt).not.toBeNull();
    const { seq } = await at.store.conversations.delete(conversationId);
    expect(seq).toBe(at.vault.journal.lastSeq);
    await at.store.conversations.restore(conversationId);
    expect(await saved()).toMatchObject({ deletedAt: null, title: '过敏史？' });
    expect(await at.store.conversations.history(conversationId)).toHaveLength(3);
    expect(await codeOf(at.store.conversations.delete('nobody'))).toBe('RECORD_NOT_FOUND');
  });

  test('that is too long is refused before anything is written', async () => {
    const nodes = Array.from({ length: 250 }, (_, at) => ({
      ...{ id: `n${at}`, parent: null, question: '问', at, state: 'partial' as const },
      ...{ written: '长'.repeat(100_000), asked: [] },
    }));
    const before = at.vault.journal.lastSeq;
    expect(await codeOf(at.store.saveConversation(conversation(null, { nodes }), 0))).toBe(
      'TEXT_TOO_LARGE',
    );
    expect(at.vault.journal.lastSeq).toBe(before);
  });
});

test('the questions at hand are kept, sealed, and of two changes the second is refused', async () => {
  const questions = {
    ...{ id: 'quick-questions' as const, recordId: null, createdAt: 0, updatedAt: 0 },
    ...{ deletedAt: null, questions: ['罕见的问题？'] },
  };
  expect(await at.store.questions.save(questions, 0)).toMatchObject({ version: 1 });
  await at.restart();
  expect(await codeOf(at.store.questions.save(questions, 0))).toBe('VERSION_CONFLICT');
  const row = await at.vault.journal.latest('quick-questions', 'quick-questions');
  expect(Buffer.from(row?.sealed ?? []).includes(Buffer.from('罕见的问题'))).toBe(false);
});
