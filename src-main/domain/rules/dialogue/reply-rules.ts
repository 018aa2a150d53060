import type { ReplyApproval, ReplyState, StoredReply } from '../../contract/conversation';
import { hasOpenOrder } from './draft-guards';

/** What an approval signs: which reply, whose words, who says so and when. */
export function approvalBytes(
  replyId: string,
  { by, name, title, at, textSha256 }: Omit<ReplyApproval, 'signature'>,
): Uint8Array<ArrayBuffer> {
  const said = ['chimed-reply-approval-1', replyId, by, name, title, at, textSha256];
  return new TextEncoder().encode(JSON.stringify(said));
}

/** What may follow what: nothing follows an approval, and nothing is approved that no doctor had open. */
const moves: Readonly<Record<ReplyState | 'none', readonly ReplyState[]>> = {
  none: ['conversation', 'machine-draft', 'editing'],
  conversation: ['conversation', 'machine-draft', 'editing'],
  'machine-draft': ['machine-draft', 'editing'],
  editing: ['editing', 'machine-draft', 'approved'],
  approved: [],
};

/** @param before null for a reply that is not stored yet */
export function mayFollow(before: ReplyState | null, next: ReplyState): boolean {
  return moves[before ?? 'none'].includes(next);
}

/** Why a reply cannot be approved as it stands; null where it can. */
export function approvalFault(
  reply: Pick<StoredReply, 'text'>,
): 'REPLY_EMPTY' | 'REPLY_ORDER_OPEN' | null {
  if (reply.text.trim() === '') return 'REPLY_EMPTY';
  return hasOpenOrder(reply.text) ? 'REPLY_ORDER_OPEN' : null;
}
