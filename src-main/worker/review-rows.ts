/** What may be stored of a review after what is stored of it already. */
import { verify } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import type { ReviewItem, StoredReview } from '../domain/contract/review';
import { canonicalJson } from '../domain/review/canonical-json';
import { checkConfirmable, confirmationBytes, contentSha256 } from '../domain/review/confirmation';
import { ordinalOf, studyReviewIdOf } from '../domain/review/review';
import { publicKeyOf } from '../vault/keyring/boxes';

/** Who is signed in; null in a trial. */
export interface Signer {
  readonly userId: string;
  /** Ed25519 public key, 64 hexadecimal digits. */
  readonly signPublic: string;
}

interface ReviewRules {
  readonly userId: string | null;
  /** Changes of later are of the future, milliseconds since the epoch. */
  readonly latest: number;
  readonly signer: Signer | null;
  /** What the policy says of several facts being accepted by one act. */
  readonly bulkAllowed: boolean;
}

/**
 * Checks a review against the one before it and, where it is confirmed, its signature.
 *
 * @throws AppError `BAD_REQUEST` for another review, or a rewritten or later history; `REVIEW_LOCKED` when the
 *   version is confirmed; `VERSION_CONFLICT` for a version out of turn; `REVIEW_INCOMPLETE`;
 *   `POLICY_FORBIDS` for facts that were accepted by one act where the policy does not allow it;
 *   `CONFIRMATION_INVALID` when who is signed in did not sign exactly this
 */
export async function checkReview(
  review: StoredReview,
  before: StoredReview | null,
  { userId, latest, signer, bulkAllowed }: ReviewRules,
): Promise<void> {
  if (!hasItsId(review)) throw new AppError('BAD_REQUEST');
  checkTurn(review, before);
  checkHistory(review, before, { userId, latest });
  if (!bulkAllowed) checkOneByOne(review, before);
  if (review.confirmation) await checkConfirmation(review, signer);
}

function hasItsId(review: StoredReview): boolean {
  const { id, recordId, role, study } = review;
  if (role === 'primary') return study === undefined && ordinalOf(review) !== null;
  return study !== undefined && id === studyReviewIdOf(recordId, role, study);
}

function checkTurn(review: StoredReview, before: StoredReview | null): void {
  if (!before) {
    if (review.version !== 1) throw new AppError('VERSION_CONFLICT');
    return;
  }
  if (before.recordId !== review.recordId) throw new AppError('BAD_REQUEST');
  if (!before.confirmation) {
    if (review.version !== before.version) throw new AppError('VERSION_CONFLICT');
    return;
  }
  if (review.version === before.version) throw new AppError('REVIEW_LOCKED');
  if (review.version !== before.version + 1) throw new AppError('VERSION_CONFLICT');
}

/** Who changed what is only ever added to, each in their own name and not before it is done. */
function checkHistory(
  review: StoredReview,
  before: StoredReview | null,
  { userId, latest }: Pick<ReviewRules, 'userId' | 'latest'>,
): void {
  const kept = before?.version === review.version ? before.changes : [];
  const isKept =
    review.changes.length >= kept.length &&
    canonicalJson(review.changes.slice(0, kept.length)) === canonicalJson(kept);
  const isOwn = review.changes
    .slice(kept.length)
    .every(({ by, at }) => by === (userId ?? '') && at <= latest);
  if (!isKept || !isOwn) throw new AppError('BAD_REQUEST');
}

/** What was accepted in bulk while that was allowed stays so. */
function checkOneByOne(review: StoredReview, before: StoredReview | null): void {
  const known = new Set(before?.items.filter(isBulk).map(({ id }) => id));
  if (review.items.some((item) => isBulk(item) && !known.has(item.id)))
    throw new AppError('POLICY_FORBIDS');
}

function isBulk({ review }: ReviewItem): boolean {
  return review === 'bulk';
}

async function checkConfirmation(review: StoredReview, signer: Signer | null): Promise<void> {
  const { confirmation } = review;
  if (!confirmation || !signer || confirmation.by !== signer.userId) {
    throw new AppError('CONFIRMATION_INVALID');
  }
  checkConfirmable({ ...review, confirmation: null });
  const { signature, ...said } = confirmation;
  const isSigned = verify(
    null,
    confirmationBytes(review.recordId, said),
    publicKeyOf('ed25519', signer.signPublic),
    Buffer.from(signature, 'hex'),
  );
  if (!isSigned || said.contentSha256 !== (await contentSha256(review))) {
    throw new AppError('CONFIRMATION_INVALID');
  }
}
