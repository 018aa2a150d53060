/**
 * Keys of records for windows while the journal is still being read, which takes seconds with 50,000
 * records: a window shows its list before. They are taken from their file as it lies; whatever is out
 * of the ordinary there is left to the opening of the vault.
 *
 * A record whose deletion was interrupted by a crash has its key here until the opening destroys it.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeKeysHeader,
  decodeSlot,
  recordKeysFileName,
  slotBytes,
  slotsAt,
} from '../vault/record-keys-format';
import { nextKeysFileName } from '../vault/vault';

/** Half a million keys; more are left to the opening. */
const maxBytes = 64 * 1024 * 1024;

export class EarlyKeys {
  readonly #bytes: Buffer;
  /** Where the slots of a key lie, by its id. */
  readonly #slots = new Map<string, number[]>();

  /** @returns null where the keys are not to be had before the vault is open */
  static async read(dataDir: string, dataKeyId: string): Promise<EarlyKeys | null> {
    try {
      const path = join(dataDir, recordKeysFileName);
      const isRotating = await stat(join(dataDir, nextKeysFileName)).then(
        () => true,
        () => false,
      );
      if (isRotating || (await stat(path)).size > maxBytes) return null;
      const bytes = await readFile(path);
      return decodeKeysHeader(bytes.subarray(0, slotsAt)) === dataKeyId
        ? new EarlyKeys(bytes)
        : null;
    } catch {
      // The opening of the vault meets the same, and says what it is.
      return null;
    }
  }

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
    for (let at = slotsAt; at + slotBytes <= bytes.byteLength; at += slotBytes) {
      const keyId = bytes.toString('hex', at + 4, at + 12);
      const known = this.#slots.get(keyId);
      if (known) known.push(at);
      else this.#slots.set(keyId, [at]);
    }
  }

  /** As `RecordStore.wrappedKeys`. */
  wrappedKeys(
    keyIds: readonly string[],
  ): { keyId: string; wrapped: Uint8Array<ArrayBuffer> | null }[] {
    return keyIds.map((keyId) => {
      let wrapped: Uint8Array<ArrayBuffer> | null = null;
      for (const at of this.#slots.get(keyId) ?? []) {
        const slot = decodeSlot(this.#bytes.subarray(at, at + slotBytes));
        // One of them was destroyed: then all of them are.
        if (slot.state === 'shredded') return { keyId, wrapped: null };
        if (slot.state === 'live') wrapped = new Uint8Array(slot.wrapped);
      }
      return { keyId, wrapped };
    });
  }
}
