/**
 * Entries that a user signs. An anchor says that the log was exactly so when they signed in, locked,
 * made a backup or exported it: whoever rewrites the log cannot sign it again. A removal says that old
 * segments went by rule: whoever takes the beginning away cannot say so.
 */
import { verify } from 'node:crypto';
import type { Anchor, AuditEntry, AuditEvent } from '../../domain/contract/audit';
import { publicKeyOf } from '../keyring/boxes';

export type AnchorState = Omit<Anchor, 'signature'>;
export type Removal = Omit<Extract<AuditEvent, { kind: 'audit-removed' }>, 'kind' | 'signature'>;

/** Ed25519 of the user who is signed in. */
export type Sign = (bytes: Uint8Array) => { userId: string; signature: Uint8Array };

/** Every signing key that was ever this user's, also of one who was removed. */
export type SigningKeysOf = (userId: string) => readonly string[];

/** Where an entry stands in the chain. */
export type SignedPlace = Pick<AuditEntry, 'n' | 'at' | 'actor' | 'clockBack'> & {
  readonly prev: string;
};

/** What is signed of an anchor: its place in the chain and what it says. */
export function anchorBytes(
  place: SignedPlace,
  { vaultId, journal, keyring }: AnchorState,
): Uint8Array {
  return statement('chimed/audit-anchor/1', place, [
    vaultId,
    journal?.seq ?? null,
    journal?.mac ?? null,
    keyring.revision,
    keyring.mac,
  ]);
}

/** What is signed of a removal. */
export function removalBytes(place: SignedPlace, { upTo, hash, newest }: Removal): Uint8Array {
  return statement('chimed/audit-removal/1', place, [upTo, hash, newest]);
}

/** Whether an entry was signed by the user it names, with any key that was ever theirs. */
export function isSignedSoundly(
  entry: AuditEntry,
  prev: string,
  signingKeysOf: SigningKeysOf,
): boolean {
  // What is not signed must be as it always is.
  if (entry.result !== 'ok' || entry.subject !== undefined) return false;
  const { event } = entry;
  const place = { ...entry, prev };
  switch (event.kind) {
    case 'anchor': {
      const { signature, ...state } = event.anchor;
      return isSignature(signature, anchorBytes(place, state), signingKeysOf(entry.actor));
    }
    case 'audit-removed':
      return isSignature(event.signature, removalBytes(place, event), signingKeysOf(entry.actor));
    default:
      return false;
  }
}

function isSignature(signature: string, bytes: Uint8Array, keys: readonly string[]): boolean {
  return keys.some((key) =>
    verify(null, bytes, publicKeyOf('ed25519', key), Buffer.from(signature, 'hex')),
  );
}

function statement(
  what: string,
  { n, at, actor, clockBack, prev }: SignedPlace,
  says: readonly (string | number | null)[],
): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify([what, n, at, actor, clockBack ?? false, prev, ...says]),
  );
}
