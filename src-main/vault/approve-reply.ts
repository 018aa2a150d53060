/** A doctor's approval of a reply to a patient, made where their key is, and what it is asked for later. */
import { createHash, verify } from 'node:crypto';
import type { NewAuditEntry } from '../domain/contract/audit';
import type { ReplyApproval } from '../domain/contract/conversation';
import { AppError } from '../domain/contract/errors';
import { approvalBytes } from '../domain/rules/dialogue/reply-rules';
import { publicKeyOf } from './keyring/boxes';
import type { VaultSession } from './session';

export interface ReplyToApprove {
  readonly replyId: string;
  /** Of the UTF-8 of its text. */
  readonly textSha256: string;
}

/**
 * Signs with the key of who is signed in, as they are called now. The audit log has it before anybody has the
 * signature: no kill leaves an approved reply that nobody can look up.
 *
 * @param now milliseconds since the epoch. Defaults to the system's clock
 * @throws AppError `VAULT_LOCKED`, `FORBIDDEN_ROLE`, and why the log could not be written
 */
export async function approveReply(
  vault: Pick<VaultSession, 'demand' | 'sign' | 'user'>,
  audit: { tellFirst(entry: NewAuditEntry): Promise<void> },
  { replyId, textSha256 }: ReplyToApprove,
  now = Date.now(),
): Promise<ReplyApproval> {
  // Replies may also be drafted in a trial.
  vault.demand('user');
  vault.demand('records');
  const { user } = vault;
  if (!user?.roles.includes('doctor')) throw new AppError('FORBIDDEN_ROLE');
  const said = { by: user.id, name: user.name, title: user.title, at: now, textSha256 };
  const { userId, signature } = vault.sign(approvalBytes(replyId, said));
  if (userId !== user.id) throw new AppError('INTERNAL');
  await audit.tellFirst({ event: { kind: 'reply-approved' }, subject: replyId });
  return { ...said, signature: Buffer.from(signature).toString('hex') };
}

/**
 * That a doctor of this vault, of now or of before, approved exactly this text.
 *
 * @throws AppError `REPLY_NOT_APPROVED`
 */
export function demandApproved(
  vault: Pick<VaultSession, 'signingKeysOf'>,
  reply: { readonly replyId: string; readonly text: string; readonly approval: ReplyApproval },
): void {
  const { signature, ...said } = reply.approval;
  const bytes = approvalBytes(reply.replyId, said);
  const isSigned = vault
    .signingKeysOf(said.by)
    .some((key) => verify(null, bytes, publicKeyOf('ed25519', key), Buffer.from(signature, 'hex')));
  const textSha256 = createHash('sha256').update(reply.text, 'utf8').digest('hex');
  if (!isSigned || said.textSha256 !== textSha256) throw new AppError('REPLY_NOT_APPROVED');
}
