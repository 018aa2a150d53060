/**
 * UTF-16 without a byte order mark, recognised by what its code units would be.
 *
 * Clinical Chinese in the right order is nearly all common CJK, CJK punctuation, full-width forms
 * and ASCII. GB18030 read as UTF-16 falls into Hangul, Yi and private use; the wrong byte order
 * scatters. Pure ASCII read as UTF-16 looks like CJK, so valid UTF-8 must have been ruled out before.
 */

/** Part of all code units that must be plausible. */
const plausiblePart = 0.9;

interface Tally {
  plausible: number;
  /** ASCII and CJK punctuation: only the right order has them side by side with CJK. */
  telling: number;
}

function tally(buffer: Buffer, high: 0 | 1): Tally {
  const result: Tally = { plausible: 0, telling: 0 };
  for (let i = 0; i + 1 < buffer.length; i += 2) {
    const unit = ((buffer[i + high] as number) << 8) | (buffer[i + 1 - high] as number);
    const isAscii = (unit >= 0x20 && unit < 0x7f) || (unit >= 0x09 && unit <= 0x0d);
    const isForm = (unit >= 0x3000 && unit < 0x3040) || (unit >= 0xff01 && unit <= 0xff65);
    const isCjk = unit >= 0x4e00 && unit <= 0x9fff;
    if (isAscii || isForm) result.telling++;
    if (isAscii || isForm || isCjk) result.plausible++;
  }
  return result;
}

/** The byte order in which the bytes are plausible UTF-16 text, or null. */
export function guessUtf16(buffer: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (buffer.length % 2 !== 0 || buffer.length < 4) return null;
  const little = tally(buffer, 1);
  const big = tally(buffer, 0);
  const needed = (buffer.length / 2) * plausiblePart;
  const littleFits = little.plausible >= needed;
  const bigFits = big.plausible >= needed;
  if (littleFits && bigFits) {
    if (little.telling !== big.telling)
      return little.telling > big.telling ? 'utf-16le' : 'utf-16be';
    return little.plausible >= big.plausible ? 'utf-16le' : 'utf-16be';
  }
  if (littleFits) return 'utf-16le';
  return bigFits ? 'utf-16be' : null;
}
