/**
 * The chain through the journal: every frame carries a MAC over the one before and over its own rows.
 * Checksums tell what a disk did; the chain tells what somebody did who can compute checksums: a frame
 * that was edited, removed, moved, doubled, or taken from another journal has no right MAC.
 *
 * HMAC-SHA256. Of the header: `header`, its bytes. Of a frame: `frame`, the MAC before, u64 sequence
 * number of its first row, u32 number of rows, then of each row its head as it was first written, the
 * id of its key (8) and the SHA-256 of the sealed row. By those a row can be left out later, when its
 * key was destroyed, and the chain still holds.
 */
import { createHmac, hash, KeyObject, timingSafeEqual } from 'node:crypto';
import type { DataKey } from '../domain/sealing/row';

export const macBytes = 32;

/** What the chain holds of a row. */
export interface RowProof {
  /** The row's head, without the mark of a dropped row. */
  readonly head: Uint8Array;
  /** 8 bytes; zeros for what is no sealed row. */
  readonly keyId: Uint8Array;
  readonly sha256: Uint8Array;
}

/** Where a journal stands: the sequence number of its last row and the MAC over everything up to it. */
export interface JournalHead {
  readonly seq: number;
  /** 64 hexadecimal digits. */
  readonly mac: string;
}

export class Chain {
  readonly #key: KeyObject;

  /** @param key HMAC-SHA256, of the purpose `chain` */
  constructor(key: DataKey) {
    this.#key = KeyObject.from(key);
  }

  ofHeader(bytes: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update('header').update(bytes).digest();
  }

  ofFrame(before: Uint8Array, firstSeq: number, rows: readonly RowProof[]): Uint8Array {
    const numbers = Buffer.alloc(12);
    numbers.writeBigUInt64BE(BigInt(firstSeq), 0);
    numbers.writeUInt32BE(rows.length, 8);
    const mac = createHmac('sha256', this.#key).update('frame').update(before).update(numbers);
    for (const { head, keyId, sha256 } of rows) mac.update(head).update(keyId).update(sha256);
    return mac.digest();
  }
}

export function sameMac(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

export function sha256Of(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
