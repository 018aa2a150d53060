/**
 * What a confirmation (审核确认) says and what is signed of it. The content is all that was decided, so
 * that neither a fact, nor a decision, nor the way it was made can be changed afterwards unnoticed.
 */
import { AppError } from '../contract/errors';
import type { Confirmation, StoredReview } from '../contract/review';
import { canonicalJson } from './canonical-json';
import { progressOf } from './progress';

/** What a confirmation binds: the canonical JSON of the record, its text's version, and every item. */
export function confirmedContent(review: StoredReview): string {
  const { recordId, textSha256, role, study, runId, schema, version } = review;
  const items = review.items.map(
    ({ id, fact, origin, machine, decision, review: how, at, by }) => ({
      ...{ id, fact, origin, machine, decision, at, by },
      review: how,
    }),
  );
  return canonicalJson({
    format: 'chimed-review/1',
    ...{ recordId, textSha256, role, study, runId, schema, version, items },
  });
}

/** SHA-256 of `confirmedContent`, hexadecimal. */
export async function contentSha256(review: StoredReview): Promise<string> {
  const bytes = new TextEncoder().encode(confirmedContent(review));
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes that the user's key signs: what is confirmed, by whom as they were, and when. */
export function confirmationBytes(
  recordId: string,
  { by, name, title, at, contentSha256: content }: Omit<Confirmation, 'signature'>,
): Uint8Array<ArrayBuffer> {
  const statement = ['chimed/review-confirmation/1', recordId, content, by, name, title, at];
  return new TextEncoder().encode(JSON.stringify(statement));
}

/** @throws AppError `REVIEW_LOCKED` when it is confirmed already, `REVIEW_INCOMPLETE` with what is open */
export function checkConfirmable(review: StoredReview): void {
  if (review.confirmation) throw new AppError('REVIEW_LOCKED');
  const { open } = progressOf(review.items);
  if (open > 0) throw new AppError('REVIEW_INCOMPLETE', { params: { open } });
}
