/** A doctor's confirmation of a reviewed record (审核确认), made where their key is. */
import { verify } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import type { Confirmation } from '../domain/contract/review';
import { confirmationBytes } from '../domain/review/confirmation';
import { publicKeyOf } from './keyring/boxes';
import type { VaultSession } from './session';

export interface ContentToConfirm {
  readonly recordId: string;
  /** Of `confirmedContent`. */
  readonly contentSha256: string;
}

/**
 * Signs with the key of who is signed in, as they are called now. A trial has no users, and so nobody
 * who could confirm. The audit log is told by the worker, once the review that was signed is stored: only
 * there can be counted what it confirms.
 *
 * @param now milliseconds since the epoch. Defaults to the system's clock
 * @throws AppError `VAULT_LOCKED`, `FORBIDDEN_ROLE`
 */
export function confirmReview(
  vault: Pick<VaultSession, 'demand' | 'sign' | 'user'>,
  { recordId, contentSha256 }: ContentToConfirm,
  now = Date.now(),
): Confirmation {
  // Records may also be read in a trial.
  vault.demand('user');
  vault.demand('records');
  const { user } = vault;
  if (!user?.roles.includes('doctor')) throw new AppError('FORBIDDEN_ROLE');
  const said = { by: user.id, name: user.name, title: user.title, at: now, contentSha256 };
  const { userId, signature } = vault.sign(confirmationBytes(recordId, said));
  if (userId !== user.id) throw new AppError('INTERNAL');
  return { ...said, signature: Buffer.from(signature).toString('hex') };
}

/** Whether the user whom it names, of now or of before, signed it. */
export function isConfirmed(
  vault: Pick<VaultSession, 'signingKeysOf'>,
  of: { readonly recordId: string; readonly confirmation: Confirmation },
): boolean {
  const { signature, ...said } = of.confirmation;
  const bytes = confirmationBytes(of.recordId, said);
  return vault
    .signingKeysOf(said.by)
    .some((key) => verify(null, bytes, publicKeyOf('ed25519', key), Buffer.from(signature, 'hex')));
}
