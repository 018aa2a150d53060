/** A sheet says only after its rows which cells are merged, so it is gone through for that first. */
import type { MergedRange } from '../table/table-row';
import { unsafe, type BoundedZip } from '../zip/bounded-zip';
import { rangeOf } from './cell-place';
import { XmlDecoder } from './read-xml';

const maxRanges = 200_000;
/** Longer than any tag that is looked for. */
const overlap = 256;
const mergeTag = /<(?:\w+:)?mergeCell\s[^<>]*?ref\s*=\s*["']([A-Z0-9$:]+)["']/g;

/** @param limit bytes, unpacked @throws AppError */
export async function mergedRanges(
  zip: BoundedZip,
  part: string,
  limit: number,
): Promise<MergedRange[]> {
  const decoder = new XmlDecoder();
  const found: MergedRange[] = [];
  let kept = '';
  for await (const piece of zip.stream(part, limit)) {
    const text = kept + decoder.decode(piece);
    let end = 0;
    if (text.includes('mergeCell')) {
      for (const match of text.matchAll(mergeTag)) {
        const range = rangeOf(match[1] ?? '');
        if (range) found.push(range);
        end = match.index + match[0].length;
      }
      if (found.length > maxRanges) throw unsafe('entries');
    }
    kept = text.slice(Math.max(end, text.length - overlap));
  }
  return found;
}
