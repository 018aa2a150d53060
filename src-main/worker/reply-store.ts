/** Drafted replies: what was approved is what a doctor signed, and stays so. */
import { createHash } from 'node:crypto';
import { storedReplySchema, type StoredReply } from '../domain/contract/conversation';
import { AppError } from '../domain/contract/errors';
import { approvalFault } from '../domain/rules/dialogue/reply-rules';
import { WorkStore, type WorkStoreOptions } from './work-store';

/** 500 turns and four drafts with room to spare. */
const maxReplyChars = 40_000_000;

export type VerifyApproval = (reply: StoredReply) => boolean;

/**
 * @param verify whether an approval's signature is that of a user of this vault, who is a doctor
 */
export function replyStore(
  options: Pick<WorkStoreOptions<StoredReply>, 'vault' | 'now' | 'userId'>,
  verify: VerifyApproval,
): WorkStore<StoredReply> {
  return new WorkStore({
    ...options,
    table: 'reply',
    schema: storedReplySchema,
    maxChars: maxReplyChars,
    demand: (next, before) => demandHonest(next, before, verify),
  });
}

/** @throws AppError `REPLY_EMPTY`, `REPLY_ORDER_OPEN`, `CONFIRMATION_INVALID`, `VERSION_CONFLICT` */
function demandHonest(next: StoredReply, before: StoredReply | null, verify: VerifyApproval): void {
  if ((next.state === 'approved') !== (next.approval !== null)) throw new AppError('BAD_REQUEST');
  if (next.approval) {
    const fault = approvalFault(next);
    if (fault) throw new AppError(fault);
    const textSha256 = createHash('sha256').update(next.text, 'utf8').digest('hex');
    if (next.approval.textSha256 !== textSha256 || !verify(next)) {
      throw new AppError('CONFIRMATION_INVALID');
    }
  }
  // An edit that was kept once stays in the history.
  const kept = before?.edits ?? [];
  const same = kept.every((edit, at) => JSON.stringify(edit) === JSON.stringify(next.edits[at]));
  if (!same) throw new AppError('VERSION_CONFLICT');
}
