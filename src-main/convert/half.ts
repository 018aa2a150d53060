/** IEEE 754 half precision, which GGUF stores and Node 20 has no type for. */

const view = new DataView(new ArrayBuffer(4));

/** Bits of the nearest half (ties to even); beyond 65504 it is infinity. */
export function halfBits(value: number): number {
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const shifted = exponent - 127 + 15;
  if (shifted >= 31) return sign | 0x7c00;
  if (shifted > 0) return sign | roundToEven((shifted << 23) | mantissa, 13);
  // Subnormal: the implicit one becomes explicit and moves right; below half the smallest it is 0.
  const shift = 14 - shifted;
  return shift > 24 ? sign : sign | roundToEven(mantissa | 0x800000, shift);
}

/** Drops `shift` low bits, rounding to nearest even; a carry into the exponent is right as it is. */
function roundToEven(bits: number, shift: number): number {
  const kept = Math.floor(bits / 2 ** shift);
  const rest = bits - kept * 2 ** shift;
  const half = 2 ** (shift - 1);
  return rest > half || (rest === half && kept % 2 === 1) ? kept + 1 : kept;
}

/** The value that half-precision bits stand for. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa ? NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Little-endian half-precision bytes of the values. */
export function toHalfBytes(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * 2);
  for (let i = 0; i < values.length; i++) bytes.writeUInt16LE(halfBits(values[i] as number), i * 2);
  return bytes;
}
