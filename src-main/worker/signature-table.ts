/**
 * The signatures of all records in memory, for as long as the vault is open: about what they are long,
 * in blocks of bytes, and some 40 bytes a record beside. Records stand in the order in which they came.
 */
import { mayHold, type QueryItems } from '../domain/search/signature';
import { PackedNames } from '../vault/packed-names';
import { PackedNumbers } from '../vault/packed-numbers';

const blockBytes = 4 * 1024 * 1024;

interface Place {
  readonly block: Uint8Array;
  readonly at: number;
  readonly bytes: number;
}

/** By slot: what is known of the record. */
const unsigned = 0;
const signed = 1;
const removed = 2;

export class SignatureTable {
  /** Their numbers are the slots. */
  readonly #ids = new PackedNames();
  readonly #states = new PackedNumbers();
  /** By slot: the block of its signature, where it begins there, and its length. */
  readonly #blockOf = new PackedNumbers();
  readonly #starts = new PackedNumbers();
  readonly #lengths = new PackedNumbers();
  readonly #blocks: Uint8Array[] = [];
  #removed = 0;
  #used = 0;
  #bytes = 0;

  /** Slots that were given out; those of removed records stay empty. */
  get length(): number {
    return this.#ids.size;
  }

  get records(): number {
    return this.#ids.size - this.#removed;
  }

  /** Taken by blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  has(recordId: string): boolean {
    return this.#slotOf(recordId) !== null;
  }

  isSigned(recordId: string): boolean {
    const slot = this.#slotOf(recordId);
    return slot !== null && this.#states.at(slot) === signed;
  }

  /** Adds a record, or exchanges its signature. @param bits null for one whose signature is not known */
  put(recordId: string, bits: Uint8Array | null): void {
    const slot = this.#ids.add(recordId);
    if (this.#states.at(slot) === removed) this.#removed -= 1;
    this.#wipe(slot);
    if (bits) this.#keep(slot, bits);
  }

  remove(recordId: string): void {
    const slot = this.#slotOf(recordId);
    if (slot === null) return;
    this.#wipe(slot);
    this.#states.set(slot, removed);
    this.#removed += 1;
  }

  /** Records that have no signature, the newest first. */
  *unsigned(): Generator<string> {
    for (let slot = this.length - 1; slot >= 0; slot -= 1) {
      if (this.#states.at(slot) === unsigned) yield this.#ids.nameOf(slot);
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
      if (this.#states.at(slot) === removed) continue;
      const place = this.#placeOf(slot);
      if (!place || mayHold(place.block, place.at, place.bytes, items)) {
        recordIds.push(this.#ids.nameOf(slot));
      }
    }
    return { recordIds, below: slot };
  }

  #slotOf(recordId: string): number | null {
    const slot = this.#ids.numberOf(recordId);
    return slot < 0 || this.#states.at(slot) === removed ? null : slot;
  }

  #placeOf(slot: number): Place | null {
    const block = this.#blocks[this.#blockOf.at(slot)];
    if (!block || this.#states.at(slot) !== signed) return null;
    return { block, at: this.#starts.at(slot), bytes: this.#lengths.at(slot) };
  }

  #keep(slot: number, bits: Uint8Array): void {
    let block = this.#blocks.at(-1);
    if (!block || this.#used + bits.length > block.length) {
      block = new Uint8Array(Math.max(blockBytes, bits.length));
      this.#blocks.push(block);
      this.#bytes += block.length;
      this.#used = 0;
    }
    block.set(bits, this.#used);
    this.#blockOf.set(slot, this.#blocks.length - 1);
    this.#starts.set(slot, this.#used);
    this.#lengths.set(slot, bits.length);
    this.#states.set(slot, signed);
    this.#used += bits.length;
  }

  /** The record has no signature from then on. */
  #wipe(slot: number): void {
    const place = this.#placeOf(slot);
    place?.block.fill(0, place.at, place.at + place.bytes);
    this.#states.set(slot, unsigned);
  }
}
