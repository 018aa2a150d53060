/**
 * The signatures of all records in memory, for as long as the vault is open: about what they are long,
 * in blocks of bytes, and some 60 bytes a record beside. Records stand in the order in which they came.
 */
import { mayHold, type QueryItems } from '../domain/search/signature';

const blockBytes = 4 * 1024 * 1024;

interface Place {
  readonly block: Uint8Array;
  readonly at: number;
  readonly bytes: number;
}

export class SignatureTable {
  readonly #ids: (string | null)[] = [];
  readonly #places: (Place | null)[] = [];
  readonly #slots = new Map<string, number>();
  #block = new Uint8Array(0);
  #used = 0;
  #bytes = 0;

  /** Slots that were given out; those of removed records stay empty. */
  get length(): number {
    return this.#ids.length;
  }

  get records(): number {
    return this.#slots.size;
  }

  /** Taken by blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  has(recordId: string): boolean {
    return this.#slots.has(recordId);
  }

  isSigned(recordId: string): boolean {
    const slot = this.#slots.get(recordId);
    return slot !== undefined && this.#places[slot] !== null;
  }

  /** Adds a record, or exchanges its signature. @param bits null for one whose signature is not known */
  put(recordId: string, bits: Uint8Array | null): void {
    let slot = this.#slots.get(recordId);
    if (slot === undefined) {
      slot = this.#ids.length;
      this.#ids.push(recordId);
      this.#places.push(null);
      this.#slots.set(recordId, slot);
    }
    this.#wipe(slot);
    this.#places[slot] = bits && this.#keep(bits);
  }

  remove(recordId: string): void {
    const slot = this.#slots.get(recordId);
    if (slot === undefined) return;
    this.#wipe(slot);
    this.#places[slot] = null;
    this.#ids[slot] = null;
    this.#slots.delete(recordId);
  }

  /** Records that have no signature, the newest first. */
  *unsigned(): Generator<string> {
    for (let slot = this.length - 1; slot >= 0; slot -= 1) {
      const id = this.#ids[slot];
      if (id && !this.#places[slot]) yield id;
    }
  }

  /**
   * The newest records below a slot that may hold all items, at most `limit`.
   *
   * @returns their ids, and the slot below which to go on; 0 when there is nothing more
   */
  candidates(
    below: number,
    items: QueryItems,
    limit: number,
  ): { readonly recordIds: string[]; readonly below: number } {
    const recordIds: string[] = [];
    let slot = Math.min(below, this.length);
    while (slot > 0 && recordIds.length < limit) {
      slot -= 1;
      const id = this.#ids[slot];
      if (!id) continue;
      const place = this.#places[slot];
      if (!place || mayHold(place.block, place.at, place.bytes, items)) recordIds.push(id);
    }
    return { recordIds, below: slot };
  }

  #keep(bits: Uint8Array): Place {
    if (this.#used + bits.length > this.#block.length) {
      this.#block = new Uint8Array(Math.max(blockBytes, bits.length));
      this.#bytes += this.#block.length;
      this.#used = 0;
    }
    const place = { block: this.#block, at: this.#used, bytes: bits.length };
    this.#block.set(bits, this.#used);
    this.#used += bits.length;
    return place;
  }

  #wipe(slot: number): void {
    const place = this.#places[slot];
    place?.block.fill(0, place.at, place.at + place.bytes);
  }
}
