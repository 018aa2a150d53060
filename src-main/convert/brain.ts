/** bfloat16, the upper half of a float32, which Node 20 has no type for. */

const view = new DataView(new ArrayBuffer(4));

/** The value that bfloat16 bits stand for. */
export function brainValue(bits: number): number {
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

/** Bits of the nearest bfloat16, ties to even; NaN stays one. */
export function brainBits(value: number): number {
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
