/**
 * The slots of a file of keys in memory: where each key lies and what it is wrapped as, some 90 bytes a
 * key. A wrapped key stands in one place only, so that destroying it leaves no copy behind.
 */
import { wrappedKeyBytes } from '../domain/sealing/record-key';
import { PackedNames } from './packed-names';
import { PackedNumbers } from './packed-numbers';

/** Wrapped keys of one block, which never moves. */
const blockKeys = 1024;

export class KeyPlaces {
  readonly #ids = new PackedNames();
  /** By the number of a key: the first slot with its id. */
  readonly #slots = new PackedNumbers();
  /** By the number of a key: 1 once it was destroyed. */
  readonly #shredded = new PackedNumbers();
  /** By the number of a key: the other slots with its id. */
  readonly #copies = new Map<number, number[]>();
  readonly #blocks: Uint8Array[] = [];

  has(keyId: string): boolean {
    return this.#ids.has(keyId);
  }

  /** The wrapped key, a view; null when there is none, or it was destroyed. */
  wrapped(keyId: string): Uint8Array | null {
    const number = this.#ids.numberOf(keyId);
    return number < 0 ? null : this.#wrappedOf(number);
  }

  /** Every slot with this id: whoever copied one must not keep it from being destroyed. */
  slots(keyId: string): number[] {
    const number = this.#ids.numberOf(keyId);
    return number < 0 ? [] : [this.#slots.at(number), ...(this.#copies.get(number) ?? [])];
  }

  /** @param wrapped null for a slot whose key was destroyed: then all of its copies are */
  add(keyId: string, slot: number, wrapped: Uint8Array | null): void {
    const isNew = !this.#ids.has(keyId);
    const number = this.#ids.add(keyId);
    if (isNew) {
      this.#slots.set(number, slot);
      const block = (this.#blocks[Math.floor(number / blockKeys)] ??= new Uint8Array(
        blockKeys * wrappedKeyBytes,
      ));
      if (wrapped) block.set(wrapped, (number % blockKeys) * wrappedKeyBytes);
    } else {
      this.#copies.set(number, [...(this.#copies.get(number) ?? []), slot]);
    }
    if (!wrapped) this.#shred(number);
  }

  /** Wipes it. One that was not there is known as destroyed from now on. */
  shred(keyId: string, slot: number): void {
    const number = this.#ids.numberOf(keyId);
    if (number < 0) this.add(keyId, slot, null);
    else this.#shred(number);
  }

  /** All keys in the order of their slots; null for those that were destroyed. */
  *[Symbol.iterator](): Generator<readonly [keyId: string, wrapped: Uint8Array | null]> {
    for (let number = 0; number < this.#ids.size; number += 1)
      yield [this.#ids.nameOf(number), this.#wrappedOf(number)];
  }

  #wrappedOf(number: number): Uint8Array | null {
    if (this.#shredded.at(number) === 1) return null;
    const at = (number % blockKeys) * wrappedKeyBytes;
    return this.#blocks[Math.floor(number / blockKeys)]?.subarray(at, at + wrappedKeyBytes) ?? null;
  }

  #shred(number: number): void {
    this.#wrappedOf(number)?.fill(0);
    this.#shredded.set(number, 1);
  }
}
