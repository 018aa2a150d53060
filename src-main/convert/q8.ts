/** ggml's Q8_0: blocks of 32 values, one half-precision scale and 32 signed bytes (ggml-quants.c). */
import { halfBits } from './half';

const block = 32;

/**
 * @param values a multiple of 32 of them, in rows that are
 * @throws RangeError where they are not
 */
export function toQ8Bytes(values: Float32Array): Uint8Array {
  if (values.length % block !== 0) throw new RangeError('Q8_0 needs a multiple of 32 values');
  const bytes = Buffer.alloc((values.length / block) * (2 + block));
  for (let from = 0, at = 0; from < values.length; from += block) {
    let largest = 0;
    for (let i = from; i < from + block; i++) {
      largest = Math.max(largest, Math.abs(values[i] as number));
    }
    // As ggml does, values are divided by the scale before it is rounded to half precision.
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    at = bytes.writeUInt16LE(halfBits(scale), at);
    for (let i = from; i < from + block; i++) {
      at = bytes.writeInt8(roundAwayFromZero(Math.fround((values[i] as number) * inverse)), at);
    }
  }
  return bytes;
}

/** C's roundf. */
function roundAwayFromZero(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}
