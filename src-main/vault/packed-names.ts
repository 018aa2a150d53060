/**
 * Many short names in few bytes, numbered from 0 in the order in which they came: the index of a journal has
 * four for each note, for as long as a vault is open. A string in a Map takes some 150 bytes there; here a
 * UUID takes 19, hexadecimal digits half their number, and each of both about 10 more to be found by.
 */
import { PackedNumbers } from './packed-numbers';

/**
 * A packed name is a byte that says how, and two of its length in all, least significant first; then UTF-8,
 * or two hexadecimal digits a byte.
 */
const asText = 0;
const asUuid = 1;
const asHex = 2;
const headBytes = 3;

/** Blocks never move, and no name lies across two. */
const blockBytes = 16 * 1024;

const uuidChars = 36;
const dashesAt: ReadonlySet<number> = new Set([8, 13, 18, 23]);
const dash = 45;

const encoder = new TextEncoder();
/** The name that is looked for, packed; used again for each. */
const packed = new Uint8Array(blockBytes);

export class PackedNames {
  readonly #blocks: Uint8Array[] = [];
  /** Where each name begins in them, as if they were one. */
  readonly #starts = new PackedNumbers();
  #used = 0;
  /** By hash: 1 + number of a name; 0 where there is none. A power of two long, at most two thirds full. */
  #slots = new Uint32Array(64);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /**
   * @param name 5,000 characters at most; lone surrogates count as U+FFFD
   * @returns -1 where it is not there
   * @throws RangeError for a longer one
   */
  numberOf(name: string): number {
    const length = pack(name);
    return (this.#slots[this.#slotOf(length)] ?? 0) - 1;
  }

  has(name: string): boolean {
    return this.numberOf(name) >= 0;
  }

  /** @returns the number of the name, which is a new one where it was not there. @throws as `numberOf` */
  add(name: string): number {
    const length = pack(name);
    const slot = this.#slotOf(length);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    const number = this.#count;
    this.#keep(number, length);
    this.#count += 1;
    this.#slots[slot] = this.#count;
    if (this.#count * 3 > this.#slots.length * 2) this.#spread();
    return number;
  }

  /** @throws RangeError for a number that no name has */
  nameOf(number: number): string {
    if (number < 0 || number >= this.#count) throw new RangeError('no such name');
    const name = this.#packed(number);
    const text = Buffer.from(name.buffer, name.byteOffset, name.byteLength).subarray(headBytes);
    const kind = name[0];
    if (kind === asText) return text.toString('utf-8');
    const hex = text.toString('hex');
    if (kind === asHex) return hex;
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
    return `${parts.join('-')}-${hex.slice(20)}`;
  }

  /** All names, in their order; those that come meanwhile too. */
  *[Symbol.iterator](): Generator<string> {
    for (let number = 0; number < this.#count; number += 1) yield this.nameOf(number);
  }

  /** A view. */
  #packed(number: number): Uint8Array {
    const start = this.#starts.at(number);
    const block = this.#blocks[Math.floor(start / blockBytes)] ?? packed;
    const at = start % blockBytes;
    return block.subarray(at, at + lengthOf(block, at));
  }

  #keep(number: number, length: number): void {
    const room = blockBytes - (this.#used % blockBytes);
    if (length > room) this.#used += room;
    const block = (this.#blocks[Math.floor(this.#used / blockBytes)] ??= new Uint8Array(
      blockBytes,
    ));
    block.set(packed.subarray(0, length), this.#used % blockBytes);
    this.#starts.set(number, this.#used);
    this.#used += length;
  }

  /** Where the packed name stands among the slots, or would. */
  #slotOf(length: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(packed, length) & mask;
    for (;;) {
      const known = this.#slots[slot] ?? 0;
      if (known === 0 || this.#isAt(known - 1, length)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(number: number, length: number): boolean {
    const start = this.#starts.at(number);
    const block = this.#blocks[Math.floor(start / blockBytes)] ?? packed;
    const from = start % blockBytes;
    // The length is among what is compared.
    for (let at = 0; at < length; at += 1) if (block[from + at] !== packed[at]) return false;
    return true;
  }

  #spread(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#count; number += 1) {
      const name = this.#packed(number);
      let slot = hashOf(name, name.length) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

/** Packs a name into `packed`: one name always into the same bytes, two never. @returns how many */
function pack(name: string): number {
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  if (headBytes + 3 * name.length > packed.length) throw new RangeError('too long for a name');
  const isUuid = name.length === uuidChars;
  const digits = packDigits(name, isUuid);
  const isText = digits === 0;
  const length = isText
    ? headBytes + encoder.encodeInto(name, packed.subarray(headBytes)).written
    : digits;
  packed[0] = isText ? asText : isUuid ? asUuid : asHex;
  packed[1] = length & 0xff;
  packed[2] = length >> 8;
  return length;
}

function lengthOf(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1] ?? 0) | ((bytes[at + 2] ?? 0) << 8);
}

/** @returns bytes with the head; 0 for what is not lower-case hexadecimal, or no UUID */
function packDigits(name: string, isUuid: boolean): number {
  if (name.length === 0 || name.length % 2 !== 0) return 0;
  let bytes = headBytes;
  let high = -1;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (isUuid && dashesAt.has(at)) {
      if (code !== dash) return 0;
      continue;
    }
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (digit < 0) return 0;
    if (high < 0) high = digit;
    else {
      packed[bytes] = (high << 4) | digit;
      bytes += 1;
      high = -1;
    }
  }
  return bytes;
}

/** FNV-1a, its bits mixed once more, as only the lowest are used. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
