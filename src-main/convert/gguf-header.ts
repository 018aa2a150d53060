/** The typed key-value part of a GGUF file, encoded little-endian. */

/** A metadata value with its type spelled out, because 1 may be a u32, an i32 or an f32. */
export type GgufValue =
  | { readonly u32: number }
  | { readonly i32: number }
  | { readonly u64: number }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly f32s: readonly number[] }
  | { readonly i32s: readonly number[] };

/** GGUF's numbers of value types. */
const types = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, u64: 10 } as const;

/** Bytes that grow. */
export class GgufHeader {
  #buffer = Buffer.alloc(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#buffer.subarray(0, this.#length));
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** @throws RangeError when the value does not fit */
  u32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeUInt32LE(value, at);
  }

  u64(value: number): void {
    const at = this.#grow(8);
    this.#buffer.writeBigUInt64LE(BigInt(value), at);
  }

  string(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  entry(key: string, value: GgufValue): void {
    this.string(key);
    if ('u32' in value) {
      this.u32(types.u32);
      this.u32(value.u32);
    } else if ('i32' in value) {
      this.u32(types.i32);
      this.#i32(value.i32);
    } else if ('u64' in value) {
      this.u32(types.u64);
      this.u64(value.u64);
    } else if ('f32' in value) {
      this.u32(types.f32);
      this.#f32(value.f32);
    } else if ('bool' in value) {
      this.u32(types.bool);
      this.bytes(Uint8Array.of(value.bool ? 1 : 0));
    } else if ('string' in value) {
      this.u32(types.string);
      this.string(value.string);
    } else if ('strings' in value) {
      this.#array(types.string, value.strings, (item) => this.string(item));
    } else if ('f32s' in value) {
      this.#array(types.f32, value.f32s, (item) => this.#f32(item));
    } else {
      this.#array(types.i32, value.i32s, (item) => this.#i32(item));
    }
  }

  #array<T>(type: number, items: readonly T[], write: (item: T) => void): void {
    this.u32(types.array);
    this.u32(type);
    this.u64(items.length);
    for (const item of items) write(item);
  }

  #i32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeInt32LE(value, at);
  }

  #f32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeFloatLE(value, at);
  }

  /** Makes room and returns where it begins. */
  #grow(count: number): number {
    const at = this.#length;
    if (at + count > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, at + count));
      this.#buffer.copy(larger);
      this.#buffer = larger;
    }
    this.#length = at + count;
    return at;
  }
}
