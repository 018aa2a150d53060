/** Drafted replies: what was approved is what a doctor signed, and stays so. */
import { createHash, verify } from 'node:crypto';
import { storedReplySchema, type StoredReply } from '../domain/contract/conversation';
import { AppError } from '../domain/contract/errors';
import { localeSchema } from '../domain/contract/ipc';
import { replyFileText } from '../domain/messages/reply-file';
import { approvalBytes, approvalFault, mayFollow } from '../domain/rules/dialogue/reply-rules';
import { publicKeyOf } from '../vault/keyring/boxes';
import type { Signer } from './review-rows';
import { WorkStore, type WorkStoreOptions } from './work-store';

/** 500 turns and four drafts with room to spare. */
const maxReplyChars = 40_000_000;

/** @param signer who is signed in; null in a trial, which cannot approve */
export function replyStore(
  options: Pick<WorkStoreOptions<StoredReply>, 'vault' | 'now' | 'userId'>,
  signer: Signer | null,
): WorkStore<StoredReply> {
  return new WorkStore({
    ...options,
    table: 'reply',
    schema: storedReplySchema,
    maxChars: maxReplyChars,
    demand: (next, before) => demandHonest(next, before, { userId: options.userId, signer }),
  });
}

/**
 * @throws AppError `REPLY_LOCKED` after an approval; `REPLY_EMPTY`, `REPLY_ORDER_OPEN`;
 *   `CONFIRMATION_INVALID` when who is signed in did not approve exactly this text; `BAD_REQUEST` for a
 *   step that is none, or an edit in another name; `VERSION_CONFLICT` for a rewritten history
 */
function demandHonest(
  next: StoredReply,
  before: StoredReply | null,
  { userId, signer }: { readonly userId: string | null; readonly signer: Signer | null },
): void {
  if (before?.state === 'approved') throw new AppError('REPLY_LOCKED');
  if (!mayFollow(before?.state ?? null, next.state)) throw new AppError('BAD_REQUEST');
  if ((next.state === 'approved') !== (next.approval !== null)) throw new AppError('BAD_REQUEST');
  demandKeptEdits(next, before, userId);
  if (!next.approval) return;
  const fault = approvalFault(next);
  if (fault) throw new AppError(fault);
  if (!isApprovedBy(next, signer)) throw new AppError('CONFIRMATION_INVALID');
}

/** An edit that was kept once stays in the history; new ones are in the name of who works with it. */
function demandKeptEdits(
  next: StoredReply,
  before: StoredReply | null,
  userId: string | null,
): void {
  const kept = before?.edits ?? [];
  const same = kept.every((edit, at) => JSON.stringify(edit) === JSON.stringify(next.edits[at]));
  if (!same) throw new AppError('VERSION_CONFLICT');
  if (!next.edits.slice(kept.length).every(({ by }) => by === (userId ?? ''))) {
    throw new AppError('BAD_REQUEST');
  }
}

/** Whether a text is what the file of a reply says, in a language of the program; never of one that is not approved. */
export function isFileOf(
  { state, text, approval, candidates, chosen }: StoredReply,
  written: string,
): boolean {
  if (state !== 'approved' || !approval) return false;
  const isDrafted = chosen !== null && candidates[chosen] !== undefined;
  return localeSchema.options.some(
    (locale) => written === replyFileText({ text, approval, isDrafted }, locale),
  );
}

function isApprovedBy({ id, text, approval }: StoredReply, signer: Signer | null): boolean {
  if (!approval || !signer || approval.by !== signer.userId) return false;
  const { signature, ...said } = approval;
  const textSha256 = createHash('sha256').update(text, 'utf8').digest('hex');
  if (said.textSha256 !== textSha256) return false;
  const key = publicKeyOf('ed25519', signer.signPublic);
  return verify(null, approvalBytes(id, said), key, Buffer.from(signature, 'hex'));
}
