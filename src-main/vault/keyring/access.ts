/**
 * What a member of the vault is given: the member's key (under which the list of users is
 * authenticated) and, for doctors, the data keys, newest first.
 *
 * Layout: member's key (32), u8 number of data keys, then key id (8) and key (32) of each.
 * Binary rather than JSON: bytes can be wiped, strings cannot.
 */
import { dataKeyBytes } from '../../domain/sealing/row';

export interface HeldDataKey {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface Access {
  readonly memberKey: Uint8Array;
  /** Empty for who may not read records. */
  readonly dataKeys: readonly HeldDataKey[];
}

export const memberKeyBytes = 32;
const keyIdBytes = 8;
const keyEntryBytes = keyIdBytes + dataKeyBytes;

/** The caller wipes the result. */
export function encodeAccess({ memberKey, dataKeys }: Access): Uint8Array {
  const bytes = new Uint8Array(memberKeyBytes + 1 + dataKeys.length * keyEntryBytes);
  bytes.set(memberKey, 0);
  bytes[memberKeyBytes] = dataKeys.length;
  dataKeys.forEach(({ id, bytes: key }, index) => {
    const at = memberKeyBytes + 1 + index * keyEntryBytes;
    bytes.set(Buffer.from(id, 'hex'), at);
    bytes.set(key, at + keyIdBytes);
  });
  return bytes;
}

/** @returns null when the bytes are laid out otherwise */
export function decodeAccess(bytes: Uint8Array): Access | null {
  const count = bytes[memberKeyBytes];
  if (count === undefined) return null;
  if (bytes.byteLength !== memberKeyBytes + 1 + count * keyEntryBytes) return null;
  return {
    memberKey: copyOf(bytes, 0, memberKeyBytes),
    dataKeys: Array.from({ length: count }, (_, index) => {
      const at = memberKeyBytes + 1 + index * keyEntryBytes;
      return {
        id: Buffer.from(bytes.subarray(at, at + keyIdBytes)).toString('hex'),
        bytes: copyOf(bytes, at + keyIdBytes, at + keyEntryBytes),
      };
    }),
  };
}

export function wipeAccess({ memberKey, dataKeys }: Access): void {
  memberKey.fill(0);
  for (const { bytes } of dataKeys) bytes.fill(0);
}

/** Never `slice`: that of a Buffer is a view, and wiping the whole would wipe the part. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from(bytes.subarray(from, to));
}
