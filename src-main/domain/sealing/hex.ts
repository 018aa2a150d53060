/** Hexadecimal digits without Node's Buffer, quickly: a record's save turns a dozen ids into bytes. */

/** @param digits lower-case hexadecimal, an even number of them; checked by the caller */
export function bytesOfHex(digits: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.byteLength; at += 1)
    bytes[at] = (nibble(digits.charCodeAt(2 * at)) << 4) | nibble(digits.charCodeAt(2 * at + 1));
  return bytes;
}

/** Lower-case hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += pairs[byte] ?? '';
  return digits;
}

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
