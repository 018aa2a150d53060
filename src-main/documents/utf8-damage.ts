/** Tells UTF-8 with a few broken bytes from text in another encoding. */

/** Fewest whole sequences of three or four bytes that speak for UTF-8. */
const fewestWhole = 4;
/** Whole sequences needed for each broken byte. */
const wholePerBroken = 20;

/**
 * Whether the bytes are UTF-8 apart from rare damage (a cut end, a flipped bit). In GB18030 a run of
 * bytes that happens to form UTF-8's three-byte pattern is rare, so 20 whole ones for each broken
 * byte do not happen by chance.
 */
export function damagedUtf8(buffer: Buffer): boolean {
  let whole = 0;
  let broken = 0;
  for (let i = 0; i < buffer.length;) {
    const lead = buffer[i] as number;
    const length =
      lead < 0x80
        ? 1
        : lead >= 0xc2 && lead < 0xe0
          ? 2
          : lead >= 0xe0 && lead < 0xf0
            ? 3
            : lead >= 0xf0 && lead < 0xf5
              ? 4
              : 0;
    let tail = 1;
    while (tail < length && ((buffer[i + tail] ?? 0) & 0xc0) === 0x80) tail++;
    if (length === 0 || tail < length) {
      broken++;
      // A character cut in two is one damage, however many of its bytes are left.
      i += Math.max(1, tail);
    } else {
      if (length >= 3) whole++;
      i += length;
    }
  }
  return broken > 0 && whole >= fewestWhole && (broken === 1 || whole >= broken * wholePerBroken);
}
