/**
 * Line breaks that a page made, not a writer: the text layer of a PDF breaks lines where they are full,
 * also within a word (慢性胃⏎癌). Such a break is passed over in what a model copies.
 *
 * A full line is about as wide as the widest one, and wide enough that its end can be told from that of
 * a short entry; the break stands between two Han characters; and no section begins behind it.
 */
import { isCrLf, isHan, isLineEnd, type SourceText } from './source-text';

/** Columns of the narrowest page; a Han character takes two. */
const narrowest = 40;
/** Columns that a full line may lack: one character that did not fit, and a mark that may not begin a line. */
const slack = 4;

/**
 * @param borders code points at which sections begin
 * @returns the code points of such breaks, all of them where a break has two (CR LF)
 */
export function wrappedBreaks(source: SourceText, borders: readonly number[]): ReadonlySet<number> {
  const { chars } = source;
  const begins = new Set(borders);
  const lines: { readonly start: number; readonly end: number; readonly width: number }[] = [];
  let [start, width] = [0, 0];
  for (let at = 0; at <= chars.length; at++) {
    if (at < chars.length && !isLineEnd(source, at)) {
      width += (chars[at] as string) < '\u0080' ? 1 : 2;
      continue;
    }
    lines.push({ start, end: at, width });
    [start, width] = [at + 1, 0];
  }
  // Not as arguments of one call: a record may have more lines than that takes.
  const widest = lines.reduce((most, line) => Math.max(most, line.width), 0);
  const full = Math.max(narrowest, widest - slack);
  const breaks = new Set<number>();
  lines.forEach((line, index) => {
    // Between CR and LF there is a line of nothing.
    const isPair = isCrLf(source, line.end);
    const next = lines[index + (isPair ? 2 : 1)];
    if (!next || line.width < full || begins.has(next.start)) return;
    if (!isHan(chars[line.end - 1]) || !isHan(chars[next.start])) return;
    breaks.add(line.end);
    if (isPair) breaks.add(line.end + 1);
  });
  return breaks;
}
