/**
 * Signed anchors: one user's statement that the log was exactly so when they signed in, locked, made
 * a backup or exported it. Whoever rewrites the log cannot sign it again.
 */
import { verify } from 'node:crypto';
import type { Anchor, AuditEntry } from '../../domain/contract/audit';
import { publicKeyOf } from '../keyring/boxes';

export type AnchorState = Omit<Anchor, 'signature'>;

/** What is signed: the anchor's place in the chain and what it says. */
export function anchorBytes(
  place: Pick<AuditEntry, 'n' | 'at' | 'actor' | 'clockBack'>,
  prev: string,
  { vaultId, journal, keyring }: AnchorState,
): Uint8Array {
  const statement = [
    'chimed/audit-anchor/1',
    place.n,
    place.at,
    place.actor,
    place.clockBack ?? false,
    prev,
    vaultId,
    journal?.seq ?? null,
    journal?.mac ?? null,
    keyring.revision,
    keyring.mac,
  ];
  return new TextEncoder().encode(JSON.stringify(statement));
}

/** Whether an entry's anchor was signed by the user it names, with any key that was ever theirs. */
export function isAnchorSound(
  entry: AuditEntry,
  prev: string,
  signingKeysOf: (userId: string) => readonly string[],
): boolean {
  // What is not signed must be as it always is.
  const plain = entry.result === 'ok' && entry.subject === undefined;
  if (entry.event.kind !== 'anchor' || !plain) return false;
  const { signature, ...state } = entry.event.anchor;
  const bytes = anchorBytes(entry, prev, state);
  return signingKeysOf(entry.actor).some((key) =>
    verify(null, bytes, publicKeyOf('ed25519', key), Buffer.from(signature, 'hex')),
  );
}
