import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storedReplySchema, type StoredReply } from '../domain/contract/conversation';
import { problemOf, type ErrorCode } from '../domain/contract/errors';
import type { Locale } from '../domain/contract/ipc';
import { replyFileText, type ApprovedWords } from '../domain/messages/reply-file';
import { approvalBytes } from '../domain/rules/dialogue/reply-rules';
import { orderPlaceholder } from '../domain/rules/prescription/find-orders';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { publicHexOf } from '../vault/keyring/boxes';
import { Vault } from '../vault/vault';
import { RecordStore } from './store';

const vaultKey = { keyId: '0011223344556677', bytes: () => new Uint8Array(32).fill(7) };
let dir = '';
let vault: Vault;
let store: RecordStore;
let key: KeyObject;
let recordId = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-reply-'));
  const pair = generateKeyPairSync('ed25519');
  key = pair.privateKey;
  vault = await opened();
  store = new RecordStore({
    ...{ vault, userId: 'doctor-1', signPublic: publicHexOf(pair.publicKey) },
  });
  const source = { kind: 'paste' as const, notices: [] };
  ({ recordId } = await store.create({ title: '随访', text: '青霉素过敏。', source }));
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});

function opened(): Promise<Vault> {
  return Vault.open(dir, { keyId: vaultKey.keyId, key: vaultKey.bytes() });
}

function replyOf(change: Partial<StoredReply> = {}): StoredReply {
  return {
    ...{ id: randomUUID(), recordId, title: '咳嗽', createdAt: 1, updatedAt: 1, deletedAt: null },
    state: 'machine-draft',
    turns: [{ role: 'patient', text: '咳嗽三天' }],
    dangerSigns: [],
    options: { purpose: 'answer', tone: 'plain', length: 'short', askBack: true },
    candidates: [{ text: '多喝水。', guards: [], quotes: [], ended: 'end' }],
    ...{ chosen: null, text: '', edits: [], approval: null },
    ...change,
  };
}
const editing = (reply: StoredReply, text: string): StoredReply => ({
  ...reply,
  ...{ state: 'editing', chosen: 0, text },
  edits: [...reply.edits, { at: 2, by: 'doctor-1', text }],
});
function approved(reply: StoredReply, signer = key, by = 'doctor-1'): StoredReply {
  const textSha256 = createHash('sha256').update(reply.text).digest('hex');
  const said = { by, name: '王', title: '', at: 3, textSha256 };
  const signature = sign(null, approvalBytes(reply.id, said), signer).toString('hex');
  return { ...reply, state: 'approved', approval: { ...said, signature } };
}
async function code(work: Promise<unknown>): Promise<ErrorCode | 'no error'> {
  return work.then(
    () => 'no error' as const,
    (error: unknown) => problemOf(error).code,
  );
}
async function stored(id: string, of = vault): Promise<StoredReply | null> {
  const row = await of.journal.latest('reply', id);
  if (!row) return null;
  const keyId = keyIdOfSealed(row.sealed);
  return openJson(await of.recordKeys.key(keyId), keyId, row, row.sealed, storedReplySchema);
}
/** A reply that is stored and being edited; its next version is 3. */
async function begun(text = '多喝水，三天后复诊。'): Promise<StoredReply> {
  const draft = replyOf();
  await store.saveReply(draft, 0);
  const edited = editing(draft, text);
  await store.saveReply(edited, 1);
  return edited;
}

describe('a reply', () => {
  test('is what a doctor approved, and can then be neither changed nor approved again', async () => {
    const reply = approved(await begun());
    expect(await store.saveReply(reply, 2)).toMatchObject({ version: 3 });
    expect(await stored(reply.id)).toMatchObject({ state: 'approved', approval: reply.approval });
    for (const next of [
      { ...reply, text: '另一句' },
      approved({ ...reply, text: '另一句' }),
      editing({ ...reply, approval: null }, '另一句'),
      replyOf({ id: reply.id }),
    ])
      expect(await code(store.saveReply(next, 3))).toBe('REPLY_LOCKED');
    expect(await stored(reply.id)).toMatchObject({ state: 'approved', text: reply.text });
  });

  test('is approved by who is signed in, for exactly its text, with their signature', async () => {
    const reply = await begun();
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const sound = approved(reply);
    for (const next of [
      approved(reply, stranger),
      approved(reply, key, 'doctor-2'),
      { ...sound, text: `${sound.text}。` },
      { ...sound, approval: sound.approval && { ...sound.approval, name: '李' } },
      // Of another reply with the same words.
      { ...sound, approval: approved({ ...reply, id: randomUUID() }).approval },
    ])
      expect(await code(store.saveReply(next, 2))).toBe('CONFIRMATION_INVALID');
    const nobody = new RecordStore({ vault });
    const unsigned = { ...sound, edits: reply.edits };
    expect(await code(nobody.saveReply(unsigned, 2))).toBe('CONFIRMATION_INVALID');
    expect(await code(store.saveReply(sound, 2))).toBe('no error');
  });

  test('is not approved while an order waits for its doctor, while it is empty, or unopened', async () => {
    const open = await begun(`可服${orderPlaceholder}。`);
    expect(await code(store.saveReply(approved(open), 2))).toBe('REPLY_ORDER_OPEN');
    const empty = await begun(' \n');
    expect(await code(store.saveReply(approved(empty), 2))).toBe('REPLY_EMPTY');
    const draft = replyOf({ text: '多喝水。', chosen: 0 });
    expect(await code(store.saveReply(approved(draft), 0))).toBe('BAD_REQUEST');
    await store.saveReply(draft, 0);
    expect(await code(store.saveReply(approved(draft), 1))).toBe('BAD_REQUEST');
    // A state alone approves nothing.
    const claimed = { ...(await begun()), state: 'approved' as const };
    expect(await code(store.saveReply(claimed, 2))).toBe('BAD_REQUEST');
  });

  test('keeps every edit, each in the name of who made it', async () => {
    const reply = await begun();
    const [first] = reply.edits;
    if (!first) throw new Error('no edit');
    for (const edits of [[], [{ ...first, text: '没写过' }], [{ ...first, by: 'doctor-2' }]])
      expect(await code(store.saveReply({ ...reply, edits }, 2))).toBe('VERSION_CONFLICT');
    const foreign = [...reply.edits, { at: 4, by: 'doctor-2', text: '改' }];
    expect(await code(store.saveReply({ ...reply, edits: foreign }, 2))).toBe('BAD_REQUEST');
    await store.saveReply(editing(reply, '再改'), 2);
    expect((await stored(reply.id))?.edits.map(({ text }) => text)).toEqual([reply.text, '再改']);
    expect(await store.replies.history(reply.id)).toHaveLength(3);
  });

  test('made of an older version is refused; deleting is undone, also of an approved one', async () => {
    const reply = await begun();
    expect(await code(store.saveReply(editing(reply, '迟到'), 1))).toBe('VERSION_CONFLICT');
    expect(await code(store.saveReply({ ...reply, recordId: null }, 2))).toBe('VERSION_CONFLICT');
    await store.saveReply(approved(reply), 2);
    await store.replies.delete(reply.id);
    expect((await stored(reply.id))?.deletedAt).not.toBeNull();
    await store.replies.restore(reply.id);
    expect(await stored(reply.id)).toMatchObject({ deletedAt: null, state: 'approved' });
  });

  test('ends with its record; one without a record does not', async () => {
    const reply = await begun();
    const free = replyOf({ recordId: null });
    await store.saveReply(free, 0);
    await store.shred(recordId);
    expect(await stored(reply.id)).toBeNull();
    expect(await code(store.saveReply(editing(reply, '改'), 2))).toBe('RECORD_NOT_FOUND');
    expect(await code(store.saveReply(replyOf(), 0))).toBe('RECORD_NOT_FOUND');
    expect(await stored(free.id)).toMatchObject({ turns: free.turns });
  });

  test('is there again when the journal is opened again', async () => {
    const reply = approved(await begun());
    await store.saveReply(reply, 2);
    await vault.close();
    vault = await opened();
    expect(await stored(reply.id)).toMatchObject({ text: reply.text, approval: reply.approval });
  });

  test('is written into a file only as it was approved', async () => {
    const reply = await begun();
    const write = (text: string): Promise<void> => store.demandApprovedReply(reply.id, text);
    expect(await code(write(reply.text))).toBe('REPLY_NOT_APPROVED');
    const sound = approved(reply);
    const { approval } = sound;
    if (!approval) throw new Error('not approved');
    await store.saveReply(sound, 2);
    const fileOf = (change: Partial<ApprovedWords> = {}, locale: Locale = 'zh-CN'): string =>
      replyFileText({ text: reply.text, approval, isDrafted: true, ...change }, locale);
    const file = fileOf();
    expect(file.startsWith(`${reply.text}\n`)).toBe(true);
    expect(file).toContain('初稿由模型生成');
    for (const text of [file, fileOf({}, 'en')]) expect(await code(write(text))).toBe('no error');
    for (const text of [
      ...['多喝酒。', '', reply.text, `${reply.text}另服阿司匹林。`],
      // What stands behind the reply is as exact as the reply.
      ...[`${file}另服阿司匹林。`, file.replace('\n\n——', '\n另服阿司匹林。\n——'), file.trimEnd()],
      // Neither who approved it nor that a model wrote first is left out or made up.
      fileOf({ isDrafted: false }),
      fileOf({ approval: { ...approval, name: '李' } }),
      fileOf({ approval: { ...approval, at: approval.at + 86_400_000 } }),
    ])
      expect(await code(write(text))).toBe('REPLY_NOT_APPROVED');
  });
});
