/**
 * Many short names in few bytes, numbered from 0 in the order in which they came: the index of a journal has
 * four for each note, for as long as a vault is open. A string in a Map takes some 150 bytes there; here a
 * UUID takes 17, hexadecimal digits half their number, and each of both about 10 more to be found by.
 */
import { PackedNumbers } from './packed-numbers';

/** What the first byte of a packed name says of the others. */
const asText = 0;
const asUuid = 1;
const asHex = 2;

const uuidChars = 36;
const dashesAt: ReadonlySet<number> = new Set([8, 13, 18, 23]);
const dash = 45;

const encoder = new TextEncoder();
/** The name that is looked for, packed; used again for each. */
let packed = new Uint8Array(512);

export class PackedNames {
  #bytes = new Uint8Array(1024);
  /** Where each name ends in them. */
  readonly #ends = new PackedNumbers();
  /** By hash: 1 + number of a name; 0 where there is none. A power of two long, at most two thirds full. */
  #slots = new Uint32Array(64);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** @param name lone surrogates count as U+FFFD. @returns -1 where it is not there */
  numberOf(name: string): number {
    const length = pack(name);
    return (this.#slots[this.#slotOf(length)] ?? 0) - 1;
  }

  has(name: string): boolean {
    return this.numberOf(name) >= 0;
  }

  /** @returns the number of the name, which is a new one where it was not there */
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
    const start = this.#startOf(number);
    const body = this.#bytes.subarray(start + 1, this.#ends.at(number));
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const kind = this.#bytes[start];
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

  #startOf(number: number): number {
    return number === 0 ? 0 : this.#ends.at(number - 1);
  }

  #keep(number: number, length: number): void {
    const start = this.#startOf(number);
    if (start + length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(2 * this.#bytes.length, start + length));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    this.#bytes.set(packed.subarray(0, length), start);
    this.#ends.set(number, start + length);
  }

  /** Where the packed name stands among the slots, or would. */
  #slotOf(length: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(packed, 0, length) & mask;
    for (;;) {
      const known = this.#slots[slot] ?? 0;
      if (known === 0 || this.#isAt(known - 1, length)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(number: number, length: number): boolean {
    const start = this.#startOf(number);
    if (this.#ends.at(number) - start !== length) return false;
    for (let at = 0; at < length; at += 1) if (this.#bytes[start + at] !== packed[at]) return false;
    return true;
  }

  #spread(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#count; number += 1) {
      let slot = hashOf(this.#bytes, this.#startOf(number), this.#ends.at(number)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

/** Packs a name into `packed`: one name always into the same bytes, two never. @returns how many */
function pack(name: string): number {
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  const mostBytes = 1 + 3 * name.length;
  if (packed.length < mostBytes) packed = new Uint8Array(mostBytes);
  const isUuid = name.length === uuidChars;
  const digits = packDigits(name, isUuid);
  if (digits > 0) {
    packed[0] = isUuid ? asUuid : asHex;
    return digits;
  }
  packed[0] = asText;
  return 1 + encoder.encodeInto(name, packed.subarray(1)).written;
}

/** @returns bytes with the first one; 0 for what is not lower-case hexadecimal, or no UUID */
function packDigits(name: string, isUuid: boolean): number {
  if (name.length === 0 || name.length % 2 !== 0) return 0;
  let bytes = 1;
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
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
