import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewAuditEntry } from '../domain/contract/audit';
import { AppError, problemOf } from '../domain/contract/errors';
import type { User } from '../domain/contract/vault';
import { approveReply, demandApproved } from './approve-reply';
import { publicHexOf } from './keyring/boxes';

const replyId = '5f0b8c1e-0000-4000-8000-000000000001';
const text = '请按时复诊。';
const textSha256 = createHash('sha256').update(text).digest('hex');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const retired = publicHexOf(generateKeyPairSync('ed25519').publicKey);
const user: User = {
  ...{ id: '5f0b8c1e-0000-4000-8000-000000000002', name: '王', title: '主治医师' },
  ...{ staffNumber: '1', roles: ['doctor'], signPublic: publicHexOf(publicKey) },
  ...{ createdAt: 1, waitsForAccess: false },
};
const vault = {
  user,
  demand: () => undefined,
  sign: (bytes: Uint8Array) => ({ userId: user.id, signature: sign(null, bytes, privateKey) }),
  signingKeysOf: (id: string) => (id === user.id ? [retired, user.signPublic] : []),
};
const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return problemOf(error).code;
  }
};

describe('an approval', () => {
  it('is signed in the name of a doctor and told to the log, and lets exactly its text out', async () => {
    const told: NewAuditEntry[] = [];
    const audit = { tellFirst: async (entry: NewAuditEntry) => void told.push(entry) };
    const approval = await approveReply(vault, audit, { replyId, textSha256 }, 5);
    expect(approval).toMatchObject({ by: user.id, name: '王', title: '主治医师', at: 5 });
    expect(told).toEqual([{ event: { kind: 'reply-approved' }, subject: replyId }]);
    const demand = (change: object): Promise<string> =>
      codeOf(() => demandApproved(vault, { replyId, text, approval, ...change }));
    expect(await demand({})).toBe('no error');
    for (const change of [
      { text: `${text}多喝水。` },
      { replyId: user.id },
      { approval: { ...approval, name: '李' } },
      { approval: { ...approval, by: replyId } },
      { approval: { ...approval, signature: '00'.repeat(64) } },
    ])
      expect([change, await demand(change)]).toEqual([change, 'REPLY_NOT_APPROVED']);
  });

  it('is given out once the log has it, and not at all where the log cannot be written', async () => {
    let isWritten: () => void = () => undefined;
    const writing = new Promise<void>((resolve) => (isWritten = resolve));
    let isGiven = false;
    const given = approveReply(vault, { tellFirst: () => writing }, { replyId, textSha256 });
    void given.then(() => (isGiven = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isGiven).toBe(false);
    isWritten();
    expect(await given).toMatchObject({ by: user.id });
    const full = { tellFirst: () => Promise.reject(new AppError('DISK_FULL')) };
    expect(await codeOf(() => approveReply(vault, full, { replyId, textSha256 }))).toBe(
      'DISK_FULL',
    );
  });

  it('is not for who is no doctor', async () => {
    const auditor = { ...vault, user: { ...user, roles: ['auditor' as const] } };
    const audit = { tellFirst: () => expect.unreachable() };
    expect(await codeOf(() => approveReply(auditor, audit, { replyId, textSha256 }))).toBe(
      'FORBIDDEN_ROLE',
    );
  });
});
