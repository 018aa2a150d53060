/**
 * A record's signature: which characters and pairs of characters its folded text may hold, as a Bloom
 * filter (Bloom 1970). It says 'surely not' or 'perhaps'; the text itself decides. It tells much of the
 * text, so it is sealed like the text.
 *
 * Byte 0 is the version of signature and folding; then the bits, a power of two of them. Each item sets
 * three bits. It is made too large and folded in half while it stays less than half full, so it is about
 * as large as it has to be: 1 or 2 KB for a note of 1,700 characters, and never more than 32 KB.
 */
import { foldUnits } from './fold';

/** To be raised whenever a text folds or hashes to something else: signatures are then made anew. */
export const signatureVersion = 1;

const smallestLog2 = 9;
const largestLog2 = 18;
export const maxSignatureBytes = 1 + (1 << (largestLog2 - 3));
const space = 0x20;

/** The items of a query as the hashes that every record is asked about. */
export type QueryItems = Uint32Array;

/**
 * @param texts title and text; nothing is found across them
 */
export function signatureOf(texts: readonly string[]): Uint8Array<ArrayBuffer> {
  const folded = texts.map(foldUnits);
  const length = folded.reduce((sum, units) => sum + units.length, 0);
  let log2 = smallestLog2;
  while (log2 < largestLog2 && 1 << log2 < 8 * length) log2 += 1;
  let bits = new Uint8Array(1 << (log2 - 3));
  for (const units of folded) setItems(bits, units);
  while (bits.length > 1 << (smallestLog2 - 3)) {
    const half = halved(bits);
    if (bitsSet(half) > half.length * 4) break;
    bits = half;
  }
  const signature = new Uint8Array(1 + bits.length);
  signature[0] = signatureVersion;
  signature.set(bits, 1);
  return signature;
}

/** The bits of a signature; null for one of another version, or none. */
export function bitsOf(signature: Uint8Array): Uint8Array | null {
  const bits = signature.subarray(1);
  const isSized = bits.length >= 1 << (smallestLog2 - 3) && bits.length <= 1 << (largestLog2 - 3);
  const isPower = (bits.length & (bits.length - 1)) === 0;
  return signature[0] === signatureVersion && isSized && isPower ? bits : null;
}

/** @param terms folded, without spaces */
export function itemsOf(terms: readonly string[]): QueryItems {
  const items = new Set<number>();
  for (const term of terms) {
    if (term.length === 1) items.add(itemOf(term.charCodeAt(0), 0));
    for (let at = 0; at + 1 < term.length; at += 1) {
      items.add(itemOf(term.charCodeAt(at), term.charCodeAt(at + 1)));
    }
  }
  return Uint32Array.from(items);
}

/**
 * Whether the text may hold all items. False is certain.
 *
 * @param bits holds them from `at` on, `bytes` long, a power of two
 */
export function mayHold(bits: Uint8Array, at: number, bytes: number, items: QueryItems): boolean {
  const mask = 8 * bytes - 1;
  for (const item of items) {
    let hash = hashOf(item);
    const step = stepOf(hash);
    for (let each = 0; each < 3; each += 1, hash = (hash + step) | 0) {
      const bit = hash & mask;
      if (((bits[at + (bit >>> 3)] ?? 0) & (1 << (bit & 7))) === 0) return false;
    }
  }
  return true;
}

function setItems(bits: Uint8Array, units: Uint16Array): void {
  const mask = 8 * bits.length - 1;
  let before = space;
  for (const unit of units) {
    if (unit !== space) {
      setItem(bits, mask, itemOf(unit, 0));
      if (before !== space) setItem(bits, mask, itemOf(before, unit));
    }
    before = unit;
  }
}

function setItem(bits: Uint8Array, mask: number, item: number): void {
  let hash = hashOf(item);
  const step = stepOf(hash);
  for (let each = 0; each < 3; each += 1, hash = (hash + step) | 0) {
    const at = (hash & mask) >>> 3;
    bits[at] = (bits[at] ?? 0) | (1 << (hash & 7));
  }
}

/** A pair of units; a single one stands before NUL, which no folded text holds. */
function itemOf(first: number, second: number): number {
  return ((first << 16) | second) >>> 0;
}

/** The finalizer of MurmurHash3: every bit of the item tells on every bit of the hash. */
function hashOf(item: number): number {
  let hash = item;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Odd, so that it reaches every bit. */
function stepOf(hash: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 13) | 1;
}

function halved(bits: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(bits.buffer);
  const half = new Uint32Array(words.length / 2);
  for (let at = 0; at < half.length; at += 1) {
    half[at] = (words[at] ?? 0) | (words[at + half.length] ?? 0);
  }
  return new Uint8Array(half.buffer);
}

function bitsSet(bits: Uint8Array): number {
  let count = 0;
  for (const word of new Uint32Array(bits.buffer, bits.byteOffset, bits.length / 4)) {
    let left = word - ((word >>> 1) & 0x55555555);
    left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
    count += Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
