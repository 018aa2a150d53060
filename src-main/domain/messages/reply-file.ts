/** What the file of an approved reply says: here for who writes it and for who checks what is written. */
import type { ReplyApproval, StoredReply } from '../contract/conversation';
import type { Locale } from '../contract/ipc';
import { formatterFor, messagesFor } from './index';

export interface ApprovedWords extends Pick<StoredReply, 'text'> {
  readonly approval: ReplyApproval;
  /** Whether a model's draft was taken for it. */
  readonly isDrafted: boolean;
}

/** The reply's words alone, then a line, what it was made from, and who approved it when (local time). */
export function replyFileText(
  { text, approval, isDrafted }: ApprovedWords,
  locale: Locale,
): string {
  const m = messagesFor(locale).dialogue;
  const when = formatterFor(locale).dateTime(approval.at);
  const who = m.approvedBy(approval.name, approval.title, when);
  return [text, '', '——', ...(isDrafted ? [m.origin] : []), who, ''].join('\n');
}
