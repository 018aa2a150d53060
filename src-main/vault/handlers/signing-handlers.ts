/** Signatures of doctors, and the copying that policy and signature allow. */
import type { NewAuditEntry } from '../../domain/contract/audit';
import { AppError } from '../../domain/contract/errors';
import type { HandlersOf } from '../../domain/contract/ipc-handlers';
import { approveReply, demandApproved } from '../approve-reply';
import { confirmReview } from '../confirm-review';
import type { VaultSession } from '../session';

export interface SigningParts {
  readonly vault: VaultSession;
  readonly audit: {
    tell(entry: NewAuditEntry): void;
    tellFirst(entry: NewAuditEntry): Promise<void>;
  };
  readonly clipboard: { write(text: string): Promise<void> };
}

export function signingHandlers(parts: SigningParts): HandlersOf<'clipboard' | 'reply' | 'review'> {
  const { vault, audit, clipboard } = parts;
  return {
    'review.sign': (content) => confirmReview(vault, content),
    'reply.sign': (reply) => approveReply(vault, audit, reply),
    'reply.copy': async ({ replyId, text, approval }) => {
      if (!vault.policy.copy.allowed) throw new AppError('POLICY_FORBIDS');
      demandApproved(vault, { replyId, text, approval });
      await clipboard.write(text);
      audit.tell({ event: { kind: 'reply-copied', chars: text.length }, subject: replyId });
    },
    'clipboard.write': async ({ text }) => {
      if (!vault.policy.copy.allowed) throw new AppError('POLICY_FORBIDS');
      await clipboard.write(text);
      audit.tell({ event: { kind: 'copied', chars: text.length } });
    },
  };
}
