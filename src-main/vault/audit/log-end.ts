/** Where a log ends, when it is opened; nothing is modified here. */
import { decodeLine, genesis, type SegmentHead } from './segment';
import { scanSegment, type Scanned } from './scan-segment';

export interface SegmentEnd extends Scanned {
  readonly head: SegmentHead | null;
  /** Whether every line follows from the one before. */
  readonly sound: boolean;
  /** Hash of the last line up to which that is so. */
  readonly hash: string;
  /**
   * Greatest number that stands here, also behind a damage: the log goes on above it. A line that
   * cannot be read counts too, because it had a number.
   */
  readonly n: number;
  /** Latest time of a sound line; 0 where there is none. */
  readonly at: number;
  /** Lines after the head, readable or not. */
  readonly lines: number;
}

/** @throws AppError as `scanSegment` */
export async function endOfSegment(
  folder: string,
  number: number,
  before: { readonly n: number; readonly hash: string } = { n: 0, hash: genesis },
): Promise<SegmentEnd> {
  let head: SegmentHead | null = null;
  let sound = false;
  let { n, hash } = before;
  let at = 0;
  let lines = 0;
  const scanned = await scanSegment(folder, number, {
    head: (found, headHash) => {
      head = found;
      if (found) [sound, n, hash] = [true, found.firstN - 1, headHash];
      return true;
    },
    line: (bytes) => {
      lines += 1;
      const line = bytes && decodeLine(bytes);
      sound &&= line?.prev === hash && line.entry.n === n + 1;
      n = line ? Math.max(n, line.entry.n) : n + 1;
      if (!line || !sound) return;
      hash = line.hash;
      at = Math.max(at, line.entry.at);
    },
  });
  return { ...scanned, head, sound, hash, n, at, lines };
}

/**
 * The end of a log whose last segment may be damaged: then it goes on from the last line before, in a
 * new segment, with numbers that were never used.
 *
 * @param segments at least one
 * @throws AppError as `scanSegment`
 */
export async function endOfLog(folder: string, segments: readonly number[]): Promise<SegmentEnd> {
  // Back to one whose head says where it stands, then forward again.
  let from = segments.length - 1;
  let end = await endOfSegment(folder, segments[from] ?? 0);
  while (!end.head && from > 0) end = await endOfSegment(folder, segments[--from] ?? 0);
  while (++from < segments.length) {
    const { at } = end;
    end = await endOfSegment(folder, segments[from] ?? 0, end);
    end = { ...end, at: Math.max(at, end.at) };
  }
  if (end.lines > 0 || segments.length === 1) return end;
  // Nothing was written into it yet, so the clock was last looked at in the segment before.
  const { at } = await endOfSegment(folder, segments.at(-2) ?? 0);
  return { ...end, at: Math.max(at, end.at) };
}
